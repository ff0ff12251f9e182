"""Agents and their versions over HTTP: draft, try, judge, publish, roll back, replay; and the evaluation set."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.errors import Malformed, NotFound
from myna.ids import new_id
from myna.model.workspace import User
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import stamp, user_object
from myna_agents.api.office import AgentPath, Desk
from myna_agents.api.shapes import (
    BundleBody,
    NewCase,
    NewVersion,
    Publish,
    ReplayBody,
    Trial,
    bundle_object,
    case_object,
)
from myna_agents.opening import Office
from myna_agents.turns.turn import HISTORY
from myna_agents.versions.bundles import EvalCase
from myna_agents.versions.versions import Asked

router = APIRouter(prefix="/v1", tags=["agents"])
Number = Annotated[int, Path(ge=1, le=100_000)]
TICKETS = 200


@router.get("/agents", summary="Agents of the workspace")
async def agents(asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Each with its live version (0 before the first), and the models that an agent can choose."""
    require(asker, Verb.SEE_TURNS)
    found: list[dict[str, Any]] = []
    for each in await core.accounts.humans(asker.workspace, 500):
        config = await core.accounts.agent(each.id) if each.agent else None
        if config is not None:
            found.append({**user_object(each), "version": int(config[1].get("version", 0))})
    return {"agents": found, "models": list(desk.models)}


@router.get("/agents/{agent}", summary="How an agent answers now")
async def live(agent: AgentPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The live settings as a version's body, whether or not they were published as one."""
    require(asker, Verb.SEE_TURNS)
    body = await _live_body(core, agent)
    return {**user_object(agent), "version": await _live(core, agent), "body": body.stored()}


@router.get("/agents/{agent}/versions", summary="Versions of an agent")
async def versions(agent: AgentPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Newest first, each with what its evaluation found."""
    require(asker, Verb.SEE_TURNS)
    now = await _live(core, agent)
    return {
        "versions": [bundle_object(each, now) for each in await desk.bundles.bundles(agent.id)],
        "live": now,
    }


@router.post("/agents/{agent}/versions", summary="Draft a version", status_code=201)
async def draft(agent: AgentPath, asked: NewVersion, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Nothing changes for customers until it is published."""
    require(asker, Verb.ADMINISTER)
    body = asked.body or await _live_body(core, agent)
    await _check(body, asker, core, desk)
    made = await desk.versions.draft(agent, body.stored(), asked.note, asker.user)
    return bundle_object(made, await _live(core, agent))


@router.get("/agents/{agent}/versions/{number}", summary="One version")
async def version(agent: AgentPath, number: Number, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """With its whole body and what its evaluation found."""
    require(asker, Verb.SEE_TURNS)
    return bundle_object(await desk.versions.one(agent.id, number), await _live(core, agent))


@router.put("/agents/{agent}/versions/{number}", summary="Change a draft")
async def change(
    agent: AgentPath, number: Number, asked: NewVersion, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """409 when the version was published once: draft a new one."""
    require(asker, Verb.ADMINISTER)
    if asked.body is None:
        raise Malformed("Give the `body`.")
    await _check(asked.body, asker, core, desk)
    made = await desk.versions.change(agent.id, number, asked.body.stored(), asked.note)
    return bundle_object(made, await _live(core, agent))


@router.post("/agents/{agent}/versions/{number}/evaluate", summary="Judge a version")
async def evaluate(agent: AgentPath, number: Number, asker: Asker, desk: Desk) -> dict[str, Any]:
    """Asks the whole evaluation set; what fails is listed with what came instead."""
    require(asker, Verb.ADMINISTER)
    found = await desk.versions.judge(agent, number)
    return {**found, "at": stamp(found["at"])}


@router.post("/agents/{agent}/versions/{number}/publish", summary="Make a version live")
async def publish(
    agent: AgentPath, number: Number, asked: Publish, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """The evaluation runs first: 409 `gate_closed` with what failed, and nothing changes. A version that was live before is taken
    back without one."""
    require(asker, Verb.ADMINISTER)
    made = await desk.versions.publish(agent, number, asker.user, asked.override)
    return bundle_object(made, await _live(core, agent))


@router.post("/agents/{agent}/roll-back", summary="Go back to the version before")
async def roll_back(agent: AgentPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """The version that was published before the live one answers again, at once. 409 when there is none."""
    require(asker, Verb.ADMINISTER)
    made = await desk.versions.roll_back(agent, await _live(core, agent), asker.user)
    return bundle_object(made, await _live(core, agent))


@router.post("/agents/{agent}/versions/{number}/try", summary="Ask a version something")
async def try_out(agent: AgentPath, number: Number, asked: Trial, asker: Asker, desk: Desk) -> dict[str, Any]:
    """What it would do with a first message, with its reason; nothing is stored or sent."""
    require(asker, Verb.SEE_TURNS)
    done = await desk.versions.trial(agent, number, asked.question)
    return {
        "decision": done.decision.decision,
        "reason": done.decision.reason,
        "engine": done.decision.engine,
        "confidence": done.decision.confidence,
        "threshold": done.decision.threshold,
        "passages": [dict(each) for each in done.decision.passages],
        "text": done.text,
        "citations": [dict(each) for each in done.citations],
        "took_ms": round(done.took_ms, 1),
    }


@router.post("/agents/{agent}/versions/{number}/replay", summary="What a version would have done")
async def replay(
    agent: AgentPath, number: Number, asked: ReplayBody, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """Real questions of customers, asked again: what was done then, what this version does, and the difference of the texts.

    Only conversations that the asker may see; nothing is stored or sent."""
    require(asker, Verb.SEE_TURNS)
    require(asker, Verb.OPERATE)
    turns = await _asked(agent, asked, asker, core, desk)
    found = await desk.versions.replay(agent, number, turns)
    return {"turns": found, "n": len(found), "same": sum(each["same"] for each in found)}


@router.get("/agents/{agent}/cases", summary="The evaluation set")
async def cases(agent: AgentPath, asker: Asker, desk: Desk) -> dict[str, Any]:
    """Questions with what must come of them, oldest first."""
    require(asker, Verb.SEE_TURNS)
    return {"cases": [case_object(each) for each in await desk.bundles.cases(agent.id)]}


@router.post("/agents/{agent}/cases", summary="Add a question to the evaluation set", status_code=201)
async def add_case(agent: AgentPath, asked: NewCase, asker: Asker, desk: Desk) -> dict[str, Any]:
    """409 when the set is full."""
    require(asker, Verb.TEACH)
    made = EvalCase(
        new_id(), agent.workspace, agent.id, asked.question, asked.expect, tuple(asked.holds), time.time()
    )
    await desk.bundles.add_case(made)
    return case_object(made)


@router.delete("/agents/{agent}/cases/{case}", summary="Remove a question", status_code=204)
async def remove_case(agent: AgentPath, case: IdPath, asker: Asker, desk: Desk) -> Response:
    """It no longer guards what is published."""
    require(asker, Verb.TEACH)
    if not await desk.bundles.remove_case(agent.id, case):
        raise NotFound(f"The evaluation set has no question {case}.")
    return Response(status_code=204)


async def _live(core: Services, agent: User) -> int:
    config = await core.accounts.agent(agent.id)
    return 0 if config is None else int(config[1].get("version", 0))


async def _live_body(core: Services, agent: User) -> BundleBody:
    config = await core.accounts.agent(agent.id)
    bases: Sequence[int] = () if config is None else config[0]
    stored: Mapping[str, Any] = {} if config is None else config[1]
    known = {name: value for name, value in stored.items() if name in BundleBody.model_fields}
    if "handoff" in known:
        known["handoff"] = {
            **known["handoff"],
            "vips": [str(each) for each in known["handoff"].get("vips", ())],
        }
    return BundleBody.model_validate({**known, "bases": [str(base) for base in bases]})


async def _check(body: BundleBody, asker: Principal, core: Services, desk: Office) -> None:
    """Only what the workspace has, and tools that can be had now."""
    for base in body.bases:
        await desk.library.base(asker.workspace, int(base))
    if body.model and body.model not in desk.models:
        raise Malformed(f"Model {body.model!r}: this server has {', '.join(desk.models)}.")
    if (body.budget.day or body.budget.customer_day) and not desk.world.prices.by_model:
        raise Malformed("A budget needs prices; see MYNA_MODEL_PRICES.")
    others = await core.accounts.users([int(each.agent) for each in body.topics], asker.workspace)
    if {each.id for each in others if each.agent} != {int(each.agent) for each in body.topics}:
        raise NotFound("A topic names an agent that does not exist here.")
    names: set[str] = set()
    for declared in body.stored()["tools"]:
        # Tried now, so that nobody finds out from a customer that a tool cannot be had.
        found = {tool.spec.name for tool in await desk.shed.made(declared)}
        if twice := found & names:
            raise Malformed(f"Two tools are called {min(twice)!r}.")
        names |= found


async def _asked(
    agent: User, asked: ReplayBody, asker: Principal, core: Services, desk: Office
) -> list[Asked]:
    conversations = [int(each) for each in asked.conversations]
    if not conversations:
        found = [
            each
            for view in ("open", "resolved")
            for each in await core.desk.tickets(
                asker.workspace, view=view, operator=asker.user, before=None, limit=TICKETS
            )
        ]
        found.sort(key=lambda each: -each[1].changed_at)
        conversations = [ticket.conversation for ticket, _ in found if ticket.agent == agent.id]
    turns: list[Asked] = []
    for conversation in conversations:
        await core.directory.seat(asker, conversation)
        for record in await core.turns.records(conversation, asked.limit):
            if record.decision is not None and len(turns) < asked.limit:
                turns.append(await _turn(desk, conversation, record))
        if len(turns) >= asked.limit:
            break
    return [each for each in turns if each.before]


async def _turn(desk: Office, conversation: int, record: Any) -> Asked:
    history = desk.world.history
    before = await history.messages(
        conversation, floor=1, before=record.trigger_seq + 1, after=None, limit=HISTORY
    )
    then = None
    if record.seq is not None:
        said = await history.messages(conversation, floor=1, before=record.seq + 1, after=None, limit=1)
        then = said[0] if said and said[0].seq == record.seq else None
    return Asked(conversation, record, before, then)
