"""What is known of visitors beside their names, and by which secret a site vouches for them."""

from collections.abc import Mapping
from typing import Any, Protocol

from myna.value import value


@value
class Profile:
    """What a visitor told before the first message, and who the site says that it is."""

    user: int
    inbox: int
    subject: str | None
    """The site's own id of this person; only set when its signature was right."""
    email: str | None
    answers: Mapping[str, Any]
    """The answers to the inbox's first questions, by name."""


@value
class IdentityKey:
    """By what a site signs who its visitors are."""

    inbox: int
    secret: str
    enforce: bool
    """Whether nobody may begin without a signature."""


class Visitors(Protocol):
    """Keeps profiles and keys."""

    async def profile(self, user: int) -> Profile | None:
        """What is known of a visitor."""
        ...

    async def known(self, inbox: int, subject: str) -> int | None:
        """The user who came with this id before."""
        ...

    async def put(self, profile: Profile, name: str | None) -> None:
        """Keep a profile in place of the one before, and the visitor's name when one is given.

        Raises:
            Conflict: another user has this subject; nothing was stored.
        """
        ...

    async def key(self, inbox: int) -> IdentityKey | None:
        """The key of an inbox."""
        ...

    async def put_key(self, key: IdentityKey) -> None:
        """Keep a key in place of the one before."""
        ...

    async def drop_key(self, inbox: int) -> None:
        """Signatures of this inbox are not taken any more."""
        ...
