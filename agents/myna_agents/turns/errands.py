"""Doing something for a customer: asking for their word, hearing it, and saying what came of it. Pure.

What is asked for is shown by Myna from the very arguments that will be used, never by a model's words; and only the person who
was asked can agree, right after, within `LAPSES_S`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from myna_agents.answers.answer import Offer, cite, message_body
from myna_agents.answers.grounding import inert
from myna_agents.answers.phrases import Phrase, say
from myna_agents.hearing.replies import says_no, says_yes
from myna_agents.hearing.scene import Scene
from myna_agents.tools.toolbox import Pending
from myna_knowledge.model import Passage

LAPSES_S = 600.0
MAX_LINES = 12
MAX_SHOWN_CHARS = 600


@dataclass(frozen=True, slots=True)
class Heard:
    """What a customer said about a use that waits for their word."""

    pending: Pending
    agreed: bool
    seq: int
    """Of the message that asked: what makes one use one use."""


def ask_body(pending: Pending, asker: int, lang: str, covers: int) -> dict[str, Any]:
    """The message that asks the customer to confirm, with a button for each answer and the arguments as a card."""
    shown = "\n".join(f"- {name}: {_plain(value)}" for name, value in pending.arguments.items())
    text = say(Phrase.CONFIRM, lang, tool=label(pending.tool), arguments=shown)
    offers = [
        Offer("ask", say(Phrase.CONFIRM_YES, lang), say(Phrase.CONFIRM_YES, lang)),
        Offer("ask", say(Phrase.CONFIRM_NO, lang), say(Phrase.CONFIRM_NO, lang)),
    ]
    body = message_body(text, lang, covers, offers=offers)
    return {**body, "pending": {**pending.as_json(), "asker": str(asker)}}


def heard(scene: Scene) -> Heard | None:
    """The answer to what the agent asked last; None when it asked nothing, was not answered, or it lapsed."""
    last = scene.last_own
    if last is None or last.pending is None or not scene.burst:
        return None
    said = scene.burst[-1]
    waits = last.pending
    if str(said.sender) != str(waits.get("asker")) or said.at - last.at > LAPSES_S or said.seq < last.seq:
        return None
    agreed = says_yes(scene.text)
    if not agreed and not says_no(scene.text):
        return None
    arguments = waits.get("arguments")
    if not isinstance(arguments, Mapping):
        return None
    pending = Pending(str(waits.get("tool", "")), dict(cast("Mapping[str, Any]", arguments)))
    return Heard(pending, agreed, last.seq)


def result_passage(tool: str, result: str, at: int) -> Passage:
    """A tool's result as something that can be cited; `at` counts the results of one answer. Orders in it are blanked."""
    shown = readable(result)
    return inert(Passage(-at, 0, 0, 0, label(tool), "", shown, 0, len(shown), "en", "tool"))


def done_body(tool: str, result: str, lang: str, covers: int) -> dict[str, Any]:
    """The message that says what came of it, quoting the tool."""
    passage = result_passage(tool, result, 1)
    if not passage.text.strip():
        return message_body(say(Phrase.DONE_SILENTLY, lang, tool=label(tool)), lang, covers)
    text = say(Phrase.DONE, lang, tool=label(tool), result=passage.text)
    return message_body(text, lang, covers, [cite(1, passage, 0, len(passage.text))])


def label(tool: str) -> str:
    """A tool's name as people read it."""
    return tool.replace("_", " ").replace("-", " ").strip()


def readable(result: str) -> str:
    """A result for people: JSON objects as lines, other texts as they are, both bounded."""
    try:
        found: object = json.loads(result)
    except ValueError:
        return result.strip()[:MAX_SHOWN_CHARS]
    if not isinstance(found, dict):
        return _plain(found)[:MAX_SHOWN_CHARS]
    lines = [f"{name}: {_plain(value)}" for name, value in cast("dict[str, object]", found).items()]
    return "\n".join(lines[:MAX_LINES])[:MAX_SHOWN_CHARS]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
