"""An OpenAPI description (3.0, 3.1 or Swagger 2) as Markdown: one section per operation, so that questions about it are answered
with the operation that they are about."""

import json
from collections.abc import Iterator
from typing import Any, cast

from myna_knowledge.imports.opening import Object, mapping, rows_of, text_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_DEPTH = 4
"""How far schemas within schemas are told."""
MAX_FIELDS = 200


def parsed(content: bytes) -> Object | None:
    """The description in a JSON or YAML file; None when it is none."""
    if b"openapi" not in content[:65_536] and b"swagger" not in content[:65_536]:
        return None
    try:
        found: Any = json.loads(content)
    except ValueError:
        import yaml

        try:
            found = yaml.load(content, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, RecursionError):
            return None
    if not isinstance(found, dict):
        return None
    value = cast("dict[str, Any]", found)
    return (
        value if ("openapi" in value or "swagger" in value) and isinstance(value.get("paths"), dict) else None
    )


def markdown(spec: Object) -> str:
    """The whole description as a Markdown text."""
    info = mapping(spec.get("info"))
    lines = [f"# {text_of(info.get('title')) or 'API'}", "", text_of(info.get("description")), ""]
    servers = [text_of(each.get("url")) for each in rows_of(spec.get("servers"))]
    if servers:
        lines += [f"Servers: {', '.join(servers)}", ""]
    for path, told in mapping(spec["paths"]).items():
        item = _resolved(spec, told)
        for method in METHODS:
            if method in item:
                lines += _operation(
                    spec, str(path), method, mapping(item[method]), rows_of(item.get("parameters"))
                )
    return "\n".join(lines) + "\n"


def _operation(spec: Object, path: str, method: str, told: Object, shared: list[Object]) -> list[str]:
    summary = text_of(told.get("summary"))
    lines = [f"## {method.upper()} {path}{f': {summary}' if summary else ''}", ""]
    if told.get("deprecated"):
        lines += ["Deprecated.", ""]
    lines += [text_of(told.get("description")), ""]
    parameters = [_resolved(spec, each) for each in [*shared, *rows_of(told.get("parameters"))]]
    if parameters:
        lines += ["Parameters:", ""]
        for each in parameters:
            schema = _resolved(spec, each.get("schema") or each)
            lines.append(
                _field(
                    text_of(each.get("name")),
                    schema,
                    bool(each.get("required")),
                    f"in {text_of(each.get('in'))}",
                    text_of(each.get("description")),
                )
            )
        lines.append("")
    body = _resolved(spec, told.get("requestBody"))
    for media, content in mapping(body.get("content")).items():
        lines += [f"Request body ({media}): {text_of(body.get('description'))}".rstrip(), ""]
        lines += [*_fields(spec, mapping(content).get("schema")), ""]
    for status, each in mapping(told.get("responses")).items():
        answer = _resolved(spec, each)
        lines += [f"Response {status}: {text_of(answer.get('description'))}", ""]
        for content in mapping(answer.get("content")).values():
            lines += [*_fields(spec, mapping(content).get("schema")), ""]
            break
    return lines


def _fields(spec: Object, schema: Any, depth: int = 0) -> list[str]:
    found = list(_walk(spec, schema, depth))
    return found if len(found) <= MAX_FIELDS else [*found[:MAX_FIELDS], f"- … {len(found) - MAX_FIELDS} more"]


def _walk(spec: Object, schema: Any, depth: int) -> Iterator[str]:
    value = _resolved(spec, schema)
    if value.get("type") == "array" or "items" in value:
        value = _resolved(spec, value.get("items"))
    parts = [
        value,
        *(_resolved(spec, each) for key in ("allOf", "oneOf", "anyOf") for each in rows_of(value.get(key))),
    ]
    for part in parts:
        required = part.get("required")
        needed = set(cast("list[str]", required)) if isinstance(required, list) else set[str]()
        for name, each in mapping(part.get("properties")).items():
            inner = _resolved(spec, each)
            yield "  " * depth + _field(
                str(name), inner, name in needed, "", text_of(inner.get("description"))
            )
            if depth + 1 < MAX_DEPTH:
                yield from _walk(spec, inner, depth + 1)


def _field(name: str, schema: Object, required: bool, where: str, told: str) -> str:
    kind = schema.get("type")
    marks = [
        ", ".join(map(str, cast("list[object]", kind))) if isinstance(kind, list) else text_of(kind),
        where,
    ]
    if required:
        marks.append("required")
    if isinstance(schema.get("enum"), list):
        marks.append("one of " + ", ".join(map(str, cast("list[object]", schema["enum"]))))
    if schema.get("default") is not None:
        marks.append(f"default {schema['default']}")
    shown = ", ".join(mark for mark in marks if mark)
    return f"- `{name}`{f' ({shown})' if shown else ''}{f': {told}' if told else ''}"


def _resolved(spec: Object, value: Any) -> Object:
    """What a reference points at, within the same file."""
    found = mapping(value)
    for _ in range(10):
        target = found.get("$ref")
        if not isinstance(target, str) or not target.startswith("#/"):
            return found
        at: Any = spec
        for step in target[2:].split("/"):
            at = mapping(at).get(step.replace("~1", "/").replace("~0", "~"))
        found = mapping(at)
    return {}
