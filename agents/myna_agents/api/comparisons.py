"""Two versions of an agent side by side, over HTTP."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from myna.api.principal import Asker, Core
from myna.model.workspace import User
from myna.rights import Verb, require
from myna.services import Services
from myna.wire import stamp
from myna_agents.api.office import AgentPath, Desk
from myna_agents.api.shapes import Shape
from myna_agents.ledger import DEFINITION
from myna_agents.versions.comparisons import ALPHA, LEAST_CASES, Comparison

router = APIRouter(prefix="/v1", tags=["agents"])


class NewComparison(Shape):
    """Which version answers a `share` of new support conversations; a small one makes a canary of it."""

    challenger: int = Field(ge=1, le=100_000)
    share: float = Field(default=0.5, gt=0, lt=1)
    override: str | None = Field(default=None, min_length=3, max_length=500)


@router.get("/agents/{agent}/comparison", summary="Two versions side by side")
async def comparison(agent: AgentPath, asker: Asker, desk: Desk) -> dict[str, Any]:
    """The newest comparison, running or ended, with its figures; `comparison` is null when there never was one.

    The verdict holds at every look: it may be looked at as often as one likes."""
    require(asker, Verb.SEE_TURNS)
    return await _shown(desk, agent)


@router.post("/agents/{agent}/comparison", summary="Compare a version with the live one", status_code=201)
async def start(
    agent: AgentPath, asked: NewComparison, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """The evaluation runs first: 409 `gate_closed` as with publishing. 409 `comparison_runs` while another one does."""
    require(asker, Verb.ADMINISTER)
    live = await _live(core, agent)
    await desk.comparing.start(agent, live, asked.challenger, asked.share, asker.user, asked.override)
    return await _shown(desk, agent)


@router.delete("/agents/{agent}/comparison", summary="End the comparison", status_code=204)
async def end(agent: AgentPath, asker: Asker, core: Core, desk: Desk) -> Response:
    """The live version answers everybody again. Publishing any version ends it, too."""
    require(asker, Verb.ADMINISTER)
    await desk.comparing.end(agent.id, await _live(core, agent))
    return Response(status_code=204)


async def _live(core: Services, agent: User) -> int:
    config = await core.accounts.agent(agent.id)
    return 0 if config is None else int(config[1].get("version", 0))


async def _shown(desk: Desk, agent: User) -> dict[str, Any]:
    found = await desk.comparing.found(agent.id)
    if found is None:
        return {"comparison": None}
    made: Comparison = found["comparison"]
    return {
        "comparison": {
            "id": str(made.id),
            "control": made.control,
            "challenger": made.challenger,
            "share": made.share,
            "started_by": str(made.started_by),
            "started_at": stamp(made.started_at),
            "ended_at": None if made.ended_at is None else stamp(made.ended_at),
            "kept": made.kept,
        },
        "figures": found["figures"],
        "definition": {**DEFINITION, "verdict": VERDICT},
    }


VERDICT = (
    f"Of the shares of resolved cases among those that are not open, from {LEAST_CASES} of each version on, by a sequential "
    f"test: with at most {ALPHA:.0%} chance it names a difference that is none, however often one looks."
)
