"""What the knowledge base needs from outside: a model that embeds, an index of vectors, and a durable store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from myna_knowledge.care.ports import CareStore, Conversations
from myna_knowledge.model import (
    BaseSummary,
    Calibration,
    Chunk,
    Job,
    JobState,
    KnowledgeBase,
    Lease,
    Reading,
    Section,
    Source,
    SourceDraft,
)
from myna_knowledge.vectors import Vectors


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product says how close their meanings are.

    The same text gives the same vector, alone or in company. Nothing blocks the event loop, and a question never
    waits for more than one passage of a long batch.
    """

    @property
    def name(self) -> str:
        """Model and version: vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector; known at the latest after the first embedding, 0 before."""
        ...

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dimensions], unit length, in the order given; [0, dimensions] for no texts."""
        ...

    async def embed_query(self, text: str) -> Vectors:
        """float32 [dimensions], unit length."""
        ...

    async def close(self) -> None:
        """Give back threads and connections."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk's vector as an index holds it."""

    chunk: int
    version: int
    lang: str
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk near a question; `cosine` is -1..1."""

    chunk: int
    version: int
    cosine: float


class Index(Protocol):
    """Nearest neighbours by cosine, in named collections. It may lose everything: the store is the truth.

    A collection that was never written to is empty, not an error. Other failures raise whatever they raise.
    """

    async def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Hold these points; one with the same chunk is replaced."""
        ...

    async def delete(self, collection: str, chunks: Sequence[int]) -> None:
        """Forget these chunks; unknown ones are ignored."""
        ...

    async def query(self, collection: str, vector: Vectors, k: int) -> list[Hit]:
        """At most `k` hits, nearest first. The first one of a large collection may take minutes, while it is read in."""
        ...

    async def count(self, collection: str) -> int:
        """How many points the collection holds."""
        ...

    async def drop(self, collection: str) -> None:
        """Forget the collection."""
        ...

    async def close(self) -> None:
        """Give back files, threads and connections."""
        ...


class Catalog(Protocol):
    """Which knowledge bases and sources there are."""

    async def create_base(self, workspace: int, name: str, audience: str) -> KnowledgeBase:
        """The new base, or the one that has this name already, unchanged."""
        ...

    async def bases(self, ids: Sequence[int]) -> list[KnowledgeBase]:
        """Those of these bases that exist."""
        ...

    async def summaries(self, workspace: int) -> list[BaseSummary]:
        """All bases of a workspace, by name."""
        ...

    async def put_source(self, base: int, key: str, draft: SourceDraft) -> tuple[Source, Job]:
        """Store the draft under its key and a job to ingest it, in one transaction. Same content as before and ready:
        the job is done already."""
        ...

    async def sources(self, base: int) -> list[Source]:
        """All sources of a base, by title."""
        ...

    async def draft(self, source: int) -> tuple[SourceDraft, int] | None:
        """What was handed in, and the source's version."""
        ...

    async def delete_source(self, base: int, source: int) -> list[int] | None:
        """Delete a source and all that came of it in one transaction; its chunks' ids, None when there is none."""
        ...


class Jobs(Protocol):
    """Durable ingestion jobs. A lease is lost when it expires or the job is cancelled; its holder then gets False."""

    async def lease(self, worker: str, lease_s: float) -> Lease | None:
        """The next job, now running and ours for `lease_s`: reading before embedding, small before large."""
        ...

    async def progress(self, lease: Lease, done: int, total: int, lease_s: float) -> bool:
        """Note the progress and extend the lease."""
        ...

    async def to_embedding(self, lease: Lease, total: int, errors: Sequence[str]) -> bool:
        """Queue the job again for its second stage."""
        ...

    async def finish(self, lease: Lease, state: JobState, errors: Sequence[str]) -> bool:
        """End the job and set its source's state; the errors are added to those noted before."""
        ...

    async def cancel(self, base: int, job: int) -> tuple[Job, list[int]] | None:
        """Stop an unfinished job; what its source held is deleted. The job as it now is, and the deleted chunks' ids."""
        ...

    async def job(self, base: int, job: int) -> Job | None:
        """One job."""
        ...

    async def open_jobs(self, base: int) -> int:
        """How many jobs of the base are not finished."""
        ...

    async def queue_stale(self, embedder: str) -> int:
        """Queue jobs for all chunks that lack a vector of this embedder and have no open job; how many jobs."""
        ...


@dataclass(frozen=True, slots=True)
class Replaced:
    """What storing a source's sections changed."""

    removed: tuple[int, ...]
    """Chunks that are gone."""
    reused: tuple[Point, ...]
    """New chunks whose vector was taken over from the same words."""
    pending: int
    """Chunks that must be embedded."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A stored vector and where it belongs."""

    chunk: int
    section: int
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from an earlier version of a base."""

    version: int
    vectors: int
    added: tuple[Section, ...]
    alive: frozenset[int] | None
    """Ids of all sections; None when nothing changed."""


class Pieces(Protocol):
    """Sections, chunks and vectors: the truth that every index is rebuilt from."""

    async def replace(self, lease: Lease, reading: Reading, embedder: str) -> Replaced | None:
        """Make these the sections of the lease's source in one transaction; equal sections keep their rows, equal
        pieces their vectors. None when the lease was lost: nothing was stored."""
        ...

    async def pending(self, job: Job, embedder: str, limit: int) -> list[Chunk]:
        """Chunks of the job that lack a vector of this embedder."""
        ...

    async def fill(self, lease: Lease, embedder: str, points: Sequence[Point]) -> bool:
        """Store vectors; False when the lease was lost: nothing was stored."""
        ...

    async def changes(self, base: int, since: int) -> Changes | None:
        """What was written after version `since`; None when there is no such base."""
        ...

    async def chunks(self, ids: Sequence[int]) -> dict[int, tuple[Chunk, Section]]:
        """Those of these chunks that exist, with their sections."""
        ...

    async def chunks_of(self, sections: Sequence[int]) -> list[Chunk]:
        """All chunks of these sections, in order."""
        ...

    async def spots(
        self, embedder: str, *, chunks: Sequence[int] = (), sections: Sequence[int] = ()
    ) -> list[Spot]:
        """The vectors of those of these chunks, and of all chunks of these sections, that exist and have one."""
        ...

    async def points(
        self, base: int, embedder: str, after: int, limit: int, *, since: int = 0
    ) -> list[Point]:
        """A page of the points of a base that came after its `vectors` count was `since`, by chunk id, beginning
        after the chunk `after`."""
        ...

    async def sample(self, base: int, embedder: str, limit: int, *, kind: str | None = None) -> list[Point]:
        """At most `limit` points of each language, drawn by the digest of their text: the same until the base changes,
        spread evenly over it. Only of sections of that kind, if given."""
        ...

    async def coverage(self, base: int, embedder: str) -> float:
        """Share 0..1 of the base's chunks that have a vector by this embedder; 1 for no chunks."""
        ...

    async def counts(self, base: int, embedder: str) -> dict[str, int]:
        """How many chunks of the base have a vector by this embedder, by language."""
        ...


class Calibrations(Protocol):
    """The latest calibration of each base."""

    async def load(self, base: int, embedder: str) -> Calibration | None:
        """The stored calibration."""
        ...

    async def save(self, base: int, version: int, calibration: Calibration) -> None:
        """Replace the stored calibration."""
        ...

    async def bound(self, base: int) -> float | None:
        """The operator's bound on the share of wrong answers; None for the usual one."""
        ...

    async def choose(self, base: int, wrong: float | None) -> None:
        """Store the operator's bound."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """The durable store, by subject."""

    catalog: Catalog
    jobs: Jobs
    pieces: Pieces
    calibrations: Calibrations
    care: CareStore
    conversations: Conversations


def collection_name(base: int, lang: str, embedder: str) -> str:
    """The collection of a base's vectors in one language by one embedder: letters, digits and dashes, 3 to 63 long.

    Languages are apart because any text in the question's language is nearer than the right one in another.
    """
    safe = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in f"{lang}-{embedder}"
    )
    return f"kb{base}-{safe}"[:60].rstrip("-")
