"""Passkeys: signing in with a device that checks its owner, and in place of a code (W3C Web Authentication, through webauthn).

Only discoverable credentials with user verification are taken: the device asks for a finger, a face or a PIN, so a passkey alone
is two factors. Nothing tells who has one before it was used.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from myna.errors import Conflict, Malformed, NotFound, Unauthorised
from myna.identity.account import Account
from myna.identity.seal import digest
from myna.identity.sign_ins import SignIns
from myna.identity.tokens import Pair
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import Device, Passkey
from myna.model.workspace import User
from myna.ports.accounts import Accounts
from myna.ports.identity import PasskeyStore
from myna.ports.providers import OnceStore, ProviderStore
from myna.rights import Principal

CEREMONY_S = 300.0
"""How long somebody may take at their device."""
MAX_PASSKEYS = 20
NAME = "Myna"
_LOCAL = {"127.0.0.1", "::1"}
_FAILURES = (WebAuthnException, ValueError, KeyError, TypeError)


class Passkeys:
    """Each challenge works once, within five minutes, for what it was made for."""

    def __init__(
        self,
        accounts: Accounts,
        store: PasskeyStore,
        once: OnceStore,
        links: ProviderStore,
        account: Account,
        sign_ins: SignIns,
        trail: Trail,
        base_url: str,
    ) -> None:
        self._accounts, self._store, self._once, self._links = accounts, store, once, links
        self._account, self._sign_ins, self._trail = account, sign_ins, trail
        self._host, self._origins = _site(base_url)

    async def mine(self, principal: Principal) -> list[Passkey]:
        """The asker's passkeys, oldest first."""
        return await self._store.passkeys((await self._account.user(principal)).id)

    async def begin_adding(self, principal: Principal, password: str) -> dict[str, Any]:
        """What `navigator.credentials.create` needs.

        Raises:
            Unauthorised: as `Account.proven`. Conflict: there are too many; or `no_passkeys_here`: the server has no name.
        """
        user = await self._account.proven(principal, password)
        known = await self._store.passkeys(user.id)
        if len(known) >= MAX_PASSKEYS:
            raise Conflict(f"You have {MAX_PASSKEYS} passkeys; remove one first.", code="too_many_passkeys")
        options = generate_registration_options(
            rp_id=self._named(),
            rp_name=NAME,
            user_id=str(user.id).encode(),
            user_name=user.handle or user.name,
            user_display_name=user.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential)) for each in known
            ],
        )
        await self._issued("passkey.add", options.challenge, str(user.id))
        return _plain(options)

    async def add(self, principal: Principal, name: str, credential: Mapping[str, Any]) -> Passkey:
        """Keep what the device made.

        Raises:
            Unauthorised: `passkey_wrong`: it is not the answer to a challenge of the asker. Conflict: it is known already.
        """
        user = await self._account.user(principal)
        challenge, whose = await self._answered("passkey.add", credential)
        if whose != str(user.id):
            raise _wrong()
        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._named(),
                expected_origin=self._origins,
                require_user_verification=True,
            )
        except _FAILURES as wrong:
            raise _wrong() from wrong
        now = time.time()
        key = bytes_to_base64url(made.credential_public_key)
        passkey = Passkey(
            new_id(), bytes_to_base64url(made.credential_id), user.id, key, made.sign_count, name, now, None
        )
        async with self._trail.act(principal, "passkey.added", f"user:{user.id}", name=name):
            await self._store.add_passkey(passkey)
        return passkey

    async def rename(self, principal: Principal, passkey: int, name: str) -> None:
        """Call it something else.

        Raises:
            NotFound: there is none such of the asker's. Forbidden: it is no person.
        """
        user = await self._account.user(principal)
        if not await self._store.rename_passkey(user.id, passkey, name):
            raise _none()

    async def remove(self, principal: Principal, passkey: int) -> None:
        """Forget it.

        Raises:
            NotFound: there is none such of the asker's. Conflict: `last_way_in`: nothing else would be left to sign in with;
                `last_factor`: the second factor needs it.
        """
        known = await self.mine(principal)
        found = next((each for each in known if each.id == passkey), None)
        if found is None:
            raise _none()
        others = len(known) > 1 or await self._links.links_of(principal.user)
        if not others and not await self._account.has_password(principal.user):
            raise Conflict("You would have no way left to sign in.", code="last_way_in")
        if len(known) == 1 and await self._account.second_factor.only_passkeys(principal.user):
            raise Conflict("Your second factor needs it; turn that off first.", code="last_factor")
        subject = f"user:{principal.user}"
        async with self._trail.act(principal, "passkey.removed", subject, name=found.name):
            await self._store.remove_passkeys(principal.user, passkey)

    async def be_the_factor(self, principal: Principal, password: str) -> list[str]:
        """Ask for a passkey beside the password from now on: the recovery codes. Other devices are signed out.

        Raises:
            Unauthorised: the password is wrong. Conflict: there is no passkey, or a second factor is on already.
        """
        user = await self._account.proven(principal, password)
        if not await self.mine(principal):
            raise Conflict("Add a passkey first.", code="no_passkeys")
        async with self._trail.act(principal, "factor.on", f"user:{user.id}", by="passkeys"):
            codes = await self._account.second_factor.by_passkeys(user.id)
        await self._sign_ins.end_others(principal)
        return codes

    async def begin_using(self) -> dict[str, Any]:
        """What `navigator.credentials.get` needs; it names nobody, the device offers what it has."""
        options = generate_authentication_options(
            rp_id=self._named(), user_verification=UserVerificationRequirement.REQUIRED
        )
        await self._issued("passkey.use", options.challenge, "-")
        return _plain(options)

    async def come(self, credential: Mapping[str, Any], device: Device) -> tuple[User, Pair]:
        """Sign in with a passkey alone. Raises as `whose`."""
        user = await self._accounts.user(await self.whose(credential))
        if user is None:
            raise _wrong()
        return user, await self._sign_ins.begin(user, device)

    async def prove(self, user: int, credential: Mapping[str, Any]) -> None:
        """Let a person pass whose password was right. Raises as `whose`."""
        if await self.whose(credential) != user:
            raise _wrong()

    async def whose(self, credential: Mapping[str, Any]) -> int:
        """Whose passkey answered a challenge.

        Raises:
            Unauthorised: `passkey_wrong`: unknown, a wrong answer, an old challenge, or a person who may not sign in.
        """
        challenge, _ = await self._answered("passkey.use", credential)
        known = await self._store.passkey(str(credential.get("id", ""))[:1400])
        if known is None:
            raise _wrong()
        try:
            used = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._named(),
                expected_origin=self._origins,
                credential_public_key=base64url_to_bytes(known.public_key),
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except _FAILURES as wrong:
            raise _wrong() from wrong
        # Of two uses at once with the same counter one is a copy's (W3C Web Authentication, section 6.1.1).
        if not await self._store.used_passkey(known, used.new_sign_count, time.time()):
            raise _wrong()
        return known.user

    async def _issued(self, kind: str, challenge: bytes, whose: str) -> None:
        now = time.time()
        await self._once.put(kind, digest(bytes_to_base64url(challenge)), whose, now, now + CEREMONY_S)

    async def _answered(self, kind: str, credential: Mapping[str, Any]) -> tuple[bytes, str]:
        """The challenge that a device answered, if it is one of ours, and for whom it was."""
        try:
            told = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
            challenge = str(told["challenge"])
            raw = base64url_to_bytes(challenge)
        except _FAILURES as wrong:
            raise Malformed("This is no answer of a passkey.") from wrong
        whose = await self._once.take(kind, digest(challenge), time.time())
        if whose is None:
            raise _wrong()
        return raw, whose

    def _named(self) -> str:
        if not self._host:
            raise Conflict(
                "Passkeys need a server with a name: set MYNA_PUBLIC_URL.", code="no_passkeys_here"
            )
        return self._host


def _site(base_url: str) -> tuple[str, list[str]]:
    """The name that passkeys are bound to, and the origins that may use them. An address is none; this machine is `localhost`."""
    parts = urlsplit(base_url)
    host, origin = parts.hostname or "", f"{parts.scheme}://{parts.netloc}"
    if host in _LOCAL:
        port = f":{parts.port}" if parts.port else ""
        return "localhost", [f"{parts.scheme}://localhost{port}"]
    return ("" if host.replace(".", "").isdigit() or ":" in host else host), [origin]


def _plain(options: Any) -> dict[str, Any]:
    return dict(json.loads(options_to_json(options)))


def _wrong() -> Unauthorised:
    return Unauthorised("This passkey does not fit, or it took too long; try again.", code="passkey_wrong")


def _none() -> NotFound:
    return NotFound("There is no such passkey of yours.")
