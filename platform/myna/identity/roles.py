"""Roles of a workspace's own: sets of verbs, for its administrators."""

from collections.abc import Sequence

from myna.errors import Conflict, Forbidden, Malformed, NotFound
from myna.identity.sign_ins import SignIns
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.model.identity import CustomRole
from myna.model.workspace import WorkspaceRole
from myna.ports.identity import RoleStore
from myna.rights import OFFERED, Principal, Verb, gives, require

MAX_ROLES = 50


class Roles:
    """Whoever has a role that changes is signed out, so that the change counts at once."""

    def __init__(self, store: RoleStore, sign_ins: SignIns, trail: Trail) -> None:
        self._store, self._sign_ins, self._trail = store, sign_ins, trail

    async def all(self, principal: Principal) -> list[CustomRole]:
        """The workspace's own roles, by name."""
        require(principal, Verb.ADMINISTER)
        return await self._store.roles(principal.workspace)

    async def find(self, principal: Principal, role: int) -> CustomRole:
        """One of them.

        Raises:
            NotFound: there is none such here.
        """
        found = next((each for each in await self.all(principal) if each.id == role), None)
        if found is None:
            raise NotFound(f"There is no role {role} in this workspace.")
        return found

    async def add(self, principal: Principal, name: str, verbs: Sequence[str]) -> CustomRole:
        """A new role.

        Raises:
            Malformed: a verb is none that roles are made of, or there are too many roles. Forbidden: the asker has less.
        """
        if len(await self.all(principal)) >= MAX_ROLES:
            raise Malformed(f"A workspace has at most {MAX_ROLES} roles of its own.")
        made = CustomRole(new_id(), principal.workspace, name, _checked(principal, verbs))
        told = {"name": name, "verbs": sorted(made.verbs)}
        async with self._trail.act(principal, "role.added", f"role:{made.id}", **told):
            await self._store.put_role(made)
        return made

    async def change(
        self, principal: Principal, role: int, name: str | None, verbs: Sequence[str] | None
    ) -> CustomRole:
        """The role with what was given, for everybody who has it. Raises as `add` and `find`.

        Raises:
            Forbidden: it is the asker's own role, or holds more than they have.
        """
        found = await self.find(principal, role)
        if verbs is not None and not gives(principal, WorkspaceRole.CUSTOM, found.verbs):
            raise Forbidden("This role holds more than yours.")
        kept = found.verbs if verbs is None else _checked(principal, verbs)
        made = CustomRole(found.id, found.workspace, name or found.name, kept)
        told = {"name": made.name, "verbs": sorted(made.verbs), "before": sorted(found.verbs)}
        async with self._trail.act(principal, "role.changed", f"role:{made.id}", **told):
            holders = await self._store.put_role(made)
        for user in holders if made.verbs != found.verbs else ():
            await self._sign_ins.end_all(user)
        return made

    async def remove(self, principal: Principal, role: int) -> None:
        """Forget it. Raises as `find`.

        Raises:
            Conflict: somebody has it or is invited to it.
        """
        found = await self.find(principal, role)
        async with self._trail.act(principal, "role.removed", f"role:{found.id}", name=found.name):
            if not await self._store.remove_role(found.id):
                raise Conflict("Somebody has this role; give them another one first.", code="role_in_use")


def _checked(principal: Principal, verbs: Sequence[str]) -> frozenset[str]:
    wanted = frozenset(verbs)
    unknown = wanted - {verb.value for verb in OFFERED}
    if unknown:
        raise Malformed(f"Roles are not made of {', '.join(sorted(unknown))[:200]}.", code="unknown_verb")
    if not gives(principal, WorkspaceRole.CUSTOM, wanted):
        raise Forbidden("You cannot give more than you have.", code="more_than_own")
    return wanted
