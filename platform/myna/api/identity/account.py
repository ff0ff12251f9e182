"""One's own account over HTTP: name, password, second factor, devices."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.auth import Locale, Password
from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.model.identity import SignIn
from myna.wire import stamp, user_object

router = APIRouter(prefix="/v1/account", tags=["account"])
Old = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Code = Annotated[str, StringConstraints(min_length=6, max_length=32), Field(examples=["492039"])]


class Profile(BaseModel):
    """What changes; the rest stays."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] | None = None
    locale: Locale | None = None


class NewPassword(BaseModel):
    """The password now and the next one."""

    old: Old
    new: Password


class Proof(BaseModel):
    """The password, asked for again. Who has none must have signed in within ten minutes."""

    password: Annotated[str, StringConstraints(max_length=256)] = ""


class FirstCode(BaseModel):
    """What the authenticator app shows."""

    code: Code


class Both(Proof):
    """Password and a code of the app, or a recovery code."""

    code: Code


@router.get("", summary="My account")
async def account(asker: Asker, core: Core) -> dict[str, Any]:
    """Name, handle, and whether a second factor is on."""
    user = await core.account.user(asker)
    factor = core.account.second_factor
    return {
        "user": user_object(user),
        "role": user.role,
        "password": await core.account.has_password(user.id),
        "second_factor": await factor.on(user.id),
        "only_passkeys": await factor.only_passkeys(user.id),
        "recovery_codes": await factor.recovery_codes_left(user.id),
    }


@router.patch("", summary="Change my name or language")
async def rename(asked: Profile, asker: Asker, core: Core) -> dict[str, Any]:
    """Others see it from their next page on."""
    return {"user": user_object(await core.account.rename(asker, asked.name, asked.locale))}


@router.post("/password", summary="Change my password")
async def set_password(asked: NewPassword, asker: Asker, core: Core) -> dict[str, int]:
    """Every other device is signed out; how many those were."""
    await core.limits.take("proof_user", asker.user)
    return {"signed_out": await core.account.set_password(asker, asked.old, asked.new)}


@router.post("/second-factor", status_code=201, summary="Begin to set up a second factor")
async def begin_factor(asked: Proof, asker: Asker, core: Core) -> dict[str, str]:
    """The secret for an authenticator app, as text and as `otpauth://` address. Nothing changes until it is confirmed."""
    await core.limits.take("proof_user", asker.user)
    made = await core.account.begin_factor(asker, asked.password)
    return {"secret": made.secret, "uri": made.uri}


@router.post("/second-factor/confirm", summary="Turn the second factor on")
async def confirm_factor(asked: FirstCode, asker: Asker, core: Core) -> dict[str, list[str]]:
    """Ten recovery codes, shown this once; each signs in once without the app. Other devices are signed out."""
    await core.limits.take("proof_user", asker.user)
    return {"recovery_codes": await core.account.confirm_factor(asker, asked.code)}


@router.post("/second-factor/off", status_code=204, summary="Turn the second factor off")
async def drop_factor(asked: Both, asker: Asker, core: Core) -> Response:
    """Needs the password and a code."""
    await core.limits.take("proof_user", asker.user)
    await core.account.drop_factor(asker, asked.password, asked.code)
    return Response(status_code=204)


@router.get("/devices", summary="Where I am signed in")
async def devices(asker: Asker, core: Core) -> dict[str, Any]:
    """Devices, used last first; `current` is the one that asks."""
    return {"devices": [_device(each, asker.sign_in) for each in await core.sign_ins.mine(asker)]}


@router.delete("/devices/{device}", status_code=204, summary="Sign a device out")
async def end(device: IdPath, asker: Asker, core: Core) -> Response:
    """Its connections close at once and its tokens are refused."""
    await core.sign_ins.end(asker, device)
    return Response(status_code=204)


@router.post("/devices/others/sign-out", summary="Sign every other device out")
async def end_others(asker: Asker, core: Core) -> dict[str, int]:
    """How many there were."""
    return {"signed_out": await core.sign_ins.end_others(asker)}


def _device(sign_in: SignIn, current: int) -> dict[str, Any]:
    return {
        "id": str(sign_in.id),
        "name": sign_in.device.name,
        "address": sign_in.device.address,
        "created_at": stamp(sign_in.created_at),
        "used_at": stamp(sign_in.used_at),
        "current": sign_in.id == current,
        "application": None if sign_in.application is None else str(sign_in.application),
    }
