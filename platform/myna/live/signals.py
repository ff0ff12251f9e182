"""Who is typing: a signal, which may be lost."""

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.model.conversation import ConversationKind
from myna.rights import Principal, Seat
from myna.wire import signal


class Signals:
    """Sends what nothing durable depends on."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def typing(self, principal: Principal, seat: Seat, on: bool) -> None:
        """Tell the others that somebody writes; the agent does the same while it works."""
        await self.typing_as(
            principal.user, seat.conversation.id, seat.conversation.workspace, seat.conversation.kind, on
        )

    async def typing_as(
        self, user: int, conversation: int, workspace: int, kind: ConversationKind, on: bool
    ) -> None:
        """Tell the others that this user writes."""
        frame = signal("typing", {"conversation": str(conversation), "user": str(user), "on": on})
        support = kind is ConversationKind.SUPPORT
        await self._relay.signal(
            SignalFrame(workspace, frame, conversation, support, minor=True, but_user=user)
        )
