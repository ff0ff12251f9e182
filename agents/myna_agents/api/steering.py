"""What operators tell an agent unseen, and their word on what it wants to do, over HTTP."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints

from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker, Core
from myna.errors import NotFound
from myna.ids import new_id
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import optional_id, stamp, user_object
from myna_agents.answers.guidance import MAX_TEXT_CHARS, Guided
from myna_agents.api.office import Desk, ticket
from myna_agents.api.shapes import Shape
from myna_agents.approvals import Approval
from myna_agents.turns.approving import decide

router = APIRouter(prefix="/v1", tags=["agents"])
AnyId = Annotated[int, Path(ge=1, lt=MAX_ID)]


class NewGuidance(Shape):
    """What the agent is to know or do here. With `speak` it answers the customer's last question again, at once."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS)]
    speak: bool = False


class Decision(Shape):
    """Whether it may be done; `note` is for colleagues."""

    decision: Literal["approve", "refuse"]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(default="")


@router.get("/conversations/{conversation}/guidance", summary="What the agent was told here")
async def guidance(conversation: ConversationPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Oldest first. Only operators see it; the customer never does."""
    await ticket(core, asker, conversation)
    found = await desk.guidance.of(conversation)
    people = await _people(core, asker, [each.author for each in found])
    return {"guidance": [_guided(each, people) for each in found]}


@router.post("/conversations/{conversation}/guidance", summary="Tell the agent something", status_code=201)
async def guide(
    conversation: ConversationPath, asked: NewGuidance, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """The agent goes by it until the conversation is resolved: it looks it up with each question, and a model also follows it
    and may state what it states. 409 when it was told too much."""
    await ticket(core, asker, conversation)
    made = Guided(new_id(), asker.workspace, conversation, asker.user, asked.text, time.time())
    await desk.guidance.add(made)
    if asked.speak:
        await core.handoff.rouse(conversation)
    return _guided(made, await _people(core, asker, [asker.user]))


@router.delete(
    "/conversations/{conversation}/guidance/{guided}", summary="Take back what it was told", status_code=204
)
async def unguide(
    conversation: ConversationPath, guided: AnyId, asker: Asker, core: Core, desk: Desk
) -> Response:
    """What it said by it stays said."""
    await ticket(core, asker, conversation)
    if not await desk.guidance.remove(conversation, guided):
        raise NotFound(f"The agent was not told {guided} here.")
    return Response(status_code=204)


@router.get("/approvals", summary="What agents want to do")
async def approvals(
    asker: Asker,
    core: Core,
    desk: Desk,
    state: Literal["waiting", "all"] = "waiting",
    conversation: Annotated[int | None, Query(ge=1, lt=MAX_ID)] = None,
) -> dict[str, Any]:
    """Uses of tools that wait for an operator, oldest first; with `state=all` the newest with what became of them."""
    require(asker, Verb.OPERATE)
    if conversation is not None:
        await ticket(core, asker, conversation)
    found = await desk.approvals.listed(asker.workspace, conversation, waiting=state == "waiting")
    people = await _people(core, asker, [user for each in found for user in (each.customer, each.decided_by)])
    return {"approvals": [_approval(each, people) for each in found]}


@router.post("/approvals/{approval}/decide", summary="Let it be done, or not")
async def decide_approval(
    approval: AnyId, asked: Decision, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """What is approved is done before the answer comes, once, and the agent tells the customer. 409 when somebody else decided,
    or a day has passed."""
    require(asker, Verb.OPERATE)
    found = await desk.approvals.one(asker.workspace, approval)
    if found is None:
        raise NotFound(f"Nothing like {approval} was asked for.")
    await ticket(core, asker, found.conversation)
    made = await decide(desk.world, found, asker.user, agrees=asked.decision == "approve", note=asked.note)
    return _approval(made, await _people(core, asker, [made.customer, made.decided_by]))


async def _people(core: Services, asker: Principal, users: list[int | None]) -> Mapping[int, Any]:
    wanted = sorted({user for user in users if user is not None})
    found = await core.accounts.users(wanted, asker.workspace)
    return {each.id: user_object(each) for each in found}


def _guided(guided: Guided, people: Mapping[int, Any]) -> dict[str, Any]:
    return {
        "id": str(guided.id),
        "text": guided.text,
        "author": people.get(guided.author),
        "at": stamp(guided.at),
    }


def _approval(approval: Approval, people: Mapping[int, Any]) -> dict[str, Any]:
    return {
        "id": str(approval.id),
        "conversation": str(approval.conversation),
        "agent": str(approval.agent),
        "customer": people.get(approval.customer) or optional_id(approval.customer),
        "tool": approval.tool,
        "arguments": dict(approval.arguments),
        "asked_at": stamp(approval.asked_at),
        "state": approval.state.value,
        "decided_by": None if approval.decided_by is None else people.get(approval.decided_by),
        "decided_at": None if approval.decided_at is None else stamp(approval.decided_at),
        "note": approval.note,
        "result": approval.result,
    }
