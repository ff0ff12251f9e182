"""Ports of sign-in through others: the providers themselves, what is stored of them, and secrets that work once."""

from collections.abc import Sequence
from typing import Protocol

from myna.model.identity import Claims, Invitation, Linked, Provider
from myna.model.workspace import User


class OnceStore(Protocol):
    """What is known under a secret that works once and only for a while. The secrets are stored by digest."""

    async def put(self, kind: str, digest: str, data: str, now: float, expires_at: float) -> None:
        """Keep it, and forget what ran out before `now`."""
        ...

    async def look(self, kind: str, digest: str, now: float) -> str | None:
        """What is kept, without using it up."""
        ...

    async def take(self, kind: str, digest: str, now: float) -> str | None:
        """What was kept, which is gone by this: of many who ask at once, in whatever process, one gets it."""
        ...


class ProviderStore(Protocol):
    """Providers of workspaces, whom they know, and by which e-mail addresses people are found."""

    async def providers(self, workspace: int) -> list[Provider]:
        """All of a workspace, by name."""
        ...

    async def provider(self, provider: int) -> Provider | None:
        """One by id, whatever workspace it is of."""
        ...

    async def put_provider(self, provider: Provider) -> None:
        """Store a new one, or the new state of a known one."""
        ...

    async def remove_provider(self, workspace: int, provider: int) -> bool:
        """Forget it with everybody's account there; whether there was one."""
        ...

    async def linked(self, provider: int, subject: str) -> tuple[Linked, bool] | None:
        """Whose account at the provider this is, and whether that person may sign in."""
        ...

    async def links_of(self, user: int) -> list[Linked]:
        """A person's accounts at providers, oldest first."""
        ...

    async def link(self, linked: Linked) -> None:
        """Store that this account is this person's.

        Raises:
            Conflict: it is somebody's already, or the person has another one there; nothing was stored.
        """
        ...

    async def unlink(self, user: int, linked: int) -> bool:
        """Forget it; whether there was one."""
        ...

    async def person_at(self, workspace: int, email: str) -> User | None:
        """The active person whom administrators gave this address."""
        ...

    async def email_of(self, users: Sequence[int]) -> dict[int, str]:
        """The addresses that administrators gave these people."""
        ...

    async def set_email(self, workspace: int, user: int, email: str | None) -> None:
        """Give a person an address, or take it.

        Raises:
            Conflict: somebody else of the workspace has it.
        """
        ...

    async def invited_at(self, workspace: int, email: str, now: float) -> Invitation | None:
        """The newest invitation for this address that still works."""
        ...

    async def come(self, user: User, linked: Linked, email: str | None, invitation: int | None) -> bool:
        """Add a person with their account at the provider and use the invitation up, in one transaction.

        False when the invitation works no more; nothing was stored then.

        Raises:
            Conflict: the handle is taken (`handle_taken`), or account or address are somebody's already.
        """
        ...


class Doors(Protocol):
    """Speaks OpenID Connect with providers. Every call takes at most 10 s."""

    async def check(self, issuer: str) -> None:
        """Whether a provider answers there with what is needed.

        Raises:
            MynaError: `provider_failed`, with what is wrong.
        """
        ...

    async def address(self, provider: Provider, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises as `check`."""
        ...

    async def claims(
        self, provider: Provider, secret: str, back: str, code: str, nonce: str, verifier: str, issuer: str
    ) -> Claims:
        """Who came back with this code; `issuer` is what the answer named, "" when it named none.

        Raises:
            MynaError: `provider_failed`: the code, the signature or a claim is not right.
        """
        ...
