"""What a bot's message is made of: cards, buttons, forms. Values that become the JSON of docs/bots/messages.md."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Button:
    """Tells the bot `action` with `value`, or opens a page (`url`)."""

    label: str
    action: str | None = None
    value: str = ""
    url: str | None = None
    style: Literal["plain", "primary", "danger"] = "plain"

    def json(self) -> dict[str, Any]:
        """As it goes over the wire."""
        made: dict[str, Any] = {"label": self.label}
        if self.action is not None:
            made["action"] = self.action
        if self.value:
            made["value"] = self.value
        if self.url is not None:
            made["url"] = self.url
        if self.style != "plain":
            made["style"] = self.style
        return made


Buttons = Sequence["Button | Sequence[Button]"]
"""Each button on a row of its own, or rows of several."""


def rows(buttons: Buttons) -> list[list[dict[str, Any]]]:
    """Buttons in rows."""
    return [[each.json()] if isinstance(each, Button) else [one.json() for one in each] for each in buttons]


@dataclass(frozen=True, slots=True)
class Card:
    """A block with a title, text, an image and facts, and buttons under it."""

    title: str | None = None
    text: str | None = None
    image: str | None = None
    fields: Sequence[tuple[str, str]] = ()
    buttons: Buttons = ()

    def json(self) -> dict[str, Any]:
        """The parts of the message."""
        card: dict[str, Any] = {
            name: value
            for name, value in (("title", self.title), ("text", self.text), ("image", self.image))
            if value
        }
        if self.fields:
            card["fields"] = [{"label": label, "value": value} for label, value in self.fields]
        made: dict[str, Any] = {"card": card}
        if self.buttons:
            made["buttons"] = rows(self.buttons)
        return made


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that a bot found: what is shown to choose from, and the message that whoever asked sends by choosing it."""

    title: str
    text: str
    description: str = ""
    card: Card | None = None
    id: str = ""
    """Names it in the event `inline.chosen`; its number among the results, when it is empty."""

    def json(self, id_: str) -> dict[str, Any]:
        """As it goes over the wire."""
        made = {"id": self.id or id_, "title": self.title, "text": self.text, "description": self.description}
        return made | ({} if self.card is None else self.card.json())


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form; use `Text`, `Number`, `Choice`, `YesNo` and `Date`."""

    label: str = ""
    required: bool = False

    kind = "text"

    def json(self, name: str) -> dict[str, Any]:
        """As it goes over the wire."""
        made: dict[str, Any] = {
            "name": name,
            "kind": self.kind,
            "label": self.label or name.replace("_", " "),
        }
        if self.required:
            made["required"] = True
        return made


@dataclass(frozen=True, slots=True)
class Text(Input):
    """A line, or several."""

    max_length: int | None = None
    multiline: bool = False
    placeholder: str = ""

    def json(self, name: str) -> dict[str, Any]:
        """As it goes over the wire."""
        made = Input.json(self, name)
        if self.max_length is not None:
            made["max_length"] = self.max_length
        if self.multiline:
            made["multiline"] = True
        if self.placeholder:
            made["placeholder"] = self.placeholder
        return made


@dataclass(frozen=True, slots=True)
class Number(Input):
    """A number."""

    min: float | None = None
    max: float | None = None
    kind = "number"

    def json(self, name: str) -> dict[str, Any]:
        """As it goes over the wire."""
        bounds = {key: value for key, value in (("min", self.min), ("max", self.max)) if value is not None}
        return Input.json(self, name) | bounds


@dataclass(frozen=True, slots=True)
class Choice(Input):
    """One of several."""

    options: Sequence[str] = ()
    kind = "choice"

    def json(self, name: str) -> dict[str, Any]:
        """As it goes over the wire."""
        return Input.json(self, name) | {"options": list(self.options)}


@dataclass(frozen=True, slots=True)
class YesNo(Input):
    """Yes or no."""

    kind = "bool"


@dataclass(frozen=True, slots=True)
class Date(Input):
    """A day, given as YYYY-MM-DD."""

    kind = "date"


@dataclass(frozen=True, slots=True)
class Form:
    """A form: `Form("Refund", reason=Text(required=True))`."""

    title: str
    inputs: dict[str, Input] = field(default_factory=dict[str, Input])
    submit: str = "Send"

    def __init__(self, title: str, *, submit: str = "Send", **inputs: Input) -> None:
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "submit", submit)
        object.__setattr__(self, "inputs", inputs)

    def json(self, id_: str, user: str | None) -> dict[str, Any]:
        """The parts of the message; only `user` may send it."""
        fields = [each.json(name) for name, each in self.inputs.items()]
        form: dict[str, Any] = {"id": id_, "title": self.title, "submit": self.submit, "fields": fields}
        if user is not None:
            form["user"] = user
        return {"form": form}


class Filled:
    """What was written into a form; each field as an attribute, empty ones are None."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"The form has no field {name!r}.") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __repr__(self) -> str:
        return f"Filled({self._values!r})"
