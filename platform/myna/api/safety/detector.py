"""Limits, alerts and blocked addresses over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from myna.api.ids import Cursor, IdPath, Limit
from myna.api.principal import Asker, Core
from myna.errors import Forbidden, NotFound
from myna.intrusion.model import Response as Follows
from myna.intrusion.office import policy_object
from myna.limits.bounds import LIMITS
from myna.rights import Principal, Verb, require
from myna.services import Services

router = APIRouter(prefix="/v1", tags=["safety"])


class NewBlock(BaseModel):
    """An address that may do nothing for a while."""

    address: str = Field(min_length=2, max_length=64, examples=["192.0.2.7"])
    hours: int | None = Field(default=24, ge=1, le=24 * 366, description="null: until it is lifted.")
    reason: str = Field(default="", max_length=200)


class Address(BaseModel):
    """An address."""

    address: str = Field(min_length=2, max_length=64)


class RuleChange(BaseModel):
    """From how many signs on it is an attack, and what follows for how long."""

    ordinary: int = Field(ge=0, le=1_000_000)
    response: Follows
    for_s: int = Field(ge=0, le=30 * 86_400)


class DetectionChange(BaseModel):
    """The policy of the detector."""

    rules: dict[str, RuleChange] = Field(default_factory=dict[str, RuleChange], max_length=50)
    allow: list[str] = Field(max_length=500, description="Addresses and networks that nothing follows for.")
    hook: str | None = Field(max_length=2000, description="Where alerts are sent; null: nowhere.")


async def of_server(core: Services, asker: Principal) -> bool:
    """Whether the asker administers the workspace that the first start made, and with it the server."""
    require(asker, Verb.ADMINISTER)
    first = await core.accounts.first_workspace()
    return first is not None and first.id == asker.workspace


async def require_server(core: Services, asker: Principal) -> None:
    """Let pass administrators of the workspace that the first start made: what follows is about the whole server.

    Raises:
        Forbidden: the asker is somebody else.
    """
    if not await of_server(core, asker):
        raise Forbidden("This is for administrators of the server's first workspace.", code="not_your_server")


@router.get("/admin/limits", summary="Which limits hold")
async def limits(asker: Asker, core: Core) -> dict[str, Any]:
    """Each limit with its bound, null when it is lifted, and how often this process refused something by it since its start."""
    await require_server(core, asker)
    found = core.limits
    return {
        "limits": [
            {
                "name": name,
                "per": limit.per,
                "what": limit.what,
                "count": bound.count if (bound := found.bounds.get(name)) else None,
                "window_s": bound.window_s if bound else None,
                "usual": str(limit.bound),
                "refused": found.refused[name],
            }
            for name, limit in LIMITS.items()
        ],
        "shared": found.windows.shared,
    }


@router.get("/admin/alerts", summary="Attacks that were noticed")
async def alerts(
    asker: Asker,
    core: Core,
    before: Cursor = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first. Administrators of the server see all, others those about people of their workspace."""
    workspace = None if await of_server(core, asker) else asker.workspace
    return await core.intrusion.alerts(workspace, before, kind, limit)


@router.post("/admin/alerts/{alert}/seen", status_code=204, summary="Note that an alert was looked at")
async def seen(alert: IdPath, asker: Asker, core: Core) -> Response:
    """It counts as new no more."""
    workspace = None if await of_server(core, asker) else asker.workspace
    if not await core.intrusion.store.seen(workspace, alert, asker.user):
        raise NotFound(f"There is no alert {alert}.")
    return Response(status_code=204)


@router.get("/admin/blocks", summary="Addresses that are slowed, challenged or blocked")
async def blocks(asker: Asker, core: Core) -> dict[str, Any]:
    """With the time until it holds, and why."""
    await require_server(core, asker)
    return {"blocks": await core.intrusion.blocked()}


@router.post("/admin/blocks", status_code=204, summary="Block an address")
async def block(asked: NewBlock, asker: Asker, core: Core) -> Response:
    """Every process refuses it within two seconds. Of version 6 its /64 is blocked."""
    await require_server(core, asker)
    seconds = None if asked.hours is None else asked.hours * 3600
    await core.intrusion.block(asker, asked.address, seconds, asked.reason)
    return Response(status_code=204)


@router.post("/admin/blocks/lift", status_code=204, summary="Lift a block")
async def lift(asked: Address, asker: Asker, core: Core) -> Response:
    """The address may do again what others may."""
    await require_server(core, asker)
    await core.intrusion.lift(asker, asked.address)
    return Response(status_code=204)


@router.get("/admin/detection", summary="What is noticed and what follows")
async def detection(asker: Asker, core: Core) -> dict[str, Any]:
    """The rules, the addresses that nothing follows for, and where alerts are sent."""
    await require_server(core, asker)
    return policy_object(await core.intrusion.store.policy(), core.intrusion.detector.signs)


@router.put("/admin/detection", summary="Change what follows")
async def change_detection(asked: DetectionChange, asker: Asker, core: Core) -> dict[str, Any]:
    """Rules that are not named stay. A new address of the hook gets a new secret, told once as `secret`."""
    await require_server(core, asker)
    if asked.hook is not None:
        await core.intrusion.check(asked.hook)
    rules = {kind: (each.ordinary, each.response, each.for_s) for kind, each in asked.rules.items()}
    policy, secret = await core.intrusion.change(asker, rules, asked.allow, asked.hook)
    shown = policy_object(policy, core.intrusion.detector.signs)
    return {**shown, **({"secret": secret} if secret else {})}
