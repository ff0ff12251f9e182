"""What a bot's message may carry beside its text: a card, buttons, a form, formatting. Checked here, at the edge.

Shapes are documented in docs/bots/messages.md. What a card or form says is also put into the text when the bot gave none, since
the text is what is judged, searched, read aloud, and shown by clients that know no cards.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from myna.api.forms import FormPart, Line, Name, Part
from myna.errors import Malformed

MAX_BUTTONS = 100
MAX_ROWS = 20
Words = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Link = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00]+$")]


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
    fields: list[FieldPart] = Field(default_factory=list[FieldPart], max_length=25)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not (self.title or self.text or self.image or self.fields):
            raise ValueError("a card needs a title, text, image or fields")
        return self


class Parts(Part):
    """Everything that may come with a text."""

    card: CardPart | None = None
    buttons: list[Annotated[list[ButtonPart], Field(min_length=1, max_length=8)]] = Field(
        default_factory=list[list[ButtonPart]], max_length=MAX_ROWS
    )
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
