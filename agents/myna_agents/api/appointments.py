"""Appointments that agents booked, over HTTP, for operators."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from myna.api.ids import MAX_ID
from myna.api.principal import Asker, Core
from myna.errors import Conflict, NotFound
from myna.rights import Verb, require
from myna.wire import optional_id, stamp, user_object
from myna_agents.api.office import Desk, ticket
from myna_agents.appointments import Appointment

router = APIRouter(prefix="/v1", tags=["agents"])
AnyId = Annotated[int, Path(ge=1, lt=MAX_ID)]


@router.get("/appointments", summary="What customers have booked")
async def appointments(
    asker: Asker,
    core: Core,
    desk: Desk,
    conversation: Annotated[int | None, Query(ge=1, lt=MAX_ID)] = None,
) -> dict[str, Any]:
    """Those that are to come, soonest first, at most 200; of a `conversation` all, also past and cancelled ones."""
    require(asker, Verb.OPERATE)
    if conversation is not None:
        await ticket(core, asker, conversation)
    found = await desk.appointments.listed(asker.workspace, conversation, time.time())
    people = await core.accounts.users(sorted({each.customer for each in found}), asker.workspace)
    known = {each.id: user_object(each) for each in people}
    return {"appointments": [_object(each, known) for each in found]}


@router.post("/appointments/{appointment}/cancel", summary="Cancel an appointment")
async def cancel(appointment: AnyId, asker: Asker, core: Core, desk: Desk) -> dict[str, Any]:
    """Its time is free again. The customer is not told by this: whoever cancels says why. 409 `cancelled` when it was already."""
    require(asker, Verb.OPERATE)
    found = await desk.appointments.one(asker.workspace, appointment)
    if found is None:
        raise NotFound(f"There is no appointment {appointment}.")
    await ticket(core, asker, found.conversation)
    if not await desk.appointments.cancel(appointment, asker.user, time.time()):
        raise Conflict("This appointment was cancelled already.", code="cancelled")
    gone = await desk.appointments.one(asker.workspace, appointment)
    if gone is None:
        raise NotFound(f"There is no appointment {appointment}.")
    people = await core.accounts.users([gone.customer], asker.workspace)
    return _object(gone, {each.id: user_object(each) for each in people})


def _object(each: Appointment, people: dict[int, Any]) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "inbox": str(each.inbox),
        "conversation": str(each.conversation),
        "customer": people.get(each.customer) or optional_id(each.customer),
        "starts_at": stamp(each.starts_at),
        "ends_at": stamp(each.ends_at),
        "about": each.about,
        "made_at": stamp(each.made_at),
        "state": each.state.value,
        "cancelled_by": optional_id(each.cancelled_by),
        "cancelled_at": None if each.cancelled_at is None else stamp(each.cancelled_at),
    }
