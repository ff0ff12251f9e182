"""Visitors: what an inbox asks them first, and who a site says that they are."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import jwt

from myna.errors import Forbidden, Malformed, Unauthorised
from myna.model.workspace import Inbox
from myna.ports.visitors import IdentityKey, Profile, Visitors

MAX_LIFE_S = 3600
"""A signed token may live so long: who copies one has little time to use it."""
LEEWAY_S = 60
"""Clocks of sites may be off by this much."""
MAX_ANSWER = 1000
MAX_SUBJECT = 200
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,63}")
# PyJWT leaves the types of its optional key classes open.
_decode = cast(Callable[..., dict[str, Any]], jwt.decode)  # pyright: ignore[reportUnknownMemberType]

Claim = Mapping[str, Any]


def check_answers(fields: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to an inbox's first questions; what was not asked is left out.

    Raises:
        Malformed: with `fields`, one `{name, message}` for each answer that will not do.
    """
    kept: dict[str, Any] = {}
    wrong: list[dict[str, str]] = []
    for field in fields:
        name, value = field["name"], given.get(field["name"])
        value = value.strip() if isinstance(value, str) else value
        if value in (None, "", False):
            if field.get("required"):
                wrong.append({"name": name, "message": "Please fill this in."})
        elif (problem := _problem(field, value)) is not None:
            wrong.append({"name": name, "message": problem})
        else:
            kept[name] = value
    if wrong:
        raise Malformed(
            "Some answers will not do; see `fields`.", code="form_invalid", extra={"fields": wrong}
        )
    return kept


def _problem(field: Mapping[str, Any], value: Any) -> str | None:
    kind = field["kind"]
    if kind == "bool":
        return None if isinstance(value, bool) else "Tick it or not."
    if not isinstance(value, str) or len(value) > MAX_ANSWER or not value.replace("\n", " ").isprintable():
        return f"Write a text of at most {MAX_ANSWER} characters."
    if kind == "email" and not _EMAIL.fullmatch(value):
        return "This is no e-mail address."
    if kind == "choice" and value not in field.get("options", ()):
        return "Choose one of the options."
    return None


def verified(key: IdentityKey, inbox: str, claim: str | Mapping[str, str]) -> Claim:
    """What a site signed: `sub`, and perhaps `name` and `email`.

    A text is a JWT, HS256 by the inbox's secret, with `sub`, `aud` (the inbox's key) and `exp` at most an hour ahead. The other
    form, for sites that move from Chatwoot, is `{"id", "hash"}` with the hexadecimal HMAC-SHA256 of the id; it covers the id
    alone, so a name or address beside it is not taken from it.

    Raises:
        Unauthorised: it was not signed by this secret, for this inbox, or not now.
    """
    if isinstance(claim, Mapping):
        if not claim["id"].isprintable():
            raise Unauthorised("The identity's id is no line of text.", code="identity_invalid")
        wanted = hmac.new(key.secret.encode(), claim["id"].encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, claim["hash"].lower()):
            raise Unauthorised("The identity's hash is not right.", code="identity_invalid")
        return {"sub": claim["id"]}
    if not claim.isascii():
        raise Unauthorised("The identity's token is no JWT.", code="identity_invalid")
    try:
        claims = _decode(
            claim,
            key.secret,
            algorithms=["HS256"],
            audience=inbox,
            leeway=LEEWAY_S,
            options={"require": ["sub", "exp", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise Unauthorised(f"The identity's token is not right: {error}", code="identity_invalid") from error
    if claims["exp"] > time.time() + MAX_LIFE_S + LEEWAY_S:
        raise Unauthorised("The identity's token may live for an hour at most.", code="identity_invalid")
    return claims


class Identities:
    """Who begins in an inbox."""

    def __init__(self, store: Visitors) -> None:
        self.store = store

    async def claimed(self, inbox: Inbox, claim: str | Mapping[str, str] | None) -> Claim | None:
        """Whom the site vouches for; None for an anonymous visitor where these are let in.

        Raises:
            Forbidden: the inbox takes nobody without a signature, or has no key for one.
            Unauthorised: the signature is wrong.
        """
        key = await self.store.key(inbox.id)
        if claim is None:
            if key is not None and key.enforce:
                raise Forbidden("This inbox is for signed-in people only.", code="identity_required")
            return None
        if key is None:
            raise Forbidden("This inbox has no identity key; make one first.", code="identity_unknown")
        found = verified(key, inbox.key, claim)
        subject = found["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise Unauthorised(
                f"`sub` is a text of at most {MAX_SUBJECT} characters.", code="identity_invalid"
            )
        return found

    async def remember(
        self, user: int, inbox: Inbox, claim: Claim | None, answers: Mapping[str, Any]
    ) -> str | None:
        """Keep what is known of a visitor; gives their name when it is known. What the site signed wins over what was typed."""
        before = await self.store.profile(user)
        told = dict(before.answers) if before else {}
        told.update(answers)
        claim = claim or {}
        name = _line(claim.get("name")) or _line(answers.get("name"))
        email = claim.get("email") or told.get("email") or (before.email if before else None)
        subject = claim.get("sub") or (before.subject if before else None)
        if not told and not claim:
            return None
        await self.store.put(Profile(user, inbox.id, subject, _line(email), told), name)
        return name

    async def renew_key(self, inbox: Inbox, *, enforce: bool, renew: bool) -> tuple[IdentityKey, bool]:
        """The key of an inbox as it is from now on, and whether it is a new one, to be shown once."""
        before = await self.store.key(inbox.id)
        fresh = before is None or renew
        secret = secrets.token_urlsafe(32) if before is None or renew else before.secret
        key = IdentityKey(inbox.id, secret, enforce)
        await self.store.put_key(key)
        return key, fresh


def _line(said: Any) -> str | None:
    text = said.strip() if isinstance(said, str) else ""
    return text[:100] if text and text.isprintable() else None
