"""Handled conversations as knowledge: only where it was turned on, without personal data, and gone when turned off."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.care import keeping
from myna_knowledge.library import Library
from myna_knowledge.model import JobState, SourceDraft, SourceKind
from support.asked import AGENT, ANN, OPERATOR, Desk
from support.fake_embedder import WordEmbedder

LISTEN = SourceDraft(SourceKind.CONVERSATIONS, title="Handled conversations", content=b"30")


@pytest.fixture
async def library(database_url: str) -> AsyncIterator[Library]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    made = Library(sql_store(database), WordEmbedder(), None)
    yield made
    await database.close()


@pytest.fixture
async def desk(library: Library, database_url: str) -> AsyncIterator[Desk]:
    database = Database(database_url)
    yield await Desk(database, (await library.create_base(1, "Help")).id).open()
    await database.close()


async def talk(desk: Desk, conversation: int) -> None:
    """Ann asks about her order, the bot does not know, Oskar answers."""
    await desk.says(conversation, ANN, "Hi, I'm Ann Archer, order KF-204518.")
    await desk.says(conversation, ANN, "Can torn tent fabric be mended? Mail ann@example.org")
    await desk.says(conversation, AGENT, "I do not know torn fabric.")
    await desk.says(conversation, OPERATOR, "Hello Ann, our workshop mends torn fabric for 15 pounds. Oskar")
    await desk.says(conversation, ANN, "thanks a lot")
    await desk.says(conversation, OPERATOR, "You are welcome, see you.")


async def listened(library: Library, base: int) -> list[str]:
    """The answers that came of conversations, after listening."""
    job = await library.add(base, LISTEN)
    await library.drain()
    assert (await library.job(base, job.id)).state is JobState.DONE
    return [section.text for section in await library.sections(base)]


async def test_a_resolved_conversation_becomes_question_and_answer_without_personal_data(
    library: Library, desk: Desk
) -> None:
    await talk(desk, 101)
    await talk(desk, 102)
    await desk.resolves(101)
    (text,) = await listened(library, desk.base)
    assert "mends torn fabric for 15 pounds" in text
    assert "I do not know" not in text
    for secret in ("Ann", "Archer", "ann@", "204518", "Oskar"):
        assert secret not in text
    found = await library.retrieve([desk.base], "mending torn fabric")
    assert found.passages[0].kind == "faq"
    # Listened to again, nothing is there twice, and what was resolved meanwhile is added.
    await desk.resolves(102)
    assert len(await listened(library, desk.base)) == 2


async def test_nothing_is_learned_until_it_is_turned_on_nor_kept_once_it_is_off(
    library: Library, desk: Desk
) -> None:
    await talk(desk, 101)
    await desk.resolves(101)
    await library.drain()
    await library.care.listen_again(desk.base)
    await library.drain()
    assert await library.sections(desk.base) == []
    assert await listened(library, desk.base)
    (parent,) = [each for each in await library.sources(desk.base) if each.kind is SourceKind.CONVERSATIONS]
    await library.delete_source(desk.base, parent.id)
    assert await library.sources(desk.base) == []
    assert await library.sections(desk.base) == []


async def test_what_its_author_takes_back_goes_with_the_next_listening(
    library: Library, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(desk, 101)
    await desk.resolves(101)
    assert await listened(library, desk.base)
    await desk.recalls(101, 4)
    await library.care.listen_again(desk.base)
    await library.drain()
    assert await library.sections(desk.base)  # a day has not passed
    monkeypatch.setattr(keeping, "LISTENED_EVERY_S", 0.0)
    await library.care.listen_again(desk.base)
    await library.drain()
    assert await library.sections(desk.base) == []


async def test_other_workspaces_conversations_are_not_heard(library: Library, desk: Desk) -> None:
    await talk(desk, 101)
    await desk.resolves(101)
    other = await library.create_base(2, "Theirs")
    assert await listened(library, other.id) == []
