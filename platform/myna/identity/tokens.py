"""Access tokens: JWT, 15 minutes, signed by the keys of `signing`. They are checked without the database and cached."""

import hashlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jwt

from myna.errors import MynaError, Unauthorised
from myna.identity.signing import SigningKeys
from myna.ids import new_id
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.ports.accounts import RefreshTokens
from myna.rights import Principal

ACCESS_S = 15 * 60
REFRESH_S = 60 * 24 * 3600
CACHE_TOKENS = 20_000
"""Verified tokens that are remembered. Overflow rule: the cache is emptied."""
MAX_HEADS = 64
"""Heads of valid tokens whose key is remembered: all tokens of a key have the same one. Overflow rule: no more are."""
ISSUER = "myna"
APPLICATION = "app."
"""How refresh tokens of applications begin, so that neither kind is taken for the other."""

# PyJWT leaves the types of its optional key classes open, so its two functions are named here as untyped.
_encode = cast(Callable[..., str], jwt.encode)  # pyright: ignore[reportUnknownMemberType]
_decode = cast(Callable[..., dict[str, Any]], jwt.decode)  # pyright: ignore[reportUnknownMemberType]
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pair:
    """A short access token and the refresh token that follows it."""

    access: str
    refresh: str
    expires_in_s: int


def load_key(path: Path) -> bytes:
    """The signing key of this installation, made at the first start and readable by its owner only.

    Raises:
        MynaError: the file is damaged. A short or empty key would let anybody sign tokens, so it is never used.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_key(path)
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise MynaError(
            f"The signing key {str(path)!r} is damaged; restore it, or delete it so that everybody signs in again.",
            code="bad_setting",
        )
    return key


def _make_key(path: Path) -> None:
    """The whole file appears at once, also when several processes start together or one dies here."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


class TokenReused(Unauthorised):
    """A refresh token came twice: somebody has a copy of it. Its whole sign-in has ended."""

    code = "token_reused"

    def __init__(self, user: int, family: int) -> None:
        super().__init__("This refresh token was used before; sign in again.")
        self.user, self.family = user, family


class Tokens:
    """Issues and checks tokens. A refresh token works once: its second use ends the sign-in, for it was stolen or copied."""

    def __init__(self, keys: SigningKeys | bytes, refresh: RefreshTokens) -> None:
        self._signing = SigningKeys(keys) if isinstance(keys, bytes) else keys
        self._refresh = refresh
        self._checked: dict[str, tuple[float, Principal]] = {}
        self._named: dict[str, str] = {}
        self._ended: dict[int, float] = {}
        self.keys: Callable[[str], Awaitable[Principal]] | None = None
        """Who a bot's key belongs to; keys look like `<bot id>:<secret>`, which no access token does."""

    async def issue(
        self, user: User, family: int | None = None, application: int = 0, scope: str = ""
    ) -> Pair:
        """A new pair for a user, or for an application that acts for them; with `family` the sign-in goes on."""
        refresh, family = secrets.token_urlsafe(32), family or new_id()
        if application:
            refresh = APPLICATION + refresh
        await self._refresh.add(_digest(refresh), family, user.id, time.time() + REFRESH_S)
        return Pair(self.access(user, family, application, scope), refresh, ACCESS_S)

    async def family_of(self, token: str) -> int | None:
        """The sign-in of an application's access or refresh token, without using it up; None for any other token."""
        if token.startswith(APPLICATION):
            return await self._refresh.family(_digest(token))
        with suppress(Unauthorised):
            principal = await self.principal(token, applications=True)
            return principal.sign_in if principal.application else None
        return None

    async def rotate(self, refresh: str) -> tuple[int, int]:
        """The user and family of a refresh token, which is used up by this.

        Raises:
            Unauthorised: it is unknown or too old, or was used before; then every token of the family is revoked.
        """
        used = await self._refresh.use(_digest(refresh), time.time())
        if used is None:
            raise Unauthorised("This sign-in has ended; sign in again.", code="token_expired")
        family, user, again = used
        if again:
            await self._refresh.revoke(family)
            raise TokenReused(user, family)
        return user, family

    async def revoke(self, refresh: str) -> tuple[int, int] | None:
        """End the sign-in of a refresh token: its user and family; None for an unknown one, which is ignored."""
        used = await self._refresh.use(_digest(refresh), time.time())
        if used is None:
            return None
        await self._refresh.revoke(used[0])
        return used[1], used[0]

    def end(self, families: Iterable[int]) -> None:
        """Refuse the access tokens of these sign-ins from now on, for as long as they would be valid."""
        now = time.time()
        self._ended = {family: until for family, until in self._ended.items() if until > now}
        self._ended.update(dict.fromkeys(families, now + ACCESS_S))

    def access(self, user: User, family: int = 0, application: int = 0, scope: str = "") -> str:
        """A signed access token; with the application that acts for the user and its scopes."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": str(user.id),
            "ws": str(user.workspace),
            "kind": user.kind.value,
            "role": user.role.value if user.role else None,
            "fam": str(family),
            "iat": now,
            "exp": now + ACCESS_S,
        }
        if user.role is WorkspaceRole.CUSTOM:
            claims["verbs"] = sorted(user.verbs)
        if application:
            claims |= {"app": str(application), "scope": scope}
        key = self._signing.newest
        return _encode(claims, key.signs, key.algorithm, {"kid": key.kid})

    async def principal(self, token: str, *, applications: bool = False) -> Principal:
        """Who an access token or a bot's key belongs to. Raises as `check`."""
        if self.keys is not None and ":" in token:
            return await self.keys(token)
        return self.check(token, applications=applications)

    def check(self, token: str, *, applications: bool = False) -> Principal:
        """Who the token was issued to. Applications' tokens are taken only where the caller looks at their scopes.

        Raises:
            Unauthorised: it is malformed, signed with another key, too old, or an application's.
        """
        found = self._checked_token(token)
        if found.granted is not None and not applications:
            raise Unauthorised("An application's token is not taken here.", code="token_invalid")
        return found

    def _checked_token(self, token: str) -> Principal:
        cached = self._checked.get(token)
        if cached is not None and cached[0] > time.time():
            return self.going_on(cached[1])
        self._checked.pop(token, None)
        head = token.partition(".")[0]
        try:
            kid = self._named.get(head)
            if kid is None:
                kid = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self._signing.find(kid)
            if key is None:
                raise jwt.InvalidKeyError("no key of this name")
            claims: dict[str, Any] = _decode(
                token,
                key.verifies,
                [key.algorithm],
                issuer=ISSUER,
                options={"require": ["exp", "sub", "iss", "ws", "kind"]},
            )
            role = claims.get("role")
            principal = Principal(
                int(claims["sub"]),
                int(claims["ws"]),
                UserKind(claims["kind"]),
                WorkspaceRole(role) if role else None,
                sign_in=int(claims.get("fam", 0)),
                application=int(claims.get("app", 0)),
                verbs=frozenset(map(str, claims.get("verbs", ()))),
                granted=frozenset(claims["scope"].split()) if "app" in claims else None,
            )
        except jwt.ExpiredSignatureError as late:
            raise Unauthorised("The access token is too old; refresh it.", code="token_expired") from late
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as wrong:
            raise Unauthorised(
                "The access token is not valid; sign in again.", code="token_invalid"
            ) from wrong
        if len(self._checked) >= CACHE_TOKENS:
            self._checked.clear()
        self._checked[token] = (float(claims["exp"]), principal)
        if len(self._named) < MAX_HEADS:
            self._named[head] = kid
        return self.going_on(principal)

    def going_on(self, principal: Principal) -> Principal:
        """The principal, if its sign-in goes on.

        Raises:
            Unauthorised: it has ended.
        """
        if self._ended and principal.sign_in in self._ended:
            raise Unauthorised("This sign-in has ended; sign in again.", code="signed_out")
        return principal


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
