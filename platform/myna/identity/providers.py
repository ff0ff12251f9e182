"""The providers of a workspace, for its administrators."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from myna.errors import Forbidden, Malformed, NotFound
from myna.identity.seal import Seal
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import Provider
from myna.model.workspace import WorkspaceRole
from myna.ports.identity import RoleStore
from myna.ports.providers import Doors, ProviderStore
from myna.rights import Principal, Verb, gives, require

MAX_PROVIDERS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What administrators say of a provider; None leaves what is."""

    name: str | None = None
    issuer: str | None = None
    client: str | None = None
    secret: str | None = None
    links: bool | None = None
    creates: bool | None = None
    role: WorkspaceRole | None = None
    domains: Sequence[str] | None = None
    active: bool | None = None
    custom: int | None = None
    """With the role `custom`: which."""


class Providers:
    """Administration of providers. Each change asks the provider first, so that a mistyped address is found at once."""

    def __init__(
        self, store: ProviderStore, doors: Doors, seal: Seal, trail: Trail, roles: RoleStore
    ) -> None:
        self._store, self._doors, self._seal, self._trail = store, doors, seal, trail
        self._roles = roles

    async def all(self, principal: Principal) -> list[Provider]:
        """All of the workspace, by name."""
        require(principal, Verb.ADMINISTER)
        return await self._store.providers(principal.workspace)

    async def open_to(self, workspace: int) -> list[Provider]:
        """Those that the sign-in page of a workspace shows."""
        return [each for each in await self._store.providers(workspace) if each.active]

    async def add(self, principal: Principal, wanted: Wanted) -> Provider:
        """A new provider.

        Raises:
            Malformed: there are too many, or it would make owners. MynaError: `provider_failed`.
        """
        require(principal, Verb.ADMINISTER)
        if len(await self._store.providers(principal.workspace)) >= MAX_PROVIDERS:
            raise Malformed(f"A workspace has at most {MAX_PROVIDERS} providers.")
        blank = Provider(new_id(), principal.workspace, "", "", "", "", True, False, None, (), True)
        return await self._put(principal, blank, wanted, "provider.added")

    async def change(self, principal: Principal, provider: int, wanted: Wanted) -> Provider:
        """The provider with what was given. Raises as `add`, and NotFound."""
        require(principal, Verb.ADMINISTER)
        return await self._put(principal, await self._own(principal, provider), wanted, "provider.changed")

    async def remove(self, principal: Principal, provider: int) -> None:
        """Forget a provider; who signed in through it goes on, and comes in by another way next time.

        Raises:
            NotFound: there is none such here.
        """
        require(principal, Verb.ADMINISTER)
        found = await self._own(principal, provider)
        async with self._trail.act(principal, "provider.removed", f"provider:{provider}", name=found.name):
            await self._store.remove_provider(principal.workspace, provider)

    async def _own(self, principal: Principal, provider: int) -> Provider:
        found = await self._store.provider(provider)
        if found is None or found.workspace != principal.workspace:
            raise NotFound(f"There is no provider {provider} in this workspace.")
        return found

    async def _put(self, principal: Principal, known: Provider, wanted: Wanted, action: str) -> Provider:
        if wanted.role is WorkspaceRole.OWNER:
            raise Malformed("A provider makes no owners.", code="owners_only")
        verbs, custom = frozenset[str](), known.custom_role if wanted.role is None else None
        if wanted.role is WorkspaceRole.CUSTOM:
            roles = await self._roles.roles(principal.workspace)
            found = next((each for each in roles if each.id == wanted.custom), None)
            if found is None:
                raise NotFound("There is no such role in this workspace.", code="no_role")
            verbs, custom = found.verbs, found.id
        if not gives(principal, wanted.role, verbs):
            raise Forbidden("This role cannot be given through a provider by you.", code="more_than_own")
        said: dict[str, Any] = {
            "name": wanted.name,
            "issuer": wanted.issuer,
            "client": wanted.client,
            "links": wanted.links,
            "creates": wanted.creates,
            "role": wanted.role,
            "domains": None if wanted.domains is None else tuple(each.lower() for each in wanted.domains),
            "active": wanted.active,
        }
        made = replace(known, **{name: value for name, value in said.items() if value is not None})
        made = replace(made, custom_role=custom)
        if wanted.secret is not None:
            made = replace(made, secret=self._seal.close(wanted.secret) if wanted.secret else "")
        if made.issuer != known.issuer or (made.active and not known.active):
            await self._doors.check(made.issuer)
        told = {"name": made.name, "issuer": made.issuer, "links": made.links, "creates": made.creates}
        more = {"role": made.role, "domains": list(made.domains), "active": made.active}
        async with self._trail.act(principal, action, f"provider:{made.id}", **told, **more):
            await self._store.put_provider(made)
        return made
