"""A kind of message for a time and a place, so that people see when, and programs need not guess it from a sentence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from myna.errors import Malformed
from myna_bots.plugged import Special

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")
]


class Content(BaseModel):
    """What a meeting holds."""

    model_config = ConfigDict(extra="forbid")
    title: Line
    starts_at: datetime
    ends_at: datetime | None = None
    place: Line | None = None


class Meeting:
    """The kind."""

    name = "meeting"

    def made(self, content: Mapping[str, Any]) -> Special:
        """`{title, starts_at, ends_at, place}`; times are ISO 8601 with an offset.

        Raises:
            Malformed: a field is missing or not right, a time has no offset, or it ends before it begins.
        """
        try:
            found = Content.model_validate(content)
        except ValidationError as wrong:
            fields = [
                {"name": ".".join(str(step) for step in each["loc"]), "message": each["msg"]}
                for each in wrong.errors()
            ]
            raise Malformed("The meeting is not right.", extra={"fields": fields}) from None
        times = [each for each in (found.starts_at, found.ends_at) if each is not None]
        if any(each.tzinfo is None for each in times):
            raise Malformed("Times need an offset, such as 2026-12-01T14:00+01:00.")
        if found.ends_at is not None and found.ends_at < found.starts_at:
            raise Malformed("It ends before it begins.")
        when = _when(found.starts_at, found.ends_at)
        # Signs instead of words: the reader's language is not known here.
        facts = [("🕑", when), *([("📍", found.place)] if found.place else [])]
        return Special(
            "\n".join([found.title, *(f"{sign} {what}" for sign, what in facts)]),
            found.model_dump(mode="json", exclude_none=True),
            {"title": found.title, "fields": [{"label": sign, "value": what} for sign, what in facts]},
        )


class Meetings:
    """A plugin with the hook `kinds`."""

    def kinds(self) -> Sequence[Meeting]:
        """`meeting`."""
        return [Meeting()]


def _when(starts: datetime, ends: datetime | None) -> str:
    said = starts.strftime("%Y-%m-%d %H:%M")
    if ends is not None:
        ends = ends.astimezone(starts.tzinfo)
        said += "–" + ends.strftime("%H:%M" if ends.date() == starts.date() else "%Y-%m-%d %H:%M")
    return f"{said} (UTC{starts.isoformat()[-6:]})"
