"""The smallest request that a route's own schema calls well-formed."""

from collections.abc import Mapping
from typing import Any

_WORDS = "abcdefghijklmnopqrstuvwxyz"


def example_of(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A value of a JSON schema: its example if it gives one, otherwise the required parts only."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return example_of(found, document)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example_of(schema[key][0], document)
    return _of_type(schema, document)


def _of_type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {name: example_of(schema["properties"][name], document) for name in required}
        case "array":
            return [example_of(schema["items"], document)] * int(schema.get("minItems", 0))
        case "integer" | "number":
            return schema.get("minimum", int(schema.get("exclusiveMinimum", 0)) + 1)
        case "boolean":
            return True
        case "string":
            return _text(schema)
        case _:
            return None


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "2031-01-01T00:00:00Z"
    return (_WORDS * 10)[: max(int(schema.get("minLength", 0)), 4)]
