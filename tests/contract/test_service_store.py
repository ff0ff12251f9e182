"""Notes, prepared replies, ratings, contacts and figures, on both databases and over HTTP."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.service import DAY_S, SqlService
from myna.adapters.sql.migrate import migrate
from myna.errors import Conflict
from myna.model.service import WHOLE, Note, PreparedReply, Rating
from myna.model.workspace import Inbox
from support import myna_server
from support.planning import ANN, INBOX, SUPPORT, VIC, WORKSPACE
from support.stores import Stores


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[SqlService]:
    database = Database(database_url)
    await migrate(database)
    yield SqlService(database)
    await database.close()


def note(number: int, author: int = ANN) -> Note:
    return Note(number, SUPPORT, author, f"Note {number}", float(number))


async def test_notes_come_back_oldest_first_and_only_for_their_conversation(service: SqlService) -> None:
    for number in (2, 1, 3):
        await service.add_note(note(number))
    await service.add_note(Note(4, SUPPORT + 1, ANN, "Elsewhere", 4.0))
    assert await service.notes(SUPPORT) == [note(1), note(2), note(3)]


async def test_a_note_is_removed_by_its_author_or_an_administrator(service: SqlService) -> None:
    await service.add_note(note(1))
    assert not await service.remove_note(SUPPORT, 1, VIC)
    assert not await service.remove_note(SUPPORT + 1, 1, None)
    assert await service.remove_note(SUPPORT, 1, ANN)
    await service.add_note(note(2))
    assert await service.remove_note(SUPPORT, 2, None)
    assert await service.notes(SUPPORT) == []


async def test_a_conversation_holds_so_many_notes(
    service: SqlService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("myna.adapters.sql.desk.service.MAX_NOTES", 1)
    await service.add_note(note(1))
    with pytest.raises(Conflict) as refused:
        await service.add_note(note(2))
    assert refused.value.code == "too_many_notes"


async def test_a_shortcut_has_one_text_in_each_workspace(service: SqlService) -> None:
    await service.put_reply(PreparedReply(1, WORKSPACE, "hello", "Hello!", 1.0))
    await service.put_reply(PreparedReply(2, WORKSPACE + 1, "hello", "Ahoy!", 1.0))
    kept = await service.put_reply(PreparedReply(3, WORKSPACE, "hello", "Good day!", 2.0))
    assert kept.id == 1
    assert await service.replies(WORKSPACE) == [PreparedReply(1, WORKSPACE, "hello", "Good day!", 2.0)]
    assert not await service.remove_reply(WORKSPACE + 1, 1)
    assert await service.remove_reply(WORKSPACE, 1)


async def test_rating_again_replaces_what_was_said(service: SqlService) -> None:
    await service.rate(Rating(SUPPORT, VIC, 3, -1, "", 1.0))
    await service.rate(Rating(SUPPORT, VIC, 3, 1, "", 2.0))
    await service.rate(Rating(SUPPORT, VIC, WHOLE, 4, "quick", 3.0))
    assert [(each.seq, each.score) for each in await service.ratings(SUPPORT)] == [(WHOLE, 4), (3, 1)]


async def test_visitors_who_wrote_are_contacts_found_by_name(shop: Stores) -> None:
    service = SqlService(shop.database)
    found = await service.contacts(WORKSPACE, "", None, 10)
    assert [each.user.id for each in found] == [VIC]
    assert found[0].conversations >= 1
    assert [each.user.id for each in await service.contacts(WORKSPACE, "vI", None, 10)] == [VIC]
    assert await service.contacts(WORKSPACE, "%", None, 10) == []
    assert await service.contacts(WORKSPACE, "", (found[0].last_at, VIC), 10) == []
    assert await service.contacts(WORKSPACE + 1, "", None, 10) == []


async def test_figures_are_counted_per_day(shop: Stores) -> None:
    service = SqlService(shop.database)
    opened = sum(int(each.counts.get("opened", 0)) for each in await service.days(WORKSPACE, 0.0))
    assert opened >= 1
    day = 20_000
    for seq, score in ((WHOLE, 5), (2, 1), (3, -1)):
        await service.rate(Rating(SUPPORT, VIC, seq, score, "", day * DAY_S + DAY_S - 0.4))
    rated = {each.day: each.counts for each in await service.days(WORKSPACE, 0.0)}[day]
    assert (rated["helpful"], rated["unhelpful"], rated["rated"], rated["stars"]) == (1, 1, 1, 5.0)
    assert await service.days(WORKSPACE, time.time() + DAY_S) == []


async def test_an_inbox_is_changed_in_place(shop: Stores) -> None:
    known = next(each for each in await shop.accounts.inboxes(WORKSPACE) if each.id == INBOX)
    changed = Inbox(
        known.id,
        known.workspace,
        known.key,
        "New name",
        known.agent,
        ("https://shop.example",),
        known.locale,
        {"greeting": {"en": "Hi"}},
    )
    await SqlService(shop.database).change_inbox(changed)
    assert await shop.accounts.inbox_by_key(known.key) == changed


def test_over_http_each_side_sees_and_does_only_what_it_may(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    words_alone = {"MYNA_EMBEDDER": "none:"}
    with myna_server.serve(tmp_path_factory.mktemp("service"), "--demo", settings=words_alone) as server:
        operator = {"Authorization": f"Bearer {myna_server.sign_in(server)}"}
        with httpx.Client(base_url=f"{server.url}/v1", timeout=30) as http:
            visitor = {
                "Authorization": f"Bearer {http.post('/visitors', json={'inbox': 'demo'}).json()['access_token']}"
            }
            opened = http.post(
                "/conversations", json={"kind": "support", "inbox": "demo"}, headers=visitor
            ).json()
            place = f"/conversations/{opened['id']}"
            http.post(
                f"{place}/messages",
                json={"body": {"text": "I want a human"}},
                headers=visitor | {"Idempotency-Key": "one"},
            ).raise_for_status()
            made = http.post(f"{place}/notes", json={"text": " Be kind. "}, headers=operator)
            assert (made.status_code, made.json()["text"]) == (201, "Be kind.")
            assert [
                each["author"]["name"]
                for each in http.get(f"{place}/notes", headers=operator).json()["notes"]
            ] == ["Ana"]
            for path in (f"{place}/notes", "/replies", "/contacts", "/reports", "/inboxes"):
                assert http.get(path, headers=visitor).status_code == 403, path
                assert http.get(path, headers=operator).status_code == 200, path
            assert http.put(f"{place}/rating", json={"stars": 4}, headers=operator).status_code == 403
            assert http.put(f"{place}/rating", json={"stars": 6}, headers=visitor).status_code == 400
            assert http.put(f"{place}/rating", json={"stars": 4}, headers=visitor).status_code == 204
            own = http.put(f"{place}/messages/1/feedback", json={"helpful": True}, headers=visitor)
            assert own.status_code == 404
            assert http.get(f"{place}/ratings", headers=operator).json()["stars"] == 4
            days = http.get("/reports", params={"days": 7}, headers=operator).json()["days"]
            assert len(days) == 7
            assert (days[-1]["opened"], days[-1]["rated"], days[-1]["stars"]) == (1, 1, 4.0)
            renamed = http.patch("/inboxes/demo", json={"name": "Help"}, headers=operator)
            assert renamed.status_code == 200
            assert http.get("/inboxes/demo").json()["name"] == "Help"
            evil = {"allowed_origins": ["https://a.example; script-src *"]}
            assert http.patch("/inboxes/demo", json=evil, headers=operator).status_code == 400
