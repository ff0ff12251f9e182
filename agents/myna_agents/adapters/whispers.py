"""Whispers: an agent's word to one user alone, in their direct conversation, committed as an agent's answers are."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from myna.ids import new_id
from myna.log.plan import Opened
from myna.log.writes import OpenConversation, Say
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.message import Draft
from myna.model.ticket import Turn
from myna.ports.conversations import Conversations
from myna.services import Services


def whispers(
    services: Services, conversations: Conversations
) -> Callable[[Turn, int, Mapping[str, Any]], Awaitable[None]]:
    """Says something of a turn to one user alone. The same turn again says nothing more, whichever worker takes it.

    What it makes raises Forbidden when the user blocked the agent.
    """

    async def whisper(turn: Turn, listener: int, body: Mapping[str, Any]) -> None:
        known = await conversations.direct_conversation(turn.agent, listener)
        place = 0 if known is None else known.id
        if known is None:
            members = ((turn.agent, MemberRole.MEMBER), (listener, MemberRole.MEMBER))
            write = OpenConversation(
                new_id(), turn.workspace, ConversationKind.DIRECT, "", members, agents=(turn.agent,)
            )
            opened = await services.committer.write(write)
            assert isinstance(opened, Opened)
            place = opened.conversation.id
        draft = Draft(place, turn.agent, f"whisper:{turn.id}", dict(body))
        await services.committer.write(Say(draft, rouse=False))

    return whisper
