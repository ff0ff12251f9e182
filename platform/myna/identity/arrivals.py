"""Signing in through a provider, and linking an account there to the person who is signed in.

Four steps: `begin` sends the browser away, `answered` takes what the provider sends back with it, then `come` signs in or `link`
links. The browser that began holds a `binding`, which travels in no address: only with it what came back is worth anything, so
nobody can be signed in as somebody else by a link (login CSRF), and no cookie is needed. RFC 9700, sections 2.1 and 4.7.
"""

import json
import re
import time
import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Any

from myna.errors import Conflict, MynaError, NotFound, Unauthorised
from myna.identity.account import Account
from myna.identity.people import People
from myna.identity.seal import Seal, digest, new_secret
from myna.identity.second_factor import SecondFactor
from myna.identity.sign_ins import SignIns
from myna.identity.tokens import Pair
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import Claims, Device, Invitation, Linked, Provider
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.ports.accounts import Accounts
from myna.ports.providers import Doors, OnceStore, ProviderStore
from myna.rights import Principal

BEGUN_S = 600.0
"""How long somebody may take at the provider."""
ARRIVAL_S = 300.0
"""How long somebody who came back may take for a second factor."""
HANDLES = 20
"""Handles that are tried for a new person."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom a provider sent back."""

    provider: Provider
    claims: Claims


class Arrivals:
    """Nothing that a provider says decides about rights, but for the role that administrators gave to newcomers."""

    def __init__(
        self,
        accounts: Accounts,
        store: ProviderStore,
        once: OnceStore,
        doors: Doors,
        seal: Seal,
        sign_ins: SignIns,
        account: Account,
        people: People,
        trail: Trail,
        base_url: str,
    ) -> None:
        self._accounts, self._store, self._once, self._doors = accounts, store, once, doors
        self._seal, self._sign_ins, self._account, self._trail = seal, sign_ins, account, trail
        self._people, self._base_url = people, base_url

    @property
    def _factor(self) -> SecondFactor:
        return self._account.second_factor

    def back(self, provider: int) -> str:
        """The address to which the provider sends browsers back; each provider has its own (RFC 9700, section 4.4.2)."""
        return f"{self._base_url}/v1/auth/providers/{provider}/callback"

    async def begin(self, provider: int) -> tuple[str, str]:
        """Where the browser goes, and the binding that it keeps.

        Raises:
            NotFound: there is no such provider, or it is off. MynaError: `provider_failed`.
        """
        found = await self._active(provider)
        state, binding, nonce, verifier = (new_secret() for _ in range(4))
        url = await self._doors.address(found, self.back(provider), state, nonce, verifier)
        kept = {"provider": provider, "binding": digest(binding), "nonce": nonce, "verifier": verifier}
        await self._keep("begun", state, kept, BEGUN_S)
        return url, binding

    async def answered(self, provider: int, state: str, code: str, error: str, issuer: str) -> str:
        """What the browser shows to come in, after the provider sent it back.

        Raises:
            Unauthorised: `attempt_over`: nothing was begun with this state, it is too old, or was used; `provider_refused`.
            MynaError: `provider_failed`.
        """
        begun = await self._taken("begun", state)
        if begun is None or begun["provider"] != provider:
            raise _over()
        if error or not code:
            raise Unauthorised("The provider did not let you in.", code="provider_refused")
        found = await self._active(provider)
        secret = self._seal.open(found.secret) if found.secret else ""
        claims = await self._doors.claims(
            found, secret, self.back(provider), code, begun["nonce"], begun["verifier"], issuer
        )
        arrival = new_secret()
        kept = {"provider": provider, "binding": begun["binding"], "claims": asdict(claims)}
        await self._keep("arrival", arrival, kept, ARRIVAL_S)
        return arrival

    async def come(self, arrival: str, binding: str, code: str | None, device: Device) -> tuple[User, Pair]:
        """Sign in whoever came back.

        Raises:
            Unauthorised: `attempt_over`, `no_account`, `email_unverified`, `account_closed`; `second_factor_needed` when the
                person has one, then the same again with a code; `code_wrong`.
        """
        came = await self._look(arrival, binding)
        user = await self._person(came)
        if await self._factor.on(user.id):
            if not code:
                raise Unauthorised(
                    "This account needs a code of its authenticator app, or a recovery code.",
                    code="second_factor_needed",
                )
            await self._factor.check(user.id, code)
        if await self._taken("arrival", arrival) is None:
            raise _over()
        return user, await self._sign_ins.begin(user, device)

    async def link(self, principal: Principal, arrival: str, binding: str) -> Linked:
        """Link the account at the provider to the asker.

        Raises:
            Unauthorised: `attempt_over`. Conflict: `already_linked`. NotFound: a provider of another workspace.
        """
        user = await self._account.user(principal)
        came = await self._look(arrival, binding)
        if came.provider.workspace != principal.workspace:
            raise NotFound("This provider is not one of your workspace.")
        if await self._taken("arrival", arrival) is None:
            raise _over()
        made = _linked(came, user.id)
        subject, name = f"user:{user.id}", came.provider.name
        async with self._trail.act(principal, "identity.linked", subject, provider=name, email=made.email):
            await self._store.link(made)
        return made

    async def links(self, principal: Principal) -> list[tuple[Linked, Provider]]:
        """The asker's accounts at providers."""
        user = await self._account.user(principal)
        known = {each.id: each for each in await self._store.providers(principal.workspace)}
        links = await self._store.links_of(user.id)
        return [(each, known[each.provider]) for each in links if each.provider in known]

    async def unlink(self, principal: Principal, linked: int) -> None:
        """End such a link.

        Raises:
            NotFound: there is none such. Conflict: `last_way_in`: nothing else would be left to sign in with.
        """
        user = await self._account.user(principal)
        links = await self._store.links_of(user.id)
        if linked not in {each.id for each in links}:
            raise NotFound("There is no such link of yours.")
        if len(links) == 1 and not await self._account.has_password(user.id):
            raise Conflict("You would have no way left to sign in.", code="last_way_in")
        async with self._trail.act(principal, "identity.unlinked", f"user:{user.id}"):
            await self._store.unlink(user.id, linked)

    async def _person(self, came: Arrival) -> User:
        """Whose account this is: linked, found by a verified address, invited to it, or new."""
        provider, claims = came.provider, came.claims
        known = await self._store.linked(provider.id, claims.subject)
        if known is not None:
            user = await self._accounts.user(known[0].user)
            if user is None or not known[1]:
                raise Unauthorised("This account may not sign in any more.", code="account_closed")
            return user
        # An address counts only when the provider verified it, for whoever signs up there with yours would be you here.
        email = claims.email if claims.email_verified and _within(claims.email, provider.domains) else None
        if email is not None and provider.links:
            found = await self._store.person_at(provider.workspace, email)
            # Whoever administers chooses providers and addresses; they must not become an owner by choosing both.
            if found is not None and found.role is not WorkspaceRole.OWNER:
                async with self._trail.of(
                    found.workspace, found.id, "identity.linked", f"user:{found.id}", provider=provider.name
                ):
                    await self._store.link(_linked(came, found.id))
                return found
        return await self._newcomer(came, email)

    async def _newcomer(self, came: Arrival, email: str | None) -> User:
        provider = came.provider
        invited = None
        if email is not None:
            invited = await self._store.invited_at(provider.workspace, email, time.time())
        if invited is None and not provider.creates:
            raise Unauthorised("There is no account for you here; ask to be invited.", code="no_account")
        if invited is None and provider.domains and email is None:
            raise Unauthorised(
                "The provider did not verify an e-mail address of a domain that is let in.",
                code="email_unverified",
            )
        role = provider.role if invited is None else invited.role
        as_invited = None if invited is None else await self._people.newcomer(invited, "", None)
        if invited is None and provider.custom_role is not None:
            # As if invited to that role: what it gives is looked up now.
            to = Invitation(0, provider.workspace, "", role, 0, 0.0, 0.0, custom_role=provider.custom_role)
            as_invited = await self._people.newcomer(to, "", None)
        name = came.claims.name or (email or "").partition("@")[0] or came.claims.handle or provider.name
        blank = as_invited or User(new_id(), provider.workspace, UserKind.HUMAN, "", role=role)
        blank = replace(blank, name=name[:80])
        how = {"provider": provider.name, "role": role, "invited": invited is not None}
        async with self._trail.of(blank.workspace, blank.id, "person.came", f"user:{blank.id}", **how):
            return await self._named(blank, came, email, None if invited is None else invited.id)

    async def _named(self, blank: User, came: Arrival, email: str | None, invitation: int | None) -> User:
        """The person with the first handle that is free."""
        wished = _handle(came.claims.handle or (email or "").partition("@")[0])
        for count in range(1, HANDLES + 1):
            user = replace(blank, handle=wished if count == 1 else f"{wished[:60]}-{count}")
            try:
                if not await self._store.come(user, _linked(came, user.id), email, invitation):
                    raise _over()
                return user
            except Conflict as taken:
                if taken.code != "handle_taken":
                    raise
        raise Conflict("No handle is free for you; ask to be invited.", code="handle_taken")

    async def _active(self, provider: int) -> Provider:
        found = await self._store.provider(provider)
        if found is None or not found.active:
            raise NotFound("There is no such provider to sign in with.", code="no_provider")
        return found

    async def _look(self, arrival: str, binding: str) -> Arrival:
        kept = await self._once.look("arrival", digest(arrival), time.time())
        told: Any = None if kept is None else json.loads(self._seal.open(kept))
        if told is None or told["binding"] != digest(binding):
            raise _over()
        return Arrival(await self._active(told["provider"]), Claims(**told["claims"]))

    async def _keep(self, kind: str, secret: str, data: Any, lives_s: float) -> None:
        now = time.time()
        await self._once.put(kind, digest(secret), self._seal.close(json.dumps(data)), now, now + lives_s)

    async def _taken(self, kind: str, secret: str) -> Any:
        kept = await self._once.take(kind, digest(secret), time.time())
        return None if kept is None else json.loads(self._seal.open(kept))


def _linked(came: Arrival, user: int) -> Linked:
    return Linked(new_id(), came.provider.id, came.claims.subject, user, came.claims.email, time.time())


def _within(email: str | None, domains: tuple[str, ...]) -> bool:
    return email is not None and (not domains or email.rpartition("@")[2] in domains)


def _handle(wished: str) -> str:
    """Small letters, digits, dot, underscore and hyphen, as every handle."""
    plain = unicodedata.normalize("NFKD", wished.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")[:60].strip("._-")
    return made if len(made) > 1 else "person"


def _over() -> MynaError:
    return Unauthorised("This sign-in took too long or was used already; begin again.", code="attempt_over")
