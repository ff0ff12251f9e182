"""The people of a workspace over HTTP, for administrators, and the links that let new ones in."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.auth import Password, address_of, device_of, session_object
from myna.api.ids import IdPath, IdText
from myna.api.principal import Asker, Core
from myna.limits.addresses import place_of
from myna.model.identity import Invitation, Person
from myna.model.workspace import WorkspaceRole
from myna.services import Services
from myna.wire import optional_id, stamp, user_object

router = APIRouter(prefix="/v1", tags=["people"])
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Handle = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]$"),
    Field(description="Small letters, digits, dot, underscore and hyphen.", examples=["ana.lima"]),
]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=200, pattern=r"^[^@\s]{1,64}@[^@\s]+\.[^@\s.]+$"
    ),
    Field(examples=["mia@example.org"]),
]
Secret = Annotated[str, StringConstraints(min_length=16, max_length=128, pattern=r"^[\w-]+$")]


class NewInvitation(BaseModel):
    """Who is invited, and as what. Without a role they are a member of conversations only."""

    name: PersonName
    role: WorkspaceRole | None = None
    custom_role: IdText | None = Field(default=None, description="Which one, with the role `custom`.")
    email: Email | None = Field(
        default=None, description="Whoever a provider verified it of comes in without the link, too."
    )


class ChangedPerson(BaseModel):
    """What changes; the rest stays."""

    role: WorkspaceRole | None = None
    custom_role: IdText | None = Field(default=None, description="Which one, with the role `custom`.")
    active: bool | None = None
    email: Email | Literal[""] | None = Field(
        default=None, description="The address by which a provider's word leads to them; empty: none."
    )


class Link(BaseModel):
    """The secret of a link."""

    token: Secret


class Acceptance(Link):
    """Who comes in. A new person needs a handle; whoever chooses a new password keeps theirs."""

    handle: Handle | None = None
    name: PersonName | None = None
    password: Password


@router.get("/admin/people", summary="Everybody who may sign in")
async def people(asker: Asker, core: Core) -> dict[str, Any]:
    """Role, second factor and when they were last seen; for administrators."""
    return {"people": [_person(each) for each in await core.people.members(asker)]}


@router.patch("/admin/people/{user}", summary="Change a role, let in or out")
async def change(user: IdPath, asked: ChangedPerson, asker: Asker, core: Core) -> dict[str, Any]:
    """After another role the person is signed out everywhere. What a deactivated operator owned goes back to the queue."""
    if asked.email is not None:
        await core.people.set_email(asker, user, asked.email or None)
    if asked.role is None and asked.active is None and asked.email is not None:
        found = await core.people.members(asker)
        return _person(next(each for each in found if each.user.id == user))
    custom = None if asked.custom_role is None else int(asked.custom_role)
    changed = await core.people.change(asker, user, role=asked.role, custom=custom, active=asked.active)
    return _person(changed)


@router.post("/admin/people/{user}/sign-out", status_code=204, summary="Sign somebody out everywhere")
async def sign_out(user: IdPath, asker: Asker, core: Core) -> Response:
    """Their connections close at once."""
    await core.people.sign_out(asker, user)
    return Response(status_code=204)


@router.post("/admin/people/{user}/password-link", status_code=201, summary="Let somebody choose a password")
async def password_link(user: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """A link that works once within a day. Hand it over yourself; it is shown only now."""
    return _issued(core, *await core.people.reset(asker, user))


@router.delete("/admin/people/{user}/second-factor", summary="Turn off a second factor that was lost")
async def drop_factor(user: IdPath, asker: Asker, core: Core) -> dict[str, bool]:
    """The person is signed out everywhere and signs in with the password alone."""
    return {"dropped": await core.people.drop_factor(asker, user)}


@router.get("/admin/invitations", summary="Links that still work")
async def invitations(asker: Asker, core: Core) -> dict[str, Any]:
    """Newest first, without their secrets."""
    return {"invitations": [_invitation(each) for each in await core.people.invitations(asker)]}


@router.post("/admin/invitations", status_code=201, summary="Invite somebody")
async def invite(asked: NewInvitation, asker: Asker, core: Core) -> dict[str, Any]:
    """A link that works once within a week. Hand it over yourself; it is shown only now."""
    custom = None if asked.custom_role is None else int(asked.custom_role)
    return _issued(core, *await core.people.invite(asker, asked.name, asked.role, asked.email, custom))


@router.delete("/admin/invitations/{invitation}", status_code=204, summary="Withdraw an invitation")
async def withdraw(invitation: IdPath, asker: Asker, core: Core) -> Response:
    """The link works no more."""
    await core.people.withdraw(asker, invitation)
    return Response(status_code=204)


@router.post("/auth/invitations/look", summary="What a link is for")
async def look(asked: Link, request: Request, core: Core) -> dict[str, Any]:
    """Who is invited into which workspace; `handle` when the link is for a new password."""
    await core.limits.take("link_address", place_of(address_of(request)))
    found, user = await core.people.look(asked.token)
    workspace = await core.accounts.workspace(found.workspace)
    return {
        "name": found.name if user is None else user.name,
        "role": found.role,
        "handle": None if user is None else user.handle,
        "workspace": "" if workspace is None else workspace.name,
        "expires_at": stamp(found.expires_at),
    }


@router.post("/auth/invitations/accept", status_code=201, summary="Come in by a link")
async def accept(asked: Acceptance, request: Request, core: Core) -> dict[str, Any]:
    """The link is used up and the person is signed in. After a new password a second factor is still asked for."""
    await core.limits.take("link_address", place_of(address_of(request)))
    user, proof = await core.people.accept(asked.token, asked.handle, asked.name or "", asked.password)
    if proof:
        return {"user": user_object(user), "second_factor_needed": True}
    return session_object(user, await core.sign_ins.begin(user, device_of(request)))


def _person(person: Person) -> dict[str, Any]:
    return {
        **user_object(person.user),
        "role": person.user.role,
        "custom_role": optional_id(person.user.custom_role),
        "active": person.deactivated_at is None,
        "deactivated_at": None if person.deactivated_at is None else stamp(person.deactivated_at),
        "email": person.email,
        "second_factor": person.second_factor,
        "seen_at": None if person.seen_at is None else stamp(person.seen_at),
    }


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": str(invitation.id),
        "name": invitation.name,
        "role": invitation.role,
        "custom_role": optional_id(invitation.custom_role),
        "email": invitation.email,
        "user": None if invitation.user is None else str(invitation.user),
        "created_by": str(invitation.created_by),
        "created_at": stamp(invitation.created_at),
        "expires_at": stamp(invitation.expires_at),
    }


def _issued(core: Services, invitation: Invitation, secret: str) -> dict[str, Any]:
    # The secret stands behind #, which browsers send to no server and proxies never log.
    return {
        **_invitation(invitation),
        "token": secret,
        "url": f"{core.settings.base_url}/dashboard#/join/{secret}",
    }
