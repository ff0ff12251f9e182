"""Signing in: people with a password, visitors through an inbox."""

from collections import OrderedDict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from myna.api.principal import Asker, Core
from myna.errors import TooMany, Unauthorised
from myna.identity.devices import device_name
from myna.identity.passwords import MAX_CHARS, MIN_CHARS
from myna.identity.socket_tickets import TICKET_S
from myna.identity.tokens import Pair, TokenReused
from myna.limits.addresses import place_of
from myna.limits.proof import CHALLENGED_BITS
from myna.model.identity import Device
from myna.model.workspace import User
from myna.rights import OFFERED, role_verbs
from myna.services import Services
from myna.wire import user_object

router = APIRouter(prefix="/v1", tags=["identity"])
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
Password = Annotated[str, StringConstraints(min_length=MIN_CHARS, max_length=MAX_CHARS)]
_came_in: OrderedDict[tuple[str, str], None] = OrderedDict()
"""Who came in from an address before is not locked out by what strangers try for the same handle."""
MAX_KNOWN = 10_000
"""Pairs of handle and address that are remembered. Overflow rule: the oldest is forgotten."""


class Proof(BaseModel):
    """An answer by which SHA-256 of `challenge:answer` begins with as many zero bits as the challenge wanted."""

    challenge: str = Field(max_length=200)
    answer: str = Field(pattern=r"^[0-9]{1,20}$")


class SignIn(BaseModel):
    """A person's handle and password."""

    handle: str = Field(min_length=1, max_length=64, examples=["operator"])
    password: str = Field(min_length=1, max_length=256)
    code: str | None = Field(default=None, min_length=6, max_length=32, description="Of the second factor.")
    passkey: dict[str, Any] | None = Field(
        default=None, max_length=16, description="In place of a code; see `POST /v1/auth/passkeys/begin`."
    )
    proof: Proof | None = Field(default=None, description="When the answer was 428 `proof_needed`.")


class Refresh(BaseModel):
    """A refresh token; it works once."""

    refresh_token: str = Field(min_length=1, max_length=256)


@router.post("/auth/sign-in", summary="Sign in with handle and password")
async def sign_in(asked: SignIn, request: Request, core: Core) -> dict[str, Any]:
    """Tokens for a person. Ten wrong tries a minute and address; a wrong handle takes as long as a wrong password.

    Once an address is noisy it is answered 428 `proof_needed` with a `challenge` and `bits`: the same again with a `proof`.
    401 `second_factor_needed` asks for the same again with a `code` of the authenticator app, a recovery code, or a `passkey`.
    """
    address, request.state.handle = address_of(request), asked.handle
    await core.limits.check("sign_in_address", place_of(address))
    place = (asked.handle, address)
    if place not in _came_in:
        await _proven(core, place_of(address), asked.proof)
        await core.limits.check("sign_in_handle", asked.handle)
    try:
        signed_in = await core.sign_ins.with_password(
            asked.handle, asked.password, asked.code, device_of(request), asked.passkey
        )
    except Unauthorised as refused:
        if refused.code != "second_factor_needed":
            await core.limits.note("sign_in_address", place_of(address))
            await core.limits.note("sign_in_free", place_of(address))
            await core.limits.note("sign_in_handle", asked.handle)
        raise
    _came_in[place] = None
    if len(_came_in) > MAX_KNOWN:
        _came_in.popitem(last=False)
    return session_object(*signed_in)


async def _proven(core: Services, place: str, proof: Proof | None) -> None:
    """Let pass who computed something, once wrong passwords came from an address.

    Raises:
        ProofNeeded: with a challenge.
    """
    if proof is not None:
        await core.proofs.check(place, proof.challenge, proof.answer)
    elif core.intrusion.shield.of(place) is not None:
        raise core.proofs.needed(place, CHALLENGED_BITS)
    else:
        try:
            await core.limits.check("sign_in_free", place)
        except TooMany as noisy:
            raise core.proofs.needed(place) from noisy


@router.post("/auth/refresh", summary="Exchange a refresh token for a new pair")
async def refresh(asked: Refresh, request: Request, core: Core) -> dict[str, Any]:
    """A new pair. A refresh token that comes twice ends the whole sign-in."""
    try:
        return session_object(*await core.sign_ins.renew(asked.refresh_token, device_of(request)))
    except TokenReused as copied:
        core.intrusion.requests.reused(address_of(request), copied.user)
        raise


@router.post("/auth/sign-out", status_code=204, summary="End a sign-in")
async def sign_out(asked: Refresh, core: Core) -> None:
    """The device's tokens are refused from now on and its connections close."""
    await core.sign_ins.leave(asked.refresh_token)


@router.post("/socket-tickets", status_code=201, summary="A ticket that opens one connection")
async def socket_ticket(asker: Asker, core: Core) -> dict[str, Any]:
    """For `GET /v1/socket?ticket=` and `GET /v1/events?ticket=` of browsers, which cannot send a header there.

    It works once, within 30 s. A client asks for at most 60 a minute.
    """
    await core.limits.take("ticket_user", asker.user)
    return {"ticket": await core.tickets.issue(asker), "expires_in": TICKET_S}


@router.get("/me", summary="Who am I")
async def me(asker: Asker, core: Core) -> dict[str, Any]:
    """The user of the access token, with workspace and role."""
    user = await core.accounts.user(asker.user)
    workspace = await core.accounts.workspace(asker.workspace)
    if user is None or workspace is None:
        raise Unauthorised("This user does not exist any more.", code="token_invalid")
    return {
        "user": user_object(user),
        "workspace": {"id": str(workspace.id), "name": workspace.name},
        "role": user.role,
        "verbs": sorted(verb.value for verb in role_verbs(user.role, user.verbs) & OFFERED),
    }


def session_object(user: User, pair: Pair) -> dict[str, Any]:
    """What somebody who signed in gets."""
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expires_in": pair.expires_in_s,
        "user": user_object(user),
        "role": user.role,
    }


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def device_of(request: Request) -> Device:
    """What is shown of the device that a request comes from."""
    return Device(device_name(request.headers.get("user-agent", "")), address_of(request))
