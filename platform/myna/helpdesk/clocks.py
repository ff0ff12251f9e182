"""Promises to the customer as clocks, read from a conversation's events. Pure."""

from collections.abc import Sequence

from myna.helpdesk.hours import later
from myna.helpdesk.model import Clock, Hours, Promise
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Ticket, TicketStatus


def clocks(
    ticket: Ticket, messages: Sequence[Message], hours: Hours, promise: Promise, now: float
) -> list[Clock]:
    """The promises on a conversation that were made by the times of its messages, in order.

    `first_reply` runs from the customer's first message to the first answer of anybody, an agent's too; `next_reply` from the
    first unanswered message to the next answer; `resolve` from the first message to the resolution. Each counts only opening
    hours. `messages` are those of the matter, in order.
    """
    said = [
        each for each in messages if each.kind is MessageKind.TEXT and each.state is not MessageState.RECALLED
    ]
    asked = [each for each in said if each.sender == ticket.visitor]
    if not asked:
        return []
    answers = [
        each for each in said if each.sender != ticket.visitor and each.created_at >= asked[0].created_at
    ]
    found: list[Clock] = []
    if promise.first_reply_s is not None:
        first = answers[0].created_at if answers else None
        found.append(_clock("first_reply", asked[0].created_at, promise.first_reply_s, first, hours, now))
    if promise.next_reply_s is not None and answers:
        open_since = _unanswered(ticket, said)
        if open_since is not None:
            found.append(_clock("next_reply", open_since, promise.next_reply_s, None, hours, now))
    if promise.resolve_s is not None:
        ended = ticket.changed_at if ticket.status is TicketStatus.RESOLVED else None
        found.append(_clock("resolve", asked[0].created_at, promise.resolve_s, ended, hours, now))
    return found


def _unanswered(ticket: Ticket, said: Sequence[Message]) -> float | None:
    since: float | None = None
    for each in said:
        if each.sender != ticket.visitor:
            since = None
        elif since is None:
            since = each.created_at
    return since


def _clock(
    name: str, started_at: float, limit_s: float, met_at: float | None, hours: Hours, now: float
) -> Clock:
    due_at = later(hours, started_at, limit_s)
    return Clock(name, due_at, met_at, (met_at or now) > due_at)
