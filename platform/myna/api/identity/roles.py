"""Roles of a workspace's own over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.people import PersonName
from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.model.identity import CustomRole
from myna.rights import OFFERED

router = APIRouter(prefix="/v1/admin/roles", tags=["people"])
VerbName = Annotated[str, StringConstraints(max_length=40)]


class NewRole(BaseModel):
    """A name and what it lets people do."""

    name: PersonName
    verbs: list[VerbName] = Field(max_length=40, examples=[["operate", "take"]])


class ChangedRole(BaseModel):
    """What changes; the rest stays."""

    name: PersonName | None = None
    verbs: list[VerbName] | None = Field(default=None, max_length=40)


@router.get("", summary="The workspace's own roles")
async def roles(asker: Asker, core: Core) -> dict[str, Any]:
    """By name, and the verbs that roles are made of."""
    found = await core.roles.all(asker)
    return {"roles": [_role(each) for each in found], "verbs": sorted(verb.value for verb in OFFERED)}


@router.post("", status_code=201, summary="Make a role")
async def add(asked: NewRole, asker: Asker, core: Core) -> dict[str, Any]:
    """Nobody puts more into it than they have themselves."""
    return _role(await core.roles.add(asker, asked.name, asked.verbs))


@router.patch("/{role}", summary="Change a role")
async def change(role: IdPath, asked: ChangedRole, asker: Asker, core: Core) -> dict[str, Any]:
    """Whoever has it is signed out when its verbs change, so that it counts at once."""
    return _role(await core.roles.change(asker, role, asked.name, asked.verbs))


@router.delete("/{role}", status_code=204, summary="Remove a role")
async def remove(role: IdPath, asker: Asker, core: Core) -> Response:
    """409 `role_in_use` as long as somebody has it or is invited to it."""
    await core.roles.remove(asker, role)
    return Response(status_code=204)


def _role(role: CustomRole) -> dict[str, Any]:
    return {"id": str(role.id), "name": role.name, "verbs": sorted(role.verbs)}
