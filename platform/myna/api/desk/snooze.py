"""Tickets that sleep, over HTTP."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from myna.api.ids import ConversationPath
from myna.api.principal import Asker, Core
from myna.helpdesk.model import Sleep
from myna.wire import stamp

router = APIRouter(prefix="/v1", tags=["helpdesk"])


class Snooze(BaseModel):
    """Until when."""

    until: AwareDatetime = Field(
        description="At most a year ahead, with its offset from UTC.", examples=["2030-11-27T09:00:00Z"]
    )


def _object(sleep: Sleep | None) -> dict[str, Any]:
    return {
        "until": None if sleep is None else stamp(sleep.until),
        "by": None if sleep is None else str(sleep.by),
    }


@router.get("/conversations/{conversation}/snooze", summary="Until when a ticket sleeps")
async def asleep(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """`until` is null when it is awake."""
    return _object(await core.snoozes.asleep(asker, conversation))


@router.put("/conversations/{conversation}/snooze", summary="Put a ticket to sleep")
async def snooze(conversation: ConversationPath, asked: Snooze, asker: Asker, core: Core) -> dict[str, Any]:
    """It leaves the open lists and is given to nobody until the time has come, or anybody says something in it. Promises go on
    counting. 409 when it is resolved."""
    until: datetime = asked.until
    return _object(await core.snoozes.snooze(asker, conversation, until.timestamp()))


@router.delete("/conversations/{conversation}/snooze", summary="Wake a ticket", status_code=204)
async def wake(conversation: ConversationPath, asker: Asker, core: Core) -> Response:
    """One that is awake stays so."""
    await core.snoozes.wake(asker, conversation)
    return Response(status_code=204)
