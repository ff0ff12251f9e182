"""Imports on each database: what comes in, that it comes in once, and what is told of each record."""

import argparse
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from myna.adapters.blob_local import LocalBlobs
from myna.model.ticket import Owner, TicketStatus
from myna.wiring.backends import build_imports
from myna_knowledge.adapters.sql_imports import JOB
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.api.imports import router
from myna_knowledge.imports import command
from myna_knowledge.imports.service import Imports
from myna_knowledge.library import Library
from myna_knowledge.opening import open_import_store
from support.api_world import OPA, OTTO, WHO, ZOE, World
from support.exports import MAY, OPENAPI, chatwoot, chatwoot_message, docs, intercom, packed
from support.fake_embedder import WordEmbedder
from support.planning import INBOX, WORKSPACE


@dataclass(slots=True)
class Move:
    """A workspace into which things are moved."""

    app: World
    imports: Imports
    library: Library
    base: int
    inbox: str

    async def bring(self, origin: str, content: bytes, name: str = "export.zip", **where: Any) -> Any:
        """The import of a file, when it has ended."""
        where = where or {"inbox": self.inbox, "base": self.base}
        asked = {"origin": origin, "name": name, **where}
        job = await self.app.ask(OTTO, "POST", "/imports", 202, params=asked, content=content)
        assert await self.imports.step()
        await self.library.drain()
        return await self.app.ask(OTTO, "GET", f"/imports/{job['id']}")

    async def rows(self, job: Any, **query: Any) -> dict[str, tuple[str, str]]:
        """Outcome and detail by kind and key."""
        found = await self.app.ask(OTTO, "GET", f"/imports/{job['id']}/rows", params=query)
        return {f"{each['kind']} {each['key']}": (each["outcome"], each["detail"]) for each in found["rows"]}

    async def conversation(self, name: str) -> Any:
        """The conversation of the customer of this name."""
        found = await self.app.ask(OTTO, "GET", "/contacts", params={"search": name})
        return found["contacts"][0]["conversation"]


@pytest.fixture
async def move(app: World, tmp_path: Path) -> AsyncIterator[Move]:
    library = Library(sql_store(app.database), WordEmbedder(), None)
    imports = build_imports(app.services, app.database, library, LocalBlobs(tmp_path / "blobs"))
    app.application.include_router(router(lambda: imports))
    base = await library.create_base(WORKSPACE, "Help")
    (inbox,) = [each for each in await app.services.accounts.inboxes(WORKSPACE) if each.id == INBOX]
    yield Move(app, imports, library, base.id, inbox.key)
    await library.close()


async def test_what_chatwoot_exported_is_here_with_its_own_times(move: Move) -> None:
    job = await move.bring("chatwoot", packed(chatwoot()))
    assert (job["state"], job["done"], job["total"], job["error"]) == ("done", 5, 5, None)
    assert job["counts"] == {"created": 4, "skipped": 1}
    rows = await move.rows(job)
    assert rows["conversation 12"] == ("created", "3 messages, 1 attachments are kept as addresses")
    assert rows["article 2"] == ("skipped", "It is not published.")
    place = await move.conversation("Mia")
    said = (await move.app.messages(OTTO, place))["messages"]
    assert [each["body"]["text"] for each in said] == [
        "My zip is stuck",
        "We mend zips for free.",
        "Here it is\nhttps://cdn.example/zip.png",
    ]
    assert [each["created_at"][:19] for each in said] == [
        "2023-11-14T22:15:01",
        "2023-11-14T22:15:02",
        "2023-11-14T22:15:06",
    ]
    shown = await move.app.ask(OTTO, "GET", f"/conversations/{place}")
    assert (shown["ticket"]["status"], shown["ticket"]["owner"]) == ("resolved", "queue")
    names = {each["user"]["id"]: each["user"]["name"] for each in shown["members"]}
    assert names[said[1]["sender"]] == "Marta"
    notes = (await move.app.ask(OTTO, "GET", f"/conversations/{place}/notes"))["notes"]
    # The colleague of this name works here already.
    assert [(each["text"], each["author"]["id"]) for each in notes] == [("She bought it in May", str(OPA))]
    worn = await move.app.ask(OTTO, "GET", f"/conversations/{place}/labels")
    known = await move.app.ask(OTTO, "GET", "/desk/labels")
    assert [each["name"] for each in known["labels"] if each["id"] in worn["labels"]] == ["Repairs"]
    visitor = await move.app.ask(OTTO, "GET", f"/conversations/{place}/visitor")
    assert (visitor["email"], visitor["subject"], visitor["answers"]) == (
        "mia@example.org",
        "m-1",
        {"phone": "+4912345"},
    )
    rating = await move.app.ask(OTTO, "GET", f"/conversations/{place}/ratings")
    assert (rating["stars"], rating["comment"]) == (4, "Quick")
    (reply,) = (await move.app.ask(OTTO, "GET", "/replies"))["replies"]
    assert (reply["shortcut"], reply["text"]) == ("refund-time", "{{name}}, five days.")
    found = await move.library.retrieve([move.base], "wash wool")
    assert "thirty degrees" in found.passages[0].text


async def test_the_same_export_again_changes_nothing_and_a_newer_one_adds_what_is_new(move: Move) -> None:
    await move.bring("chatwoot", packed(chatwoot()))
    again = await move.bring("chatwoot", packed(chatwoot()))
    assert again["counts"] == {"unchanged": 4, "skipped": 1}
    place = await move.conversation("Mia")
    files = chatwoot() | {"messages/more.json": b"[%s]" % _json(chatwoot_message(120, "It broke again"))}
    newer = await move.bring("chatwoot", packed(files))
    assert (await move.rows(newer))["conversation 12"][0] == "changed"
    said = (await move.app.messages(OTTO, place))["messages"]
    assert [each["body"]["text"] for each in said][-1] == "It broke again"
    assert len(said) == 4
    assert len((await move.app.ask(OTTO, "GET", f"/conversations/{place}/notes"))["notes"]) == 1


async def test_nobody_answers_the_past(move: Move) -> None:
    await move.bring("chatwoot", packed(chatwoot()))
    place = int(await move.conversation("Mia"))
    ticket = await move.app.services.desk.ticket(place)
    assert ticket is not None
    assert (ticket.owner, ticket.status, ticket.created_at) == (Owner.QUEUE, TicketStatus.RESOLVED, MAY + 101)
    turns = await move.app.ask(OTTO, "GET", f"/conversations/{place}/turns")
    assert turns["turns"] == []


async def test_what_intercom_exported_is_here_and_an_open_conversation_waits_for_the_team(move: Move) -> None:
    job = await move.bring("intercom", packed(intercom()))
    assert job["counts"] == {"created": 5}
    place = await move.conversation("Noa")
    said = (await move.app.messages(OTTO, place))["messages"]
    shown = await move.app.ask(OTTO, "GET", f"/conversations/{place}")
    names = {each["user"]["id"]: each["user"]["name"] for each in shown["members"]}
    assert [(names[each["sender"]], each["body"]["text"]) for each in said] == [
        ("Noa", "Where is my parcel?"),
        ("Fin", "I look it up."),
        ("Marta", "It left yesterday."),
    ]
    assert shown["ticket"]["status"] == "open"
    assert shown["ticket"]["owner"] == "queue"
    visitor = await move.app.ask(OTTO, "GET", f"/conversations/{place}/visitor")
    assert (visitor["email"], visitor["subject"]) == ("noa@example.org", "n-1")
    titles = {each.title for each in await move.library.sources(move.base)}
    assert titles == {"Tracking", "Verfolgen"}
    # Whoever spoke elsewhere cannot sign in here, and is not listed among those who can.
    people = await move.app.services.accounts.humans(WORKSPACE, 100)
    assert not {"Fin", "Marta"} & {each.name for each in people}


async def test_documentation_and_an_openapi_description_become_knowledge_and_what_is_gone_goes(
    move: Move,
) -> None:
    job = await move.bring("docs", packed(docs()), "handbook.zip", base=move.base)
    assert job["counts"] == {"created": 3, "skipped": 1}
    assert (await move.rows(job))["file logo.png"] == (
        "skipped",
        "It is neither a page nor an OpenAPI description.",
    )
    found = await move.library.retrieve([move.base], "refund an order amount cents")
    assert "POST /orders/{id}/refund" in (found.passages[0].heading or "") + found.passages[0].text
    less = {name: content for name, content in docs().items() if name != "guide/start.md"}
    again = await move.bring("docs", packed(less), "handbook.zip", base=move.base)
    assert (await move.rows(again))["article guide/start.md"][0] == "removed"
    assert {each.filename for each in await move.library.sources(move.base)} == {
        "guide/faq.html",
        "api/openapi.yaml.md",
    }


async def test_a_lone_description_is_imported_without_an_archive(move: Move) -> None:
    job = await move.bring("docs", OPENAPI, "orders.yaml", base=move.base)
    assert job["counts"] == {"created": 1}


async def test_the_report_is_paged_narrowed_and_downloaded(move: Move) -> None:
    files = chatwoot() | {"strange.json": b'{"color": "blue"}', "=cmd.exe": b"x"}
    job = await move.bring("chatwoot", packed(files))
    failed = await move.rows(job, outcome="failed")
    assert failed == {"file =cmd.exe": ("failed", "Only JSON, JSON lines and CSV files are read.")}
    page = await move.app.ask(OTTO, "GET", f"/imports/{job['id']}/rows", params={"limit": 2})
    rest = await move.app.ask(OTTO, "GET", f"/imports/{job['id']}/rows", params={"after": page["next"]})
    assert len(page["rows"]) + len(rest["rows"]) == job["done"] == job["total"]
    move.app.who = OTTO
    report = (await move.app.http.get(f"/imports/{job['id']}/report.csv")).text
    assert report.splitlines()[0] == "kind,key,title,outcome,detail"
    # A spreadsheet must not run what an export calls a file.
    assert "'=cmd.exe" in report
    assert ",=cmd.exe" not in report


async def test_an_import_whose_worker_died_goes_on_where_it_was(move: Move) -> None:
    asked = {"origin": "chatwoot", "name": "export.zip", "inbox": move.inbox, "base": move.base}
    job = await move.app.ask(OTTO, "POST", "/imports", 202, params=asked, content=packed(chatwoot()))
    store = open_import_store(move.app.database)
    lease = await store.lease("dead", 60.0)
    assert lease is not None
    assert not await move.imports.step()
    async with move.app.database.write() as connection:
        await connection.execute(update(JOB).values(lease_until=0.0))
    assert await move.imports.step()
    # The dead worker comes back and finds that it is not its import any more.
    assert not await store.step(lease, [], 1, 60.0)
    assert (await move.app.ask(OTTO, "GET", f"/imports/{job['id']}"))["state"] == "done"


async def test_a_cancelled_import_ends_and_keeps_what_it_brought(move: Move) -> None:
    asked = {"origin": "chatwoot", "name": "export.zip", "inbox": move.inbox}
    job = await move.app.ask(OTTO, "POST", "/imports", 202, params=asked, content=packed(chatwoot()))
    path = f"/imports/{job['id']}"
    assert (await move.app.ask(OTTO, "POST", f"{path}/cancel"))["state"] == "cancelled"
    assert not await move.imports.step()
    done = await move.bring("chatwoot", packed(chatwoot()))
    ended = await move.app.ask(OTTO, "POST", f"/imports/{done['id']}/cancel")
    assert ended["state"] == "done"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 no zip at all", "cannot be unpacked"),
        (b"\x1f\x8bnothing", "cannot be unpacked"),
    ],
)
async def test_a_broken_file_fails_with_what_is_wrong(move: Move, content: bytes, told: str) -> None:
    job = await move.bring("chatwoot", content)
    assert job["state"] == "failed"
    assert told in job["error"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"origin": "zendesk", "name": "a.zip", "inbox": "shop"}, 400),
        ({"origin": "chatwoot", "name": "a.zip"}, 400),
        ({"origin": "chatwoot", "name": "a.zip", "inbox": "nowhere"}, 404),
        ({"origin": "docs", "name": "a.zip", "base": "999"}, 404),
    ],
)
async def test_what_cannot_be_imported_is_refused_and_nothing_is_stored(
    move: Move, asked: dict[str, str], status: int
) -> None:
    await move.app.ask(OTTO, "POST", "/imports", status, params=asked, content=b"x")
    assert (await move.app.ask(OTTO, "GET", "/imports"))["imports"] == []


async def test_an_empty_file_is_refused(move: Move) -> None:
    asked = {"origin": "docs", "name": "a.zip", "base": move.base}
    answer = await move.app.ask(OTTO, "POST", "/imports", 400, params=asked, content=b"")
    assert "empty" in answer["detail"]


async def test_only_administrators_of_this_workspace_see_an_import(move: Move) -> None:
    job = await move.bring("docs", OPENAPI, "orders.yaml", base=move.base)
    for path in (f"/imports/{job['id']}", f"/imports/{job['id']}/rows", f"/imports/{job['id']}/report.csv"):
        await move.app.ask(OPA, "GET", path, 403)
        await move.app.ask(ZOE, "GET", path, 404)


async def test_the_command_brings_a_folder_in_and_tells_what_became_of_it(
    move: Move, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "handbook"
    for name, content in docs().items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    opened = SimpleNamespace(imports=move.imports, library=move.library, who=WHO[OTTO])
    parser = argparse.ArgumentParser()
    command.declare(parser, [])
    command.TAKEN_S = 0.0
    options = parser.parse_args(["docs", str(folder), "--base", "Handbook", "--report"])
    assert await command.run(options, opened) == 0
    told = capsys.readouterr().out
    assert "created  article guide/start.md" in told
    assert told.splitlines()[-1] == "done: 3 created, 1 skipped"


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()
