"""The ledger over HTTP."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query

from myna.api.ids import Cursor
from myna.api.principal import Asker
from myna.errors import Malformed
from myna.rights import Verb, require
from myna.wire import stamp
from myna_agents.api.office import Desk
from myna_agents.ledger import report

router = APIRouter(prefix="/v1", tags=["agents"])
DAY_S = 86_400


@router.get("/ledger", summary="What answers cost, and what came of them")
async def ledger(
    asker: Asker,
    desk: Desk,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    until: Annotated[float | None, Query(ge=0, le=1e11, description="Unix seconds; now by default.")] = None,
    agent: Cursor = None,
) -> dict[str, Any]:
    """Cases of the last days by what became of them, tokens and cost by agent, version and model, and the cost of a resolved
    case; `definition` says what each figure means."""
    require(asker, Verb.SEE_TURNS)
    now = time.time()
    end = now if until is None else until
    since = end - days * DAY_S
    if since < 0:
        raise Malformed("The period begins before 1970.")
    lines = await desk.ledger.lines(asker.workspace, since, end)
    if agent is not None:
        lines = [each for each in lines if each.agent == agent]
    outcomes = await desk.ledger.outcomes(asker.workspace, agent, since, end)
    return {"since": stamp(since), "until": stamp(end), **report(lines, outcomes, now)}
