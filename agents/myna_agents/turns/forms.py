"""Forms within a turn: asking a customer for what an agent needs, hearing what they filled in, and doing it once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from myna.model.ticket import Turn
from myna_agents.answers.answer import Offer, message_body
from myna_agents.answers.phrases import Phrase, say
from myna_agents.hearing.hearing import is_question
from myna_agents.hearing.scene import Said, Scene
from myna_agents.text.language import spoken
from myna_agents.tools.tool import ToolFailed, ToolSpec
from myna_agents.tools.toolbox import NeedsApproval, Toolbox
from myna_agents.turns.approving import ask_approval
from myna_agents.turns.decision import Decision, Kind
from myna_agents.turns.errands import done_body
from myna_agents.turns.passing import spoken_of
from myna_agents.turns.world import World

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilledIn:
    """A form that the customer has sent."""

    tool: str
    values: Mapping[str, Any]
    form_seq: int
    """Of the message that showed the form: what makes one use one use."""
    seq: int
    """Of the customer's message."""


def filled_in(scene: Scene) -> FilledIn | None:
    """What the customer filled in since the agent last answered; None when it is no form that this agent showed to them here."""
    one = next((said for said in reversed(scene.burst) if said.filled is not None), None)
    if one is None or one.filled is None:
        return None
    filled, values = one.filled, one.filled.get("values")
    shown = next((said for said in scene.earlier if said.seq == filled.get("seq")), None)
    name = str(filled.get("form", ""))
    if not isinstance(values, Mapping) or not _shown_to(shown, name, one.sender):
        return FilledIn("", {}, 0, one.seq)
    return FilledIn(name, dict(cast("Mapping[str, Any]", values)), cast("Said", shown).seq, one.seq)


def wanted_form(scene: Scene, toolbox: Toolbox) -> ToolSpec | None:
    """The form that the customer asks for by its title or one of its words; none where others listen."""
    if scene.in_group:
        return None
    text = scene.question.casefold()
    for spec in usable(scene, toolbox):
        if spec.form is not None and any(
            spoken_of(word, text) for word in (spec.form.title, *spec.form.words)
        ):
            return spec
    return None


def usable(scene: Scene, toolbox: Toolbox) -> list[ToolSpec]:
    """The forms that lead somewhere from here: operators take one only where there is a queue."""
    return [
        spec
        for spec in toolbox.forms
        if spec.form is not None and (scene.supports or not spec.form.to_people)
    ]


def asks_outright(scene: Scene, spec: ToolSpec) -> bool:
    """Whether the customer wants the form rather than to know something about its subject."""
    assert spec.form is not None
    title = spec.form.title.casefold()
    return scene.question.casefold().strip(" .!?。！？") == title.strip(" .!?。！？") or not is_question(
        scene.question
    )


def form_body(scene: Scene, spec: ToolSpec) -> dict[str, Any]:
    """The message with the form, for the asker alone."""
    assert spec.form is not None
    lang = spoken(scene.lang, scene.profile.languages)
    body = message_body(say(Phrase.FILL_IN, lang, title=spec.form.title), lang, scene.newest_seq)
    shown = {
        "id": spec.name,
        "title": spec.form.title,
        "submit": spec.form.submit or say(Phrase.FILL_IN_SEND, lang),
        "fields": [dict(each) for each in spec.form.fields],
        "user": str(scene.burst[-1].sender),
    }
    return {**body, "form": shown}


def form_offer(spec: ToolSpec) -> Offer:
    """A button under an answer that brings the form."""
    assert spec.form is not None
    return Offer("ask", spec.form.title, spec.form.title)


async def take_form(
    world: World, turn: Turn, scene: Scene, filled: FilledIn, toolbox: Toolbox
) -> tuple[Decision, dict[str, Any]]:
    """Do what a filled-in form asks for; the decision, and what the agent says unless operators take it.

    The key names the message that showed the form, so a turn that is taken twice does it once.
    """
    lang = spoken(scene.lang, scene.profile.languages)
    person = [Offer("hand_off", say(Phrase.OFFER_HUMAN, lang))] if scene.supports else []
    spec = next((each for each in usable(scene, toolbox) if each.name == filled.tool), None)
    if spec is None or spec.form is None:
        body = message_body(say(Phrase.FORM_GONE, lang), lang, filled.seq, offers=person)
        return Decision(Kind.DECLINE, "form_gone"), body
    toolbox.caller = replace(toolbox.caller, key=f"form:{toolbox.caller.conversation}:{filled.form_seq}")
    try:
        if spec.form.to_people:
            toolbox.passed_on(spec, filled.values)
            return Decision(Kind.HAND_OFF, "form_filled", Phrase.FORM_PASSED_ON), {}
        result = await toolbox.use(spec.name, filled.values, confirmed=True)
    except NeedsApproval as asked:
        return await ask_approval(world, turn, scene, asked.pending, toolbox.caller)
    except ToolFailed as failed:
        logger.warning("a form that a customer filled in was not done: %s", failed)
        wrong = failed.code == "bad_arguments"
        text = say(Phrase.FORM_GONE if wrong else Phrase.TOOL_FAILED, lang)
        body = message_body(text, lang, filled.seq, offers=person)
        return Decision(Kind.DECLINE, "form_gone" if wrong else "tool_failed"), body
    return Decision(Kind.ANSWER, "form_done"), done_body(spec.form.title, result, lang, filled.seq)


def _shown_to(shown: Said | None, name: str, sender: int) -> bool:
    return (
        shown is not None
        and shown.form is not None
        and shown.form.get("id") == name
        and str(shown.form.get("user")) == str(sender)
    )
