"""The operators' desk over HTTP: tickets, handoff, review, and why agents did what they did."""

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from myna.api.ids import MAX_ID, ConversationPath, Cursor, IdText, Limit
from myna.api.principal import Asker, Core
from myna.errors import Malformed
from myna.model.moderation import HeldState
from myna.model.service import TicketFilter
from myna.model.ticket import Owner
from myna.rights import Verb, require
from myna.wire import optional_stamp, ticket_object, turn_object

router = APIRouter(prefix="/v1", tags=["desk"])


class HandOff(BaseModel):
    """Why a person is wanted."""

    reason: str | None = Field(default=None, max_length=64, examples=["asked_for_human"])
    lang: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        max_length=35,
        description="The language of the customer's page, for those who have not written anything yet.",
    )


class Epoch(BaseModel):
    """The ticket's epoch as the operator saw it; the move is refused when it has changed."""

    epoch: int | None = Field(default=None, ge=0, lt=MAX_ID)


class Assign(Epoch):
    """Which colleague answers next."""

    user: IdText


class Release(Epoch):
    """Who answers next."""

    to: Literal["agent", "queue"] = "agent"


View = Literal["open", "mine", "queue", "agent", "mentions", "spam", "asleep", "resolved"]

Always = Annotated[
    tuple[Literal["sender", "links", "phones", "handles", "phrase"], ...],
    Field(
        max_length=5, description="Decide so always: put this of the message on the workspace's list, too."
    ),
]


class Decisions(BaseModel):
    """One decision for many messages."""

    held: list[Annotated[int, Field(ge=1, lt=MAX_ID)]] = Field(min_length=1, max_length=100)
    decision: Literal["allow", "block"]
    always: Always = ()


class Decision(BaseModel):
    """A moderator's decision."""

    decision: Literal["allow", "block"]
    always: Always = ()


@router.post("/conversations/{conversation}/hand-off", summary="Ask for a person")
async def hand_off(
    conversation: ConversationPath, asked: HandOff, asker: Asker, core: Core
) -> dict[str, Any]:
    """Put the conversation into the queue. Visitors may do this with their own, operators with any.

    Unless `reason` says something else than `asked_for_human`, the notice tells what to expect (`data.expected`), out of hours
    with a button to leave a message (`offers`), and the ticket gets a summary, as when an agent hands over."""
    return ticket_object(await core.handoff.hand_off(asker, conversation, asked.reason, asked.lang))


@router.post("/conversations/{conversation}/claim", summary="Take a conversation over")
async def claim(conversation: ConversationPath, asked: Epoch, asker: Asker, core: Core) -> dict[str, Any]:
    """The operator answers from now on; whatever the agent was saying ends. 409 when somebody else was faster."""
    return ticket_object(await core.handoff.claim(asker, conversation, asked.epoch))


@router.post("/conversations/{conversation}/assign", summary="Give a conversation to a colleague")
async def assign(conversation: ConversationPath, asked: Assign, asker: Asker, core: Core) -> dict[str, Any]:
    """The colleague answers from now on; 409 when somebody else moved it meanwhile."""
    return ticket_object(await core.handoff.assign(asker, conversation, int(asked.user), asked.epoch))


@router.post("/conversations/{conversation}/release", summary="Give a conversation back")
async def release(conversation: ConversationPath, asked: Release, asker: Asker, core: Core) -> dict[str, Any]:
    """To the agent, which answers what was asked last, or to the queue."""
    return ticket_object(await core.handoff.release(asker, conversation, Owner(asked.to), asked.epoch))


@router.post("/conversations/{conversation}/resolve", summary="Mark as resolved")
async def resolve(conversation: ConversationPath, asked: Epoch, asker: Asker, core: Core) -> dict[str, Any]:
    """The matter is closed; the customer's next message opens it again."""
    return ticket_object(await core.handoff.resolve(asker, conversation, asked.epoch))


@router.post("/conversations/{conversation}/stop", summary="Stop the agent")
async def stop(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """For whoever may write here. What the agent has shown stays, as interrupted; what it was about to say is not said."""
    await core.handoff.stop(asker, conversation)
    return {"stopped": True}


@router.get("/conversations/{conversation}/turns", summary="What the agent did, and why")
async def turns(
    conversation: ConversationPath, asker: Asker, core: Core, limit: Limit = 20
) -> dict[str, Any]:
    """The newest turns with decision, confidence, threshold and passages."""
    seat = await core.directory.seat(asker, conversation)
    require(asker, Verb.SEE_TURNS, seat)
    return {"turns": [turn_object(each) for each in await core.turns.records(conversation, limit)]}


@router.get("/tickets", summary="Support conversations by view")
async def tickets(
    asker: Asker,
    core: Core,
    view: View = "open",
    after: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9.]+_[0-9]+$")] = None,
    limit: Limit = 50,
    label: Cursor = None,
    inbox: Cursor = None,
    owner: Cursor = None,
) -> dict[str, Any]:
    """A page of tickets, latest change first, with the counts of all views; narrowed to a label, an inbox, or an operator's.

    `mentions` are those with a note that calls the asker, `spam` those with messages that the filter holds or has refused,
    `asleep` those that are put off; `next_waking` is when the next of these comes back by itself.
    """
    before = None
    if after is not None:
        at, _, conversation = after.partition("_")
        try:
            before = (float(at), int(conversation))
        except ValueError:
            raise Malformed("`after` must be the `next` of the page before.") from None
    narrowed = TicketFilter(label, inbox, owner)
    made, counts, following = await core.directory.tickets(asker, view, before, limit, narrowed)
    waking = await core.snoozes.next_waking(asker) if counts["asleep"] else None
    return {
        "tickets": made,
        "counts": counts,
        "next_waking": optional_stamp(waking),
        "next": None if following is None else f"{following[0]!r}_{following[1]}",
    }


@router.get("/held", summary="Messages that wait for a moderator")
async def held(
    asker: Asker,
    core: Core,
    state: Literal["waiting", "allowed", "blocked", "flagged"] = "waiting",
    after: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Waiting ones oldest first, the others newest first, with the reasons. Blocking a `flagged` one takes it back."""
    found, waiting = await core.review.waiting(asker, HeldState(state), after, limit)
    return {"held": found, "waiting": waiting, "next": found[-1]["id"] if len(found) == limit else None}


@router.post("/held/{held}/decide", summary="Allow or block a held message")
async def decide(
    held: Annotated[int, Path(ge=1, lt=MAX_ID)], asked: Decision, asker: Asker, core: Core
) -> dict[str, Any]:
    """Allowed messages enter the conversation with a seq of their own; blocked ones never do."""
    made = await core.review.decide(asker, held, allow=asked.decision == "allow")
    await core.filters.always(asker, [made], asked.always, asked.decision)
    return made


@router.post("/held/decide", summary="Allow or block many held messages")
async def decide_all(asked: Decisions, asker: Asker, core: Core) -> dict[str, Any]:
    """In the order in which they were sent. Each result has the message as `held`, or the `error` code why nothing changed."""
    results = await core.review.decide_all(asker, asked.held, allow=asked.decision == "allow")
    decided = [each["held"] for each in results if "held" in each]
    await core.filters.always(asker, decided, asked.always, asked.decision)
    return {"results": results}


@router.get("/moderation/figures", summary="How right the filter was")
async def figures(asker: Asker, core: Core) -> dict[str, Any]:
    """From what moderators decided in the last 30 days: precision, recall, and by reason code the counts behind them."""
    found = await core.review.figures(asker, time.time())
    failed = dict(core.sender.judging.failures) if core.sender.judging is not None else {}
    return found | {"failed": sum(failed.values()), "failed_by": failed}
