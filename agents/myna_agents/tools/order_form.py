"""A form as a tool: what it asks for, and where it goes once the customer has filled it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myna_agents.tools.http_action import http_action
from myna_agents.tools.tool import Caller, Form, Tool, ToolFailed, ToolSpec
from myna_agents.tools.toolbox import check_spec

MAX_TEXT_CHARS = 1_000
"""Of a text field that sets no length of its own."""


@dataclass(frozen=True, slots=True)
class PeoplesForm:
    """A form that operators get: the turn puts the conversation into the queue, so there is nothing to be asked of anybody."""

    spec: ToolSpec

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """Never done here.

        Raises:
            ToolFailed: always; the conversation has no queue.
        """
        failed = ToolFailed(f"{self.spec.name}: nobody is there to take it.")
        failed.temporary = False
        raise failed


def order_form(declared: Mapping[str, Any], http: Any, headers: Mapping[str, str]) -> Tool:
    """The tool of a declared form.

    Raises:
        Malformed: its name, fields or address are none.
    """
    url = str(declared.get("url") or "")
    fields = [_bounded(each) for each in declared["fields"]]
    form = Form(
        str(declared["title"]), str(declared["submit"]), fields, tuple(declared["words"]), to_people=not url
    )
    kept = {name: declared[name] for name in ("approve", "timeout_s", "retries") if name in declared}
    spec = check_spec(
        ToolSpec(
            declared["name"],
            f"{declared['description']} Shows the customer a form; they fill it in themselves.",
            schema_of(fields),
            effects=True,
            confirm=False,
            who=declared.get("who") or ("verified" if url else "anyone"),
            form=form,
            **kept,
        )
    )
    if not url:
        return PeoplesForm(spec)
    return http_action(spec, str(declared.get("method", "POST")), url, http, headers)


def schema_of(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON Schema of what is filled in; fields that are left empty are left out."""
    return {
        "type": "object",
        "properties": {each["name"]: _kind(each) for each in fields},
        "required": [each["name"] for each in fields if each.get("required")],
        "additionalProperties": False,
    }


def _kind(field: Mapping[str, Any]) -> dict[str, Any]:
    match field["kind"]:
        case "number":
            bounds = {"minimum": field.get("min"), "maximum": field.get("max")}
            return {"type": "number", **{name: value for name, value in bounds.items() if value is not None}}
        case "bool":
            return {"type": "boolean"}
        case "choice":
            return {"type": "string", "enum": list(field["options"])}
        case "date":
            return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
        case _:
            return {"type": "string", "maxLength": field["max_length"]}


def _bounded(field: Mapping[str, Any]) -> dict[str, Any]:
    """The field without what it leaves open; texts have an end."""
    made = {name: value for name, value in field.items() if value not in (None, "", [], False)}
    if made.get("kind", "text") == "text":
        made["max_length"] = made.get("max_length") or MAX_TEXT_CHARS
    return {"kind": "text", **made}
