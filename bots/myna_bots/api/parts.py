"""What a bot's message may carry beside its text: a card, buttons, a form, formatting. Checked here, at the edge.

Shapes are documented in docs/bots/messages.md. What a card or form says is also put into the text when the bot gave none, since
the text is what is judged, searched, read aloud, and shown by clients that know no cards.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from myna.errors import Malformed

MAX_BUTTONS = 100
MAX_ROWS = 20
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Words = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$")]
Link = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00]+$")]


class Part(BaseModel):
    """A part; unknown fields are refused, so that a typo is found at once."""

    model_config = ConfigDict(extra="forbid")


class ButtonPart(Part):
    """A button: it tells the bot (`action`, with `value`) or opens a page (`url`)."""

    label: Line
    action: Name | None = None
    value: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")] = ""
    url: Link | None = None
    style: Literal["plain", "primary", "danger"] = "plain"

    @model_validator(mode="after")
    def _one_purpose(self) -> Self:
        if (self.action is None) == (self.url is None):
            raise ValueError("a button has either action or url")
        return self


class FieldPart(Part):
    """A line of a card: what it is, and its value."""

    label: Line
    value: Words


class CardPart(Part):
    """A block with a title, text, an image and facts."""

    title: Line | None = None
    text: Words | None = None
    image: Link | None = None
    fields: Annotated[list[FieldPart], Field(max_length=25)] = []

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not (self.title or self.text or self.image or self.fields):
            raise ValueError("a card needs a title, text, image or fields")
        return self


class InputPart(Part):
    """One field of a form."""

    name: Name
    kind: Literal["text", "number", "choice", "bool", "date"] = "text"
    label: Line
    required: bool = False
    multiline: bool = False
    placeholder: Annotated[str, StringConstraints(max_length=200)] = ""
    max_length: Annotated[int, Field(ge=1, le=4000)] | None = None
    min: float | None = None
    max: float | None = None
    options: Annotated[list[Line], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _options_for_a_choice(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("options belong to a choice, and a choice needs them")
        return self


class FormPart(Part):
    """A form that members fill in. `id` is given back with what they wrote."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    title: Line
    submit: Line = "Send"
    fields: Annotated[list[InputPart], Field(min_length=1, max_length=25)]
    user: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")] | None = None
    """Only this user may send it; everybody when it is left out."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        return self


class Parts(Part):
    """Everything that may come with a text."""

    card: CardPart | None = None
    buttons: Annotated[
        list[Annotated[list[ButtonPart], Field(min_length=1, max_length=8)]], Field(max_length=MAX_ROWS)
    ] = []
    form: FormPart | None = None

    def body(self) -> dict[str, Any]:
        """As it is stored with the message; what is empty is left out."""
        made: dict[str, Any] = {}
        if self.card is not None:
            made["card"] = self.card.model_dump(exclude_defaults=True)
        if self.buttons:
            made["buttons"] = [
                [each.model_dump(exclude_defaults=True) for each in row] for row in self.buttons
            ]
        if self.form is not None:
            made["form"] = self.form.model_dump(exclude_defaults=True) | {
                "fields": [
                    {"kind": each.kind, **each.model_dump(exclude_defaults=True)} for each in self.form.fields
                ]
            }
        return made

    def spoken(self) -> str:
        """What the parts say, as plain text."""
        lines: list[str] = []
        if self.card is not None:
            lines += [each for each in (self.card.title, self.card.text) if each]
            lines += [f"{each.label}: {each.value}" for each in self.card.fields]
            if not lines and self.card.image:
                lines.append(self.card.image)
        if self.form is not None:
            lines.append(self.form.title)
        return "\n".join(lines)


def find_button(body: Mapping[str, Any], action: str, value: str) -> Mapping[str, Any]:
    """The button of a message.

    Raises:
        Malformed: the message has no such button, so nobody can make a bot believe that it did.
    """
    rows: Sequence[Sequence[Mapping[str, Any]]] = body.get("buttons", [])
    for row in rows:
        for button in row:
            if button.get("action") == action and button.get("value", "") == value:
                return button
    raise Malformed(f"This message has no button {action!r} with this value.", code="no_such_button")


def checked_form(form: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was written into a form, by field.

    Raises:
        Malformed: with `fields`, each wrong field's name and what is wrong with it.
    """
    made: dict[str, Any] = {}
    wrong: list[dict[str, str]] = []
    inputs = [InputPart.model_validate(each) for each in form["fields"]]
    unknown = values.keys() - {each.name for each in inputs}
    wrong += [{"name": name, "message": "There is no such field."} for name in sorted(unknown)[:25]]
    for each in inputs:
        try:
            made[each.name] = _value(each, values.get(each.name))
        except ValueError as failed:
            wrong.append({"name": each.name, "message": str(failed)})
    if wrong:
        raise Malformed("Some fields are not right.", code="form_invalid", extra={"fields": wrong})
    return made


def _value(field: InputPart, value: Any) -> Any:
    if value is None or value == "":
        if field.required:
            raise ValueError("Fill this in.")
        return None
    match field.kind:
        case "number":
            return _number(field, value)
        case "bool":
            if not isinstance(value, bool):
                raise ValueError("Say yes or no.")
            return value
        case "choice":
            if value not in field.options:
                raise ValueError("Choose one of the options.")
            return value
        case "date":
            return _date(value)
        case "text":
            most = field.max_length or 4000
            if not isinstance(value, str) or "\x00" in value:
                raise ValueError("Write a text.")
            if len(value) > most:
                raise ValueError(f"At most {most} characters.")
            return value


def _date(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (ValueError, TypeError):
        raise ValueError("Give a date as YYYY-MM-DD.") from None


def _number(field: InputPart, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Give a number.")
    if field.min is not None and value < field.min:
        raise ValueError(f"At least {field.min:g}.")
    if field.max is not None and value > field.max:
        raise ValueError(f"At most {field.max:g}.")
    return value
