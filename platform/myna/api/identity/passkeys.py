"""Passkeys over HTTP. Options and credentials are the JSON of `PublicKeyCredential.parse…FromJSON` and `toJSON`."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from myna.api.identity.account import Proof
from myna.api.identity.auth import address_of, device_of, session_object
from myna.api.identity.people import PersonName
from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.limits.addresses import place_of
from myna.model.identity import Passkey
from myna.wire import stamp

router = APIRouter(prefix="/v1", tags=["passkeys"])
Credential = Annotated[
    dict[str, Any],
    Field(
        description="`credential.toJSON()` of the browser.",
        max_length=16,
        examples=[{"id": "x", "response": {}}],
    ),
]


class NewPasskey(BaseModel):
    """What the device made, and how it is called."""

    name: PersonName
    credential: Credential


class Renamed(BaseModel):
    """How it is called from now on."""

    name: PersonName


class Used(BaseModel):
    """What the device answered."""

    credential: Credential


@router.get("/account/passkeys", summary="My passkeys")
async def mine(asker: Asker, core: Core) -> dict[str, Any]:
    """Oldest first."""
    return {"passkeys": [_passkey(each) for each in await core.passkeys.mine(asker)]}


@router.post("/account/passkeys/begin", summary="Begin to add a passkey")
async def begin_adding(asked: Proof, asker: Asker, core: Core) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. Nothing changes until the answer is sent."""
    await core.limits.take("proof_user", asker.user)
    return await core.passkeys.begin_adding(asker, asked.password)


@router.post("/account/passkeys", status_code=201, summary="Add a passkey")
async def add(asked: NewPasskey, asker: Asker, core: Core) -> dict[str, Any]:
    """Within five minutes after beginning."""
    return _passkey(await core.passkeys.add(asker, asked.name, asked.credential))


@router.post("/account/second-factor/passkeys", summary="Make passkeys the second factor")
async def be_the_factor(asked: Proof, asker: Asker, core: Core) -> dict[str, list[str]]:
    """Without an app: from now on a password needs a passkey beside it, or one of ten recovery codes, shown this once. Other
    devices are signed out. 409 `no_passkeys` without one."""
    await core.limits.take("proof_user", asker.user)
    return {"recovery_codes": await core.passkeys.be_the_factor(asker, asked.password)}


@router.patch("/account/passkeys/{passkey}", status_code=204, summary="Rename a passkey")
async def rename(passkey: IdPath, asked: Renamed, asker: Asker, core: Core) -> Response:
    """Its name is for its owner only."""
    await core.passkeys.rename(asker, passkey, asked.name)
    return Response(status_code=204)


@router.delete("/account/passkeys/{passkey}", status_code=204, summary="Remove a passkey")
async def remove(passkey: IdPath, asker: Asker, core: Core) -> Response:
    """409 `last_way_in` when nothing else would be left to sign in with."""
    await core.passkeys.remove(asker, passkey)
    return Response(status_code=204)


@router.post("/auth/passkeys/begin", summary="Begin to sign in with a passkey")
async def begin_using(request: Request, core: Core) -> dict[str, Any]:
    """Options for `navigator.credentials.get`: to sign in with it alone, or in place of a code beside a password."""
    await core.limits.take("link_address", place_of(address_of(request)))
    return await core.passkeys.begin_using()


@router.post("/auth/passkeys", summary="Sign in with a passkey")
async def come(asked: Used, request: Request, core: Core) -> dict[str, Any]:
    """Tokens, as from a password and a code: the device has checked its owner."""
    await core.limits.take("link_address", place_of(address_of(request)))
    return session_object(*await core.passkeys.come(asked.credential, device_of(request)))


@router.delete("/admin/people/{user}/passkeys", summary="Remove the passkeys of somebody who lost a device")
async def remove_all(user: IdPath, asker: Asker, core: Core) -> dict[str, int]:
    """How many there were. The person is signed out everywhere and signs in another way."""
    return {"removed": await core.people.drop_passkeys(asker, user)}


def _passkey(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": str(passkey.id),
        "name": passkey.name,
        "created_at": stamp(passkey.created_at),
        "used_at": None if passkey.used_at is None else stamp(passkey.used_at),
    }
