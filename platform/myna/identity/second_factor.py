"""Second factors: time-based one-time codes (RFC 6238, through pyotp) and recovery codes.

Six digits, SHA-1 and 30 s, as every authenticator app expects. A code is taken from one step before to one step after now
(RFC 6238 section 5.2 advises one step of delay) and works once.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from pyotp.totp import TOTP

from myna.errors import Conflict, MynaError, Unauthorised
from myna.ports.identity import Factors

STEP_S = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits each: too many to guess, so a plain digest is enough to store."""
ISSUER = "Myna"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs."""

    secret: str
    uri: str
    """`otpauth://…`, for a QR code."""


_NO_APP = ""
"""Stands where the app's secret is kept, for those whose factor are their passkeys."""


class SecondFactor:
    """Sets up, checks and turns off second factors. Secrets are stored sealed with a key derived from the server's own."""

    def __init__(self, store: Factors, key: bytes) -> None:
        self._store = store
        derived = hmac.digest(key, b"second factor", hashlib.sha256)
        self._seal = Fernet(base64.urlsafe_b64encode(derived))

    async def on(self, user: int) -> bool:
        """Whether the user must show one."""
        factor = await self._store.factor(user)
        return factor is not None and factor.confirmed

    async def recovery_codes_left(self, user: int) -> int:
        """How many recovery codes still work."""
        factor = await self._store.factor(user)
        return factor.recovery_codes if factor is not None and factor.confirmed else 0

    async def begin(self, user: int, account: str) -> Enrolment:
        """A new secret; nothing changes for the user until `confirm`.

        Raises:
            Conflict: a second factor is on already.
        """
        secret = pyotp.random_base32()
        if not await self._store.begin_factor(user, self._seal.encrypt(secret.encode()).decode()):
            raise Conflict("A second factor is on already; turn it off first.", code="factor_on")
        return Enrolment(secret, TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER))

    async def confirm(self, user: int, code: str) -> list[str]:
        """Turn it on with a first code: the recovery codes, which are shown this once.

        Raises:
            Unauthorised: the code is wrong. Conflict: nothing was begun.
        """
        factor = await self._store.factor(user)
        if factor is None or factor.confirmed:
            raise Conflict("Begin the set-up first.", code="factor_not_begun")
        step = self._step(factor.secret, code)
        if step is None:
            raise Unauthorised("This code is wrong or too old.", code="code_wrong")
        return await self._turned_on(user, step)

    async def by_passkeys(self, user: int) -> list[str]:
        """Turn one on that has no app: passkeys, or one of the recovery codes, which are shown this once.

        Raises:
            Conflict: a second factor is on already.
        """
        if not await self._store.begin_factor(user, _NO_APP):
            raise Conflict("A second factor is on already; turn it off first.", code="factor_on")
        return await self._turned_on(user, 0)

    async def only_passkeys(self, user: int) -> bool:
        """Whether it is on and has no app."""
        factor = await self._store.factor(user)
        return factor is not None and factor.confirmed and factor.secret == _NO_APP

    async def _turned_on(self, user: int, step: int) -> list[str]:
        codes = [_readable(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
        if not await self._store.confirm_factor(user, step, [_digest(each) for each in codes]):
            raise Conflict("Begin the set-up first.", code="factor_not_begun")
        return codes

    async def check(self, user: int, code: str) -> None:
        """Let the user pass with a code of now or a recovery code; both are used up.

        Raises:
            Unauthorised: it is wrong, too old or was used before.
        """
        factor = await self._store.factor(user)
        if factor is not None and factor.confirmed:
            step = self._step(factor.secret, code)
            if step is not None and await self._store.use_step(user, step):
                return
            if await self._store.use_recovery(user, _digest(code)):
                return
        raise Unauthorised("This code is wrong, too old or was used before.", code="code_wrong")

    async def drop(self, user: int) -> bool:
        """Turn it off; whether there was one."""
        return await self._store.drop_factor(user)

    def _step(self, sealed: str, code: str) -> int | None:
        if sealed == _NO_APP:
            return None
        try:
            secret = self._seal.decrypt(sealed.encode()).decode()
        except InvalidToken as wrong:
            raise MynaError(
                "The second factor was sealed with another key; an administrator must turn it off."
            ) from wrong
        totp, now = TOTP(secret, interval=STEP_S), int(time.time()) // STEP_S
        given = code.replace(" ", "")
        found = None
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
                found = step
        return found


def _readable(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def _digest(code: str) -> str:
    plain = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(plain.encode()).hexdigest()
