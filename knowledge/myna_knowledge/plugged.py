"""Kinds of sources that a package of its own adds: what such a package implements, and how the library finds it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from myna_knowledge.formats.blocks import Unreadable
from myna_knowledge.model import SourceDraft
from myna_knowledge.reading.fetching import Fetcher

MAX_DOCUMENTS = 2_000
"""So many documents of one source are read; the rest is left out, and the job says so."""
DOCUMENT_S = 45.0
"""How long the next document may take: below the lease of a job."""


class PluggedSource(Protocol):
    """A place that documents come from."""

    @property
    def name(self) -> str:
        """What it is called by, 1 to 32 of a-z, 0-9, _ and -."""
        ...

    def check(self, address: str) -> None:
        """Return when the address is one that can be read; nothing is contacted.

        Raises:
            Unreadable: it is none; nothing was stored.
        """
        ...

    def documents(self, address: str, web: Fetcher) -> AsyncIterator[SourceDraft]:
        """The documents at an address. `key` names each within the source: the same key again replaces what was there, and
        what no longer comes is deleted. `web` keeps private addresses out; use nothing else to fetch.

        Raises:
            Unreadable: they cannot be had; what was read before stays.
        """
        ...


@dataclass(slots=True)
class Plugged:
    """The kinds of sources that plugins read, by name."""

    readers: dict[str, PluggedSource] = field(default_factory=dict[str, PluggedSource])

    def reader(self, name: str) -> PluggedSource:
        """The one with this name.

        Raises:
            Unreadable: no plugin here reads such sources (any more).
        """
        found = self.readers.get(name)
        if found is None:
            known = ", ".join(sorted(self.readers)) or "none"
            raise Unreadable(f"No plugin here reads {name!r}; there are: {known}.", code="no_such_source")
        return found


async def bounded(documents: AsyncIterator[SourceDraft], errors: list[str]) -> AsyncIterator[SourceDraft]:
    """The documents as they come, but only so many, and each within its time; what is left out is told in `errors`.

    Raises:
        Unreadable: the next one did not come in time.
    """
    for _ in range(MAX_DOCUMENTS):
        try:
            async with asyncio.timeout(DOCUMENT_S):
                found = await anext(documents, None)
        except TimeoutError:
            raise Unreadable(f"A document did not come within {DOCUMENT_S:g} s.") from None
        if found is None:
            return
        yield found
    errors.append(f"Only the first {MAX_DOCUMENTS:,} documents were read.")
