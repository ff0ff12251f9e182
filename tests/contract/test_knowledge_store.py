"""Knowledge on each database: durable jobs, nothing embedded twice, nothing deleted ever found, workspaces apart."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna.errors import Malformed, NotFound
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import BaseState, FaqEntry, JobState, SourceDraft, SourceKind, SourceState, Stage
from myna_knowledge.ports import Store
from support.fake_embedder import WordEmbedder

RETURNS = "# Returns\n\n## Deadline\n\nUnused goods come back within 45 days.\n\n## Label\n\nA label costs 3 pounds.\n"


def page(text: str, name: str = "returns.md") -> SourceDraft:
    return SourceDraft(SourceKind.FILE, filename=name, content=text.encode())


def faq(question: str, answer: str, *variants: str) -> SourceDraft:
    return SourceDraft(SourceKind.FAQ, faq=FaqEntry(question, answer, variants))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> Store:
    return sql_store(database)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(store: Store, embedder: WordEmbedder) -> Library:
    return Library(store, embedder, None)


@pytest.fixture
async def base(library: Library) -> int:
    return (await library.create_base(1, "Help")).id


async def test_a_base_is_made_once_per_name(library: Library) -> None:
    first = await library.create_base(1, "Help")
    assert await library.create_base(1, " Help ") == first
    assert (await library.create_base(2, "Help")).id != first.id
    with pytest.raises(Malformed):
        await library.create_base(1, "Help", audience="everybody")


async def test_a_source_is_read_embedded_and_found(library: Library, base: int) -> None:
    job = await library.add(base, page(RETURNS))
    assert (job.state, job.stage) == (JobState.QUEUED, Stage.READ)
    await library.drain()
    done = await library.job(base, job.id)
    assert (done.state, done.done, done.total) == (JobState.DONE, 2, 2)
    (source,) = await library.sources(base)
    assert (source.title, source.lang, source.state, source.chunks) == ("Returns", "en", SourceState.READY, 2)
    found = await library.retrieve([base], "how many days until goods come back")
    best = found.passages[0]
    assert (best.title, best.heading, best.kind) == ("Returns", "Deadline", "text")
    assert best.text[best.start : best.end] == "Unused goods come back within 45 days."
    assert (await library.passage(1, best.chunk, best.version)).text == best.text


async def test_every_source_is_found_by_its_words_before_any_is_embedded(
    library: Library, base: int, embedder: WordEmbedder
) -> None:
    await library.add(base, page(RETURNS))
    await library.add(base, page("# Stores\n\nOpen on Sundays.\n", "stores.md"))
    await library._step()
    await library._step()
    assert embedder.asked == []
    assert (await library.retrieve([base], "sundays")).passages[0].title == "Stores"
    assert library.state((await library.bases(1))[0]) is BaseState.INDEXING
    await library.drain()
    assert library.state((await library.bases(1))[0]) is BaseState.READY


async def test_short_faqs_are_embedded_before_pages(
    library: Library, base: int, embedder: WordEmbedder
) -> None:
    await library.add(base, page(RETURNS))
    await library.add(base, faq("Do you ship abroad?", "Yes."))
    await library.drain()
    assert embedder.asked[0] == "Do you ship abroad?"


async def test_unchanged_words_are_never_embedded_twice(
    library: Library, base: int, embedder: WordEmbedder
) -> None:
    await library.add(base, page(RETURNS))
    await library.drain()
    before = len(embedder.asked)
    kept = (await library.retrieve([base], "label costs")).passages[0]
    again = await library.add(base, page(RETURNS))
    assert again.state is JobState.DONE
    await library.add(base, page(RETURNS.replace("45", "60") + "\n## New\n\nKayaks cannot be returned.\n"))
    await library.drain()
    assert len(embedder.asked) == before + 2
    assert len(embedder.asked) == len(set(embedder.asked))
    assert (await library.retrieve([base], "label costs")).passages[0].chunk == kept.chunk
    texts = [each.text for each in (await library.retrieve([base], "goods come back days")).passages]
    assert any("60 days" in text for text in texts)
    assert not any("45 days" in text for text in texts)


async def test_a_deleted_source_is_in_no_answer_and_behind_no_citation(library: Library, base: int) -> None:
    await library.add(base, page(RETURNS))
    await library.add(base, faq("Do you ship abroad?", "Yes, to Norway."))
    await library.drain()
    cited = (await library.retrieve([base], "label costs")).passages[0]
    source = next(each for each in await library.sources(base) if each.kind is SourceKind.FILE)
    await library.delete_source(base, source.id)
    found = await library.retrieve([base], "label costs", k=20)
    assert {each.kind for each in found.passages} <= {"faq"}
    with pytest.raises(NotFound) as caught:
        await library.passage(1, cited.chunk, cited.version)
    assert caught.value.code == "passage_gone"
    with pytest.raises(NotFound):
        await library.delete_source(base, source.id)


async def test_another_process_sees_changes_and_deletions_at_once(
    library: Library, base: int, store: Store
) -> None:
    other = Library(store, WordEmbedder(), None)
    await library.add(base, page(RETURNS))
    await library.drain()
    assert (await other.retrieve([base], "label costs")).passages
    (source,) = await library.sources(base)
    await library.delete_source(base, source.id)
    assert (await other.retrieve([base], "label costs")).passages == ()


async def test_a_killed_job_is_resumed_without_embedding_again(
    store: Store, base: int, library: Library
) -> None:
    many = "\n".join(f"## Part {number}\n\nWord{number} is about topic{number}.\n" for number in range(30))

    def die(count: int) -> None:
        if count == 20:
            raise asyncio.CancelledError

    killed = WordEmbedder(interrupt=die)
    dying = Library(store, killed, None)
    job = await dying.add(base, page(many))
    with pytest.raises(asyncio.CancelledError):
        await dying.drain()
    assert (await library.job(base, job.id)).state is JobState.RUNNING
    assert await store.jobs.lease("other", 60) is None
    await _expire(store)
    survivor = WordEmbedder()
    await Library(store, survivor, None).drain()
    done = await library.job(base, job.id)
    assert (done.state, done.total) == (JobState.DONE, 30)
    assert not set(survivor.asked) & set(killed.asked[:16])
    assert len(survivor.asked) == 14


async def _expire(store: Store) -> None:
    from sqlalchemy import update

    from myna_knowledge.adapters.sql_jobs import JOB, SqlJobs

    assert isinstance(store.jobs, SqlJobs)
    async with store.jobs._database.write() as connection:
        await connection.execute(update(JOB).values(lease_until=0.0))


async def test_a_job_that_kills_its_workers_is_given_up(store: Store, base: int, library: Library) -> None:
    job = await library.add(base, page(RETURNS))
    for attempt in range(20):
        if await store.jobs.lease(f"worker {attempt}", 60) is None:
            break
        await _expire(store)
    found = await library.job(base, job.id)
    assert found.state is JobState.FAILED
    assert "given up" in found.errors[0]


async def test_a_worker_that_lost_its_lease_stores_nothing(store: Store, base: int, library: Library) -> None:
    job = await library.add(base, page(RETURNS))
    lost = await store.jobs.lease("slow", 60)
    assert lost is not None
    await _expire(store)
    await library.drain()
    assert (await library.job(base, job.id)).state is JobState.DONE
    assert not await store.jobs.finish(lost, JobState.FAILED, ["too late"])
    assert not await store.pieces.fill(lost, "words/1", [])
    assert (await library.job(base, job.id)).state is JobState.DONE


async def test_a_cancelled_source_answers_nothing_until_it_is_added_again(
    library: Library, base: int
) -> None:
    job = await library.add(base, page(RETURNS))
    await library._step()
    assert (await library.retrieve([base], "label")).passages
    assert (await library.cancel(base, job.id)).state is JobState.CANCELLED
    await library.drain()
    assert (await library.retrieve([base], "label")).passages == ()
    assert (await library.sources(base))[0].state is SourceState.CANCELLED
    again = await library.add(base, page(RETURNS))
    await library.drain()
    assert (await library.cancel(base, again.id)).state is JobState.DONE
    assert (await library.retrieve([base], "label")).passages


async def test_an_unreadable_source_fails_alone_with_its_reason(library: Library, base: int) -> None:
    bad = await library.add(base, SourceDraft(SourceKind.FILE, filename="a.txt", content=b"caf\xe9"))
    good = await library.add(base, page(RETURNS))
    await library.drain()
    failed = await library.job(base, bad.id)
    assert failed.state is JobState.FAILED
    assert "not UTF-8" in failed.errors[0]
    assert (await library.job(base, good.id)).state is JobState.DONE
    states = {source.key: (source.state, source.error) for source in await library.sources(base)}
    assert states["file:a.txt"] == (SourceState.FAILED, failed.errors[0])


async def test_lines_that_cannot_be_read_are_reported_and_the_others_kept(
    library: Library, base: int
) -> None:
    lines = b'{"question": "Abroad?", "answer": "Norway only."}\nnonsense\n'
    job = await library.add(base, SourceDraft(SourceKind.FILE, filename="faq.jsonl", content=lines))
    await library.drain()
    done = await library.job(base, job.id)
    assert done.state is JobState.DONE
    assert done.errors[0].startswith("line 2")
    best = (await library.retrieve([base], "abroad")).passages[0]
    assert (best.question, best.answer, best.text[best.start : best.end]) == (
        "Abroad?",
        "Norway only.",
        "Norway only.",
    )


async def test_workspaces_do_not_see_each_other(library: Library, base: int) -> None:
    job = await library.add(base, page(RETURNS))
    await library.drain()
    chunk = (await library.retrieve([base], "label")).passages[0].chunk
    other = (await library.create_base(2, "Help")).id
    assert [each.base.id for each in await library.bases(2)] == [other]
    assert (await library.retrieve([other], "label")).passages == ()
    for forbidden in (library.base(2, base), library.passage(2, chunk), library.job(other, job.id)):
        with pytest.raises(NotFound):
            await forbidden
    (source,) = await library.sources(base)
    with pytest.raises(NotFound):
        await library.delete_source(other, source.id)
    assert (await library.retrieve([base], "label")).passages


async def test_several_bases_are_searched_as_one(library: Library, base: int) -> None:
    second = (await library.create_base(1, "Stores")).id
    await library.add(base, page(RETURNS))
    await library.add(second, page("# Stores\n\nOpen on Sundays.\n", "stores.md"))
    await library.drain()
    found = await library.retrieve([base, second, base], "open sundays")
    assert (found.passages[0].base, found.passages[0].title) == (second, "Stores")
    with pytest.raises(NotFound):
        await library.retrieve([base, 404], "x")


async def test_another_embedder_embeds_all_again(library: Library, base: int, store: Store) -> None:
    await library.add(base, page(RETURNS))
    await library.drain()

    class Newer(WordEmbedder):
        name = "words/2"

    newer = Newer()
    upgraded = Library(store, newer, None)
    assert (await upgraded.retrieve([base], "label costs")).passages
    assert await store.jobs.queue_stale(newer.name) == 1
    assert await store.jobs.queue_stale(newer.name) == 0
    await upgraded.drain()
    assert len(newer.asked) == 2
    assert await store.pieces.counts(base, newer.name) == {"en": 2}


async def test_without_an_embedder_words_alone_find_and_calibrate(store: Store) -> None:
    plain = Library(store, None, None)
    base = (await plain.create_base(1, "Plain")).id
    for number in range(30):
        question = f"Where does lamp{number} from shelf{number} stand?"
        await plain.add(base, faq(question, f"In room {number}.", f"lamp{number} of shelf{number}, standing"))
    await plain.drain()
    found = await plain.retrieve([base], "where is lamp7 of shelf7 standing now")
    assert found.passages[0].answer == "In room 7."
    assert found.answerable
    assert not (await plain.retrieve([base], "how do volcanoes erupt")).answerable
    calibration = await plain.calibration(base)
    assert calibration is not None
    assert calibration.sample > 50


async def test_the_same_text_is_shown_once(library: Library, base: int) -> None:
    await library.add(base, page(RETURNS))
    await library.add(base, page(RETURNS, "copy.md"))
    await library.drain()
    found = await library.retrieve([base], "label costs")
    assert len([each for each in found.passages if each.heading == "Label"]) == 1


async def test_an_empty_question_or_base_gives_no_passages(library: Library, base: int) -> None:
    assert (await library.retrieve([base], "anything")).passages == ()
    await library.add(base, page(RETURNS))
    await library.drain()
    nothing = await library.retrieve([base], "   ")
    assert (nothing.passages, nothing.answerable) == ((), False)


async def test_a_failing_embedder_leaves_words_to_answer(library: Library, base: int, store: Store) -> None:
    await library.add(base, page(RETURNS))
    await library.drain()

    class Broken(WordEmbedder):
        async def embed_query(self, text: str) -> object:  # type: ignore[override]  # it never returns
            raise ConnectionError("gone")

    found = await Library(store, Broken(), None).retrieve([base], "label costs")  # type: ignore[arg-type]  # see above
    assert found.passages[0].heading == "Label"
