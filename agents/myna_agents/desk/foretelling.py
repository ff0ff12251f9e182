"""A hand-off that the customer asked for by a button, told as an agent tells its own: what to expect, and a summary for the
operator."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from myna.errors import NotFound
from myna.helpdesk.handoff import Foretell, Foretold
from myna.model.ticket import Ticket
from myna_agents.agent import AgentProfile
from myna_agents.answers.phrases import Phrase, say
from myna_agents.desk.copilot import Copilot
from myna_agents.text.language import spoken
from myna_agents.turns.outlook import expected
from myna_agents.turns.outlook import offers as form
from myna_agents.turns.summary import summary
from myna_agents.turns.world import World


def foretelling(
    world: World, copilot: Copilot, ticket_of: Callable[[int], Awaitable[Ticket | None]]
) -> Foretell:
    """What a hand-off of a conversation says, by its reason; in the customer's language, or in that of their page."""

    async def foretold(conversation: int, reason: str, lang: str | None) -> Foretold:
        ticket = await ticket_of(conversation)
        if ticket is None:
            return Foretold()
        profile = None if ticket.agent is None else await world.profiles(ticket.agent)
        profile = profile or AgentProfile(user=0, name="", bases=())
        text: str | None = None
        try:
            scene = await copilot.scene(ticket, profile)
            lang, text = scene.lang, summary(scene, reason)
        except NotFound:
            pass  # Nothing was asked yet, so there is nothing to sum up.
        outlook: Mapping[str, Any] | None = (
            None if world.outlook is None else await world.outlook(ticket.conversation)
        )
        if outlook is None:
            return Foretold(text)
        own = spoken((lang or profile.languages[0]).split("-")[0].lower(), profile.languages)
        told: dict[str, Any] = {"expected": said} if (said := expected(outlook, own)) else {}
        offers = [each.as_json() for each in form(outlook, own)]
        notice = f"{say(Phrase.HANDING_OFF, own)} {said}" if said else ""
        return Foretold(text, told, tuple(offers), notice)

    return foretold
