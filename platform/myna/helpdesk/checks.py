"""What teams write: names, texts, macros and their steps, each checked."""

import re
from collections.abc import Mapping
from typing import Any, cast

from myna.errors import Malformed
from myna.helpdesk.model import (
    ItemKind,
)
from myna.model.workspace import User

MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 10_000
MAX_STEPS = 20
ACTIONS = ("reply", "label", "unlabel", "resolve", "queue")
"""What a macro can do, in the order in which its author wrote it."""


def filled(text: str, customer: User | None, operator: User | None) -> str:
    """A macro's reply with `{{customer.name}}` and `{{operator.name}}` filled in; what is unknown is left out."""
    values = {
        "customer.name": customer.name if customer else "",
        "operator.name": operator.name if operator else "",
    }
    return re.sub(r"\{\{\s*([a-z.]+)\s*\}\}", lambda found: values.get(found[1], ""), text)


def checked(kind: ItemKind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an item as it is stored; Malformed says what is wrong with it."""
    match kind:
        case ItemKind.LABEL:
            colour = str(body.get("color", "#888888"))
            if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
                raise Malformed(f"color is {colour!r}; use #rrggbb.")
            return {"color": colour.lower()}
        case ItemKind.MACRO:
            given = body.get("steps")
            steps = cast("list[object]", given) if isinstance(given, list) else []
            if not 1 <= len(steps) <= MAX_STEPS:
                raise Malformed(f"A macro has 1 to {MAX_STEPS} steps.")
            return {"steps": [_step(each) for each in steps]}


def _step(step: object) -> dict[str, str]:
    given = cast("Mapping[str, object]", step) if isinstance(step, Mapping) else dict[str, object]()
    action = str(given.get("do", ""))
    if action not in ACTIONS:
        raise Malformed(f"A macro's step does one of {', '.join(ACTIONS)}, not {action!r}.")
    if action == "reply":
        return {"do": action, "text": _text(str(given.get("text", "")))}
    if action in {"label", "unlabel"}:
        label = str(given.get("label", ""))
        if not label.isdecimal():
            raise Malformed(f"Step {action!r} needs the id of a label.")
        return {"do": action, "label": label}
    return {"do": action}


def checked_name(name: str) -> str:
    """A name without blanks around it; Malformed when it is empty or too long."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Malformed(f"A name has 1 to {MAX_NAME_CHARS} printable characters.")
    return name


def _text(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT_CHARS or "\x00" in text:
        raise Malformed(f"A text has 1 to {MAX_TEXT_CHARS} characters, without NUL.")
    return text
