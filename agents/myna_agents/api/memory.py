"""What agents remember of customers, over HTTP: the customer decides, sees and erases; operators see and erase."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query

from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.errors import NotFound
from myna.model.workspace import UserKind
from myna.rights import Verb, require
from myna.wire import stamp
from myna_agents.api.office import Desk
from myna_agents.api.shapes import Shape
from myna_agents.memory import Fact
from myna_agents.opening import Office

router = APIRouter(prefix="/v1", tags=["memory"])
Name = Annotated[str | None, Query(max_length=40)]


class Consent(Shape):
    """Whether agents may remember what I say of myself."""

    given: bool


@router.get("/memory/me", summary="What agents remember of me")
async def mine(asker: Asker, desk: Desk) -> dict[str, Any]:
    """My consent (null before I was asked), and every fact with where I said it and when it is forgotten."""
    return await _shown(desk, asker.user, asker.workspace)


@router.put("/memory/me", summary="Let agents remember, or not")
async def consent(asked: Consent, asker: Asker, desk: Desk) -> dict[str, Any]:
    """Taking it back erases everything that was remembered."""
    await desk.memory.set_consent(asker.user, asker.workspace, asked.given, time.time())
    return await _shown(desk, asker.user, asker.workspace)


@router.delete("/memory/me", summary="Forget what I said")
async def forget(asker: Asker, desk: Desk, name: Name = None) -> dict[str, Any]:
    """One fact by name, or all."""
    return {"forgotten": await desk.memory.forget(asker.user, asker.workspace, name)}


@router.get("/memory/{user}", summary="What agents remember of a customer")
async def of_customer(user: IdPath, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """For operators."""
    require(asker, Verb.OPERATE)
    found = await core.accounts.user(user)
    if found is None or found.workspace != asker.workspace or found.kind is not UserKind.VISITOR:
        raise NotFound(f"There is no customer {user}.")
    return await _shown(desk, user, asker.workspace)


@router.delete("/memory/{user}", summary="Forget what a customer said")
async def forget_customer(user: IdPath, asker: Asker, desk: Desk, name: Name = None) -> dict[str, Any]:
    """One fact by name, or all."""
    require(asker, Verb.OPERATE)
    return {"forgotten": await desk.memory.forget(user, asker.workspace, name)}


async def _shown(desk: Office, customer: int, workspace: int) -> dict[str, Any]:
    facts = await desk.memory.facts(customer, workspace, time.time())
    return {"consent": await desk.memory.consent(customer), "facts": [_fact_object(each) for each in facts]}


def _fact_object(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "value": fact.value,
        "conversation": str(fact.conversation),
        "seq": fact.seq,
        "at": stamp(fact.at),
        "expires_at": stamp(fact.expires_at),
    }
