"""Forms that members fill in, whoever shows them: their shape, and what may be written into them.

Shapes are documented in docs/bots/messages.md.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from myna.errors import Malformed

MAX_FIELDS = 25
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$")]


class Part(BaseModel):
    """A part; unknown fields are refused, so that a typo is found at once."""

    model_config = ConfigDict(extra="forbid")


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
    fields: Annotated[list[InputPart], Field(min_length=1, max_length=MAX_FIELDS)]
    user: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")] | None = None
    """Only this user may send it; everybody when it is left out."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        return self


def checked_form(form: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was written into a form, by field.

    Raises:
        Malformed: with `fields`, each wrong field's name and what is wrong with it.
    """
    made: dict[str, Any] = {}
    wrong: list[dict[str, str]] = []
    inputs = [InputPart.model_validate(each) for each in form["fields"]]
    unknown = values.keys() - {each.name for each in inputs}
    wrong += [{"name": name, "message": "There is no such field."} for name in sorted(unknown)[:MAX_FIELDS]]
    for each in inputs:
        try:
            made[each.name] = _value(each, values.get(each.name))
        except ValueError as failed:
            wrong.append({"name": each.name, "message": str(failed)})
    if wrong:
        raise Malformed("Some fields are not right.", code="form_invalid", extra={"fields": wrong})
    return made


def written(form: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """A form that was filled in, as plain text: its title and a line for each field that says something."""
    lines = [
        f"{each['label']}: {_plain(values[each['name']])}" for each in form["fields"] if _says(values, each)
    ]
    return "\n".join((form["title"], *lines))


def _says(values: Mapping[str, Any], field: Mapping[str, Any]) -> bool:
    return values.get(field["name"]) is not None


def _plain(value: Any) -> str:
    # A tick reads the same in every language.
    return ("✓" if value else "✗") if isinstance(value, bool) else str(value)


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
