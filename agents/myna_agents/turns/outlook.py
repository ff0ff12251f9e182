"""What a customer who is handed over may expect: said with the hand-off, so that nobody waits in the dark. Pure."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from myna_agents.answers.answer import Offer
from myna_agents.answers.phrases import Phrase, say


def expected(outlook: Mapping[str, Any], lang: str) -> str:
    """The sentence about opening hours or waiting, empty when nothing can be promised.

    `outlook` holds `open`, `opens_at` (unix seconds or None), `timezone` and `wait_s` (None when unknown).
    """
    if not outlook["open"]:
        if outlook["opens_at"] is None:
            return say(Phrase.CLOSED, lang)
        at = datetime.fromtimestamp(outlook["opens_at"], ZoneInfo(outlook["timezone"]))
        day = at.date().isoformat()
        return say(Phrase.CLOSED_UNTIL, lang, day=day, time=f"{at:%H:%M}", zone=outlook["timezone"])
    wait_s = outlook["wait_s"]
    if wait_s is None:
        return ""
    return (
        say(Phrase.WAIT_NONE, lang)
        if wait_s < 30
        else say(Phrase.WAIT_KNOWN, lang, minutes=math.ceil(wait_s / 60))
    )


def offers(outlook: Mapping[str, Any], lang: str) -> list[Offer]:
    """The form to leave a message, while nobody is there."""
    return [] if outlook["open"] else [Offer("leave_message", say(Phrase.LEAVE_MESSAGE, lang))]
