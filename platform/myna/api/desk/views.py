"""Saved views over HTTP: a view of tickets with a filter, as each operator keeps it."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from myna.api.desk.tickets import View
from myna.api.ids import IdPath, IdText
from myna.api.principal import Asker, Core
from myna.errors import NotFound
from myna.ids import new_id
from myna.model.service import SavedView, TicketFilter
from myna.rights import Verb, require

router = APIRouter(prefix="/v1", tags=["desk"])


class NewView(BaseModel):
    """A view of tickets and what narrows it."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00]+$")
    ]
    view: View = "open"
    label: IdText | None = None
    inbox: IdText | None = None
    owner: IdText | None = None


@router.get("/views", summary="My saved views")
async def views(asker: Asker, core: Core) -> dict[str, Any]:
    """Oldest first."""
    require(asker, Verb.OPERATE)
    return {"views": [_view(each) for each in await core.service.views(asker.user)]}


@router.put("/views", summary="Keep a view")
async def put_view(asked: NewView, asker: Asker, core: Core) -> dict[str, Any]:
    """Under its name; what was kept under it before is replaced. `GET /v1/tickets` takes the same fields."""
    require(asker, Verb.OPERATE)
    narrowed = TicketFilter(_number(asked.label), _number(asked.inbox), _number(asked.owner))
    made = SavedView(new_id(), asker.user, asked.name, asked.view, narrowed)
    return _view(await core.service.put_view(made))


@router.delete("/views/{view}", status_code=204, summary="Remove a saved view")
async def remove_view(view: IdPath, asker: Asker, core: Core) -> None:
    """One's own."""
    require(asker, Verb.OPERATE)
    if not await core.service.remove_view(asker.user, view):
        raise NotFound("There is no such view of yours.")


def _number(told: str | None) -> int | None:
    return None if told is None else int(told)


def _view(view: SavedView) -> dict[str, Any]:
    fields = (view.narrowed.label, view.narrowed.inbox, view.narrowed.owner)
    label, inbox, owner = (None if each is None else str(each) for each in fields)
    return {
        "id": str(view.id),
        "name": view.name,
        "view": view.view,
        "label": label,
        "inbox": inbox,
        "owner": owner,
    }
