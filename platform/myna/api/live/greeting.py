"""What a client that connects is asked, and what it is told."""

from collections.abc import Collection, Mapping
from typing import Any

from myna.api.live.frames import CAPABILITIES, MAX_CURSORS, MAX_FRAME_BYTES, USUAL, Hello
from myna.conversations.directory import PAGE
from myna.deliver.relay import Relay
from myna.deliver.session import Session
from myna.errors import Forbidden, Unauthorised
from myna.live.greeter import Head
from myna.messages.compose import MAX_TEXT_CHARS
from myna.rights import Principal
from myna.services import Services
from myna.wire import user_object

HEARTBEAT_S = 25
MAX_IN_FLIGHT = 256
"""Sends of one client that wait for their commit; further frames wait behind them."""
LIMITS = {
    "frame_bytes": MAX_FRAME_BYTES,
    "text_chars": MAX_TEXT_CHARS,
    "page": PAGE,
    "in_flight": MAX_IN_FLIGHT,
    "cursors": MAX_CURSORS,
}


async def identified(services: Services, token: str, ticket: str) -> Principal:
    """Who connects, by a socket ticket or else by a token.

    Raises:
        Unauthorised: it is missing, wrong or too old. Forbidden: it is a bot's key.
    """
    if ticket:
        return await services.tickets.redeem(ticket)
    if not token:
        raise Unauthorised("hello needs an access token.")
    principal = await services.tokens.principal(token)
    if principal.scopes is not None:
        raise Forbidden("Bots listen at /v1/bot/socket, where they hear what they may hear.")
    return principal


def agreed(hello: Hello) -> frozenset[str]:
    """The capabilities that hold: those that the client named and the server knows, or the usual ones if it named none."""
    return USUAL if hello.capabilities is None else CAPABILITIES.intersection(hello.capabilities)


def missed_by(hello: Hello, heads: Mapping[int, Head], epoch: int) -> dict[int, int]:
    """The cursors that are behind their heads. Those of another log say nothing about this one."""
    if hello.epoch != str(epoch):
        return {}
    cursors = {int(conversation): rev for conversation, rev in hello.cursors.items()}
    return {place: rev for place, rev in cursors.items() if place in heads and rev < heads[place].rev}


def greeting(
    relay: Relay,
    session: Session,
    heads: Mapping[int, Head],
    more: bool,
    capabilities: Collection[str],
    follows: Collection[int],
) -> dict[str, Any]:
    """The `ready` frame. `follows` names the conversations whose next page comes unasked."""
    return {
        "op": "ready",
        "session": str(session.id),
        "epoch": str(relay.epoch),
        "pos": relay.pos,
        "heartbeat_s": HEARTBEAT_S,
        "limits": LIMITS,
        "user": user_object(session.user),
        "heads": {
            str(each): [head.rev, head.seq, head.read_seq, head.from_seq] for each, head in heads.items()
        },
        "more": more,
        "capabilities": sorted(capabilities),
        "follows": [str(each) for each in follows],
    }
