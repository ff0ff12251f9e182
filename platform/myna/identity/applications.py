"""Applications that act for people, or for themselves: Myna as an OAuth 2.0 provider (RFC 6749, 7636, 9700).

A person lets an application in with some scopes; that is a sign-in of theirs, which they see among their devices and can end
there. A scope never gives a right: it leaves away what the person may do but the application may not.
"""

import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from authlib.oauth2 import rfc7636

from myna.errors import Forbidden, Malformed, MynaError, NotFound, Unauthorised
from myna.identity.account import Account
from myna.identity.seal import Seal, digest, new_secret
from myna.identity.sign_ins import SignIns
from myna.identity.tokens import ACCESS_S, Pair, Tokens
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import Application, CustomRole, Device
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.ports.accounts import Accounts
from myna.ports.identity import ApplicationStore
from myna.ports.providers import OnceStore
from myna.rights import Principal, Verb, gives, require

_challenge = cast(Callable[[str], str], rfc7636.create_s256_code_challenge)  # pyright: ignore[reportUnknownMemberType]
CODE_S = 60.0
"""RFC 6749, section 4.1.2 allows ten minutes; a program needs seconds."""
USED_S = 600.0
"""How long a used code is remembered, so that its second use ends what the first one gave."""
MAX_APPLICATIONS = 100
MAX_REDIRECTS = 10
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
"""An application's own scheme holds a dot (RFC 8252, section 7.1), so it is none that browsers run, like `javascript`."""


class OAuthError(MynaError):
    """An error as RFC 6749 writes it; `code` is the word that stands in `error`."""

    status = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What an application asks a person for."""

    client: str
    redirect: str
    kind: str
    scope: str
    state: str
    challenge: str
    method: str


class Applications:
    """Knows the workspace's applications, lets people decide about them, and gives them tokens."""

    def __init__(
        self,
        accounts: Accounts,
        store: ApplicationStore,
        once: OnceStore,
        seal: Seal,
        tokens: Tokens,
        sign_ins: SignIns,
        account: Account,
        trail: Trail,
        base_url: str,
    ) -> None:
        self._accounts, self._store, self._once, self._seal = accounts, store, once, seal
        self._tokens, self._sign_ins, self._account, self._trail = tokens, sign_ins, account, trail
        self.issuer = base_url
        self.scopes: Mapping[str, str] = {}
        """Every scope with what it lets an application do, in words."""
        self.roles: Callable[[int], Awaitable[list[CustomRole]]] = _no_roles
        """The roles of a workspace's own."""
        self.told: Callable[[int, tuple[int, ...]], Awaitable[None]] = sign_ins.tell

    async def all(self, principal: Principal) -> list[Application]:
        """The workspace's applications, by name."""
        require(principal, Verb.ADMINISTER)
        return await self._store.applications(principal.workspace)

    async def add(
        self,
        principal: Principal,
        name: str,
        redirects: Sequence[str],
        scopes: Sequence[str],
        *,
        confidential: bool,
        role: WorkspaceRole | None,
        custom: int | None = None,
    ) -> tuple[Application, str]:
        """A new application and its secret, which is shown this once; "" for one that cannot keep any.

        With a role it may also act for itself (client credentials), as a user of its own.

        Raises:
            Malformed: an address or scope is none, or a role would make an owner or be given to one without a secret.
        """
        require(principal, Verb.ADMINISTER)
        if len(await self._store.applications(principal.workspace)) >= MAX_APPLICATIONS:
            raise Malformed(f"A workspace has at most {MAX_APPLICATIONS} applications.")
        if role is WorkspaceRole.OWNER or (role is not None and not confidential):
            raise Malformed("An application that acts for itself keeps a secret and is no owner.")
        verbs = await self._verbs(principal, custom) if role is WorkspaceRole.CUSTOM else frozenset[str]()
        if not gives(principal, role, verbs):
            raise Forbidden("You cannot give this role to an application.", code="more_than_own")
        for each in redirects:
            check_redirect(each)
        self._known(scopes)
        secret, user = new_secret() if confidential else "", 0
        if role is not None:
            kept_role = custom if role is WorkspaceRole.CUSTOM else None
            own = User(
                new_id(),
                principal.workspace,
                UserKind.BOT,
                name,
                role=role,
                custom_role=kept_role,
                verbs=verbs,
            )
            await self._accounts.add_user(own)
            user = own.id
        kept = digest(secret) if secret else ""
        made = Application(
            new_id(), principal.workspace, name, tuple(redirects), tuple(scopes), kept, user, time.time()
        )
        told = {"name": name, "redirects": list(redirects), "scopes": list(scopes), "role": role}
        async with self._trail.act(principal, "application.added", f"application:{made.id}", **told):
            await self._store.put_application(made)
        return made, secret

    async def _verbs(self, principal: Principal, custom: int | None) -> frozenset[str]:
        """What a role of the workspace's own gives."""
        found = next((each for each in await self.roles(principal.workspace) if each.id == custom), None)
        if found is None:
            raise NotFound("There is no such role in this workspace.", code="no_role")
        return found.verbs

    async def change(
        self,
        principal: Principal,
        application: int,
        name: str | None,
        redirects: Sequence[str] | None,
        scopes: Sequence[str] | None,
    ) -> Application:
        """The application with what was given. Tokens that are out keep their scopes. Raises as `add`, and NotFound."""
        found = await self._own(principal, application)
        for each in redirects or ():
            check_redirect(each)
        self._known(scopes or ())
        made = replace(
            found,
            name=name or found.name,
            redirects=found.redirects if redirects is None else tuple(redirects),
            scopes=found.scopes if scopes is None else tuple(scopes),
        )
        told = {"name": made.name, "redirects": list(made.redirects), "scopes": list(made.scopes)}
        async with self._trail.act(principal, "application.changed", f"application:{made.id}", **told):
            await self._store.put_application(made)
        return made

    async def new_secret(self, principal: Principal, application: int) -> str:
        """A new secret; the old one ends.

        Raises:
            NotFound: there is none such here. Malformed: it keeps no secret.
        """
        found = await self._own(principal, application)
        if not found.secret:
            raise Malformed("This application keeps no secret.")
        secret = new_secret()
        async with self._trail.act(principal, "application.secret", f"application:{found.id}"):
            await self._store.put_application(replace(found, secret=digest(secret)))
        return secret

    async def remove(self, principal: Principal, application: int) -> None:
        """Forget it; everything that people gave it ends at once. Raises NotFound."""
        found = await self._own(principal, application)
        for user, sign_in in await self._store.grants(found.id):
            await self._sign_ins.end_grant(user, sign_in)
        subject = f"application:{found.id}"
        async with self._trail.act(principal, "application.removed", subject, name=found.name):
            await self._store.remove_application(found.id)
        if found.user:
            await self.told(found.user, (found.id,))

    async def look(self, principal: Principal, asked: Asked) -> tuple[Application, list[str], str]:
        """What the person is asked: the application, the scopes, and "" or where to go at once because the request is wrong.

        Raises:
            Malformed: no such application of this workspace, or another address: then nobody is sent anywhere.
        """
        await self._account.user(principal)
        found = await self._of(principal.workspace, asked)
        try:
            return found, self._asked_scopes(found, asked), ""
        except OAuthError as wrong:
            return found, [], self._back(asked, error=wrong.code, error_description=wrong.message)

    async def decide(self, principal: Principal, asked: Asked, *, allow: bool) -> str:
        """Where the browser goes after the person decided. Raises as `look`."""
        found, scopes, back = await self.look(principal, asked)
        if back:
            return back
        if not allow:
            return self._back(asked, error="access_denied")
        code, now = new_secret(), time.time()
        kept = {
            "application": found.id,
            "user": principal.user,
            "scope": " ".join(scopes),
            "redirect": asked.redirect,
            "challenge": asked.challenge,
        }
        sealed = self._seal.close(json.dumps(kept))
        told = {"name": found.name, "scopes": scopes}
        async with self._trail.act(principal, "application.allowed", f"application:{found.id}", **told):
            await self._once.put("code", digest(code), sealed, now, now + CODE_S)
        return self._back(asked, code=code)

    async def client(self, client: str, secret: str) -> Application:
        """The application that shows these credentials.

        Raises:
            OAuthError: `invalid_client`.
        """
        found = await self._store.application(int(client)) if _is_id(client) else None
        if found is None or not hmac.compare_digest(found.secret, digest(secret) if secret else ""):
            raise OAuthError("Unknown application or wrong secret.", status=401, code="invalid_client")
        return found

    async def token(self, client: Application, form: Mapping[str, str]) -> dict[str, Any]:
        """What the token endpoint answers. Raises OAuthError."""
        match form.get("grant_type"):
            case "authorization_code":
                return await self._by_code(client, form)
            case "refresh_token":
                return await self._by_refresh(client, form.get("refresh_token", ""))
            case "client_credentials":
                return await self._for_itself(client, form.get("scope", ""))
            case _:
                raise OAuthError("This server knows no such grant.", code="unsupported_grant_type")

    async def revoke(self, client: Application, token: str) -> None:
        """End what a token belongs to, if it is one of this application (RFC 7009); others are ignored."""
        family = await self._tokens.family_of(token)
        if family is None:
            return
        grant = await self._store.grant(family)
        if grant is not None and grant[1] == client.id:
            await self._sign_ins.end_grant(grant[0], family)

    async def introspect(self, client: Application, token: str) -> dict[str, Any]:
        """What an access token of this application is worth now (RFC 7662); of others only that they are not active."""
        try:
            principal = await self._tokens.principal(token, applications=True)
        except MynaError:
            return {"active": False}
        if principal.application != client.id or principal.granted is None:
            return {"active": False}
        scope = " ".join(sorted(principal.granted))
        told = {"client_id": str(client.id), "sub": str(principal.user), "token_type": "Bearer"}
        return {"active": True, "scope": scope, "iss": self.issuer, **told}

    async def _by_code(self, client: Application, form: Mapping[str, str]) -> dict[str, Any]:
        code, now = digest(form.get("code", "")), time.time()
        sealed = await self._once.take("code", code, now)
        if sealed is None:
            # A code that comes twice was stolen: what it gave the first time ends (RFC 6749, section 4.1.2).
            if (given := await self._once.take("code.used", code, now)) is not None:
                user, family = json.loads(given)
                await self._sign_ins.end_grant(user, family)
            raise _bad_grant()
        kept = json.loads(self._seal.open(sealed))
        verifier = form.get("code_verifier", "")
        proven = VERIFIER.fullmatch(verifier) and hmac.compare_digest(_challenge(verifier), kept["challenge"])
        if kept["application"] != client.id or kept["redirect"] != form.get("redirect_uri") or not proven:
            raise _bad_grant()
        user = await self._accounts.user(kept["user"])
        if user is None or not await self._store.may_sign_in(user.id):
            raise _bad_grant()
        device = Device(client.name, "")
        pair, family = await self._sign_ins.begin_grant(user, device, client.id, kept["scope"])
        await self._once.put("code.used", code, json.dumps([user.id, family]), now, now + USED_S)
        return _answer(pair, kept["scope"])

    async def _by_refresh(self, client: Application, refresh: str) -> dict[str, Any]:
        family = await self._tokens.family_of(refresh)
        grant = None if family is None else await self._store.grant(family)
        if grant is None or grant[1] != client.id:
            raise _bad_grant()
        try:
            _, pair = await self._sign_ins.renew_grant(refresh, client.id, grant[2])
        except Unauthorised as ended:
            raise _bad_grant() from ended
        return _answer(pair, grant[2])

    async def _for_itself(self, client: Application, scope: str) -> dict[str, Any]:
        user = await self._accounts.user(client.user) if client.user else None
        if user is None or not client.secret:
            raise OAuthError("This application does not act for itself.", code="unauthorized_client")
        scopes = _within(client, scope)
        access = self._tokens.access(user, client.id, client.id, " ".join(scopes))
        return _answer(Pair(access, "", ACCESS_S), " ".join(scopes))

    async def _of(self, workspace: int, asked: Asked) -> Application:
        """The application that asks. Its address is compared as a whole, so no other page gets a code (RFC 9700, 4.1.3)."""
        found = await self._store.application(int(asked.client)) if _is_id(asked.client) else None
        if found is None or found.workspace != workspace:
            raise Malformed("There is no such application in your workspace.", code="invalid_client")
        if asked.redirect not in found.redirects:
            raise Malformed("The application names an address that is not its own.", code="invalid_redirect")
        return found

    def _asked_scopes(self, application: Application, asked: Asked) -> list[str]:
        if asked.kind != "code":
            raise OAuthError("Only the response type code is known.", code="unsupported_response_type")
        if asked.method != "S256" or not CHALLENGE.fullmatch(asked.challenge):
            raise OAuthError("PKCE with S256 is needed.", code="invalid_request")
        return _within(application, asked.scope)

    def _back(self, asked: Asked, **told: str) -> str:
        more = {**told, **({"state": asked.state} if asked.state else {}), "iss": self.issuer}
        return f"{asked.redirect}{'&' if urlsplit(asked.redirect).query else '?'}{urlencode(more)}"

    def _known(self, scopes: Sequence[str]) -> None:
        unknown = sorted(set(scopes) - set(self.scopes))
        if unknown:
            raise Malformed(f"There are no scopes {', '.join(unknown)[:200]}.", code="invalid_scope")

    async def _own(self, principal: Principal, application: int) -> Application:
        require(principal, Verb.ADMINISTER)
        found = await self._store.application(application)
        if found is None or found.workspace != principal.workspace:
            raise NotFound(f"There is no application {application} in this workspace.")
        return found


def check_redirect(address: str) -> None:
    """Let pass where people may be sent back to.

    Raises:
        Malformed: not https, nor http on one's own machine, nor a scheme of the application's own; or with a fragment.
    """
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].partition(":")[0] if not parts.netloc.startswith("[") else "[::1]"
    fine = (
        (parts.scheme == "https" and bool(host))
        or (parts.scheme == "http" and host in _LOOPBACK)
        or (_OWN_SCHEME.fullmatch(parts.scheme) is not None)
    )
    odd = (
        parts.fragment or "@" in parts.netloc or "*" in address or not address.isprintable() or " " in address
    )
    if not fine or odd or "#" in address or "\\" in address:
        raise Malformed(
            f"{address[:200]!r} is no address that people can be sent back to.", code="bad_redirect"
        )


def _within(application: Application, scope: str) -> list[str]:
    """The scopes that are asked for, all of the application's when none is named."""
    wanted = sorted(set(scope.split())) or sorted(application.scopes)
    if not wanted or not set(wanted) <= set(application.scopes):
        raise OAuthError("A scope is not one of this application.", code="invalid_scope")
    return wanted


def _answer(pair: Pair, scope: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": pair.expires_in_s,
        "scope": scope,
    }
    return {**answer, "refresh_token": pair.refresh} if pair.refresh else answer


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16


def _bad_grant() -> OAuthError:
    return OAuthError(
        "The code or token is unknown, too old, used, or another application's.", code="invalid_grant"
    )


async def _no_roles(_: int) -> list[CustomRole]:
    return []
