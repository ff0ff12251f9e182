"""Export of everything about a user, erasure that leaves tombstones, and retention by workspace."""

import asyncio
import io
import json
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.desk import HeldRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.identity.passwords import hash_password
from myna.model.conversation import ConversationKind
from myna.model.identity import Device
from myna.privacy.model import Elsewhere, Record
from support.api_world import ANN, BOB, GROUP, OPA, OTTO, VIC, ZOE, World
from support.planning import BIRD, SUPPORT

SECRET_WORDS = "the blue teapot of my grandmother"


async def finished(app: World, who: int, job: str) -> Any:
    """The job after its end."""
    while (found := await app.ask(who, "GET", f"/privacy/jobs/{job}"))["state"] in {"waiting", "running"}:
        await app.services.privacy.jobs.once()
    return found


async def uploaded(app: World, who: int, content: bytes) -> str:
    """A file of somebody's."""
    made = await app.ask(who, "POST", "/files", 201, json={"name": "../secret.txt", "size": len(content)})
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    await app.ask(who, "PATCH", f"/files/{made['id']}", content=content, headers=headers)
    return str(made["id"])


async def test_an_export_holds_everything_and_no_secret(app: World) -> None:
    hashed = await hash_password("correct horse battery")
    await app.services.accounts.set_password(ANN, hashed)
    user = await app.services.accounts.user(ANN)
    assert user is not None
    await app.services.sign_ins.begin(user, Device("Firefox", "192.0.2.7"))
    file = await uploaded(app, ANN, b"what is in the file")
    await app.say(ANN, GROUP, "one", SECRET_WORDS, body={"text": SECRET_WORDS, "files": [file]})
    await app.ask(ANN, "PUT", f"/conversations/{GROUP}/draft", 204, json={"text": "a draft"})
    asked = await app.ask(ANN, "POST", "/account/export", 202)
    job = await finished(app, ANN, asked["id"])
    assert (job["state"], job["messages"], job["error"]) == ("done", 1, None)
    app.who = ANN
    answer = await app.http.get(f"/privacy/jobs/{job['id']}/content")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert int(answer.headers["content-length"]) == len(answer.content) == job["size"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    names = archive.namelist()
    (inside,) = [each for each in names if each.startswith("files/")]
    assert ".." not in inside
    assert archive.read(inside) == b"what is in the file"
    (message,) = [json.loads(line) for line in archive.read("messages.ndjson").splitlines()]
    assert message["body"]["text"] == SECRET_WORDS
    assert b"a draft" in archive.read("drafts.ndjson")
    assert b"192.0.2.7" in archive.read("devices.ndjson")
    everything = b"".join(archive.read(each) for each in names)
    assert hashed.encode() not in everything
    assert json.loads(archive.read("profile.ndjson"))["name"] == "Ann"


async def test_an_export_is_for_administrators_and_for_whom_it_is_about(app: World) -> None:
    asked = await app.ask(OTTO, "POST", f"/admin/users/{VIC}/export", 202)
    again = await app.ask(OTTO, "POST", f"/admin/users/{VIC}/export", 202)
    assert again["id"] == asked["id"]
    await finished(app, OTTO, asked["id"])
    for who, status in ((BOB, 403), (OPA, 403), (ZOE, 404), (VIC, 200), (OTTO, 200)):
        await app.ask(who, "GET", f"/privacy/jobs/{asked['id']}", status)
    await app.ask(BOB, "POST", f"/admin/users/{VIC}/export", 403)
    await app.ask(ZOE, "POST", f"/admin/users/{VIC}/export", 404)
    await app.ask(OTTO, "GET", "/privacy/jobs/12345", 404)


async def test_an_export_is_gone_after_a_week(app: World) -> None:
    asked = await app.ask(ANN, "POST", "/account/export", 202)
    await finished(app, ANN, asked["id"])
    await app.services.privacy.jobs._tidy(time.time() + 8 * 86_400)
    await app.ask(ANN, "GET", f"/privacy/jobs/{asked['id']}/content", 404)


async def test_erasing_leaves_tombstones_and_nothing_of_what_was_said(app: World) -> None:
    file = await uploaded(app, VIC, SECRET_WORDS.encode())
    await app.say(VIC, SUPPORT, "one", body={"text": SECRET_WORDS, "files": [file]})
    await app.say(OPA, SUPPORT, "two", "Good day!")
    edit = {
        "op": "edit",
        "conversation": str(SUPPORT),
        "seq": 1,
        "client_id": "edit",
        "body": {"text": "teapot 2"},
    }
    await app.frame(VIC, edit)
    await app.ask(OPA, "POST", f"/conversations/{SUPPORT}/notes", 201, json={"text": "Vic has a teapot"})
    known = [("memory", {"tea": "pot"})]
    asked_of: list[tuple[int, int, list[int]]] = []

    async def records(_workspace: int, _user: int) -> list[Record]:
        return list(known)

    async def erase(workspace: int, user: int, places: list[int]) -> None:
        asked_of.append((workspace, user, places))
        known.clear()

    app.services.privacy.jobs.elsewhere.append(Elsewhere(records, erase))
    job = await finished(app, OTTO, (await app.ask(OTTO, "POST", f"/admin/users/{VIC}/erase", 202))["id"])
    assert (job["state"], job["error"], job["messages"]) == ("done", None, 1)
    shown = (await app.messages(OPA, SUPPORT))["messages"]
    assert (shown[0]["state"], shown[0]["body"]["text"]) == ("recalled", "")
    assert (shown[-1]["state"], shown[-1]["body"]["text"]) == ("sent", "Good day!")
    assert known == []
    ((workspace, erased, places),) = asked_of
    assert (workspace, erased) == (1, VIC)
    assert SUPPORT in places
    assert (await app.ask(OPA, "GET", f"/conversations/{SUPPORT}/notes"))["notes"] == []
    user = await app.services.accounts.user(VIC)
    assert user is not None
    assert user.name == "Deleted user"
    await app.services.files.collect(time.time())
    await app.ask(OPA, "GET", f"/files/{file}/info", 404)
    assert await stored(app, "teapot") == []
    assert await stored(app, "grandmother") == []
    audit = (await app.ask(OTTO, "GET", "/audit"))["lines"]
    assert [each["action"] for each in audit] == ["person.erase"]
    assert "Vic" not in json.dumps(audit)
    assert (await app.ask(OTTO, "GET", "/audit/verify"))["intact"] is True


async def test_no_byte_of_what_was_said_is_left(app: World) -> None:
    """The files themselves, as somebody with the disk in their hands would read them: database, index and uploads."""
    users = table(UserRow)
    async with app.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == VIC).values(name="Victoria Teapot"))
    for number in range(40):
        await app.say(VIC, SUPPORT, f"said {number}", f"{SECRET_WORDS} number {number}")
    file = await uploaded(app, VIC, SECRET_WORDS.encode() * 200)
    await app.say(VIC, SUPPORT, "with a file", body={"text": SECRET_WORDS, "files": [file]})
    while not (await app.ask(OPA, "GET", "/search", params={"q": "grandmother"}))["hits"]:
        await asyncio.sleep(0.02)
    await finished(app, OTTO, (await app.ask(OTTO, "POST", f"/admin/users/{VIC}/erase", 202))["id"])
    await app.services.files.collect(time.time())
    words = (b"teapot", b"Teapot", b"grandmother", b"Victoria")
    for word in words:
        assert await stored(app, word.decode()) == []
    kept = [each for each in app.services.settings.data_dir.rglob("*") if each.is_file()]
    if app.database.path is not None:
        with closing(sqlite3.connect(app.database.path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept.append(Path(app.database.path))
    for each in kept:
        assert [word for word in words if word in each.read_bytes()] == [], each


async def stored(app: World, word: str) -> list[str]:
    """The tables in which a word stands."""
    from sqlmodel import SQLModel

    found: list[str] = []
    for name, rows in SQLModel.metadata.tables.items():
        for row in await app.database.all(select(rows)):
            if word in repr(tuple(row)):
                found.append(name)
    return found


async def test_who_is_erased_signs_in_no_more_and_keeps_no_handle(app: World) -> None:
    await app.services.accounts.set_password(BOB, await hash_password("correct horse battery"))
    bob = await app.services.accounts.user(BOB)
    assert bob is not None
    pair = await app.services.sign_ins.begin(bob, Device("Firefox", "192.0.2.7"))
    held = table(HeldRow)
    await finished(app, OTTO, (await app.ask(OTTO, "POST", f"/admin/users/{BOB}/erase", 202))["id"])
    assert await app.services.accounts.credentials("bob") is None
    answer = await app.http.post("/auth/refresh", json={"refresh_token": pair.refresh})
    assert answer.status_code == 401
    assert await app.database.all(select(held).where(held.c.sender == BOB)) == []
    users = table(UserRow)
    (row,) = await app.database.all(select(users).where(users.c.id == BOB))
    assert (row.name, row.handle, row.password, row.role) == ("Deleted user", None, None, None)


async def test_owners_bots_and_oneself_are_not_erased(app: World) -> None:
    await app.ask(OTTO, "POST", f"/admin/users/{OTTO}/erase", 409)
    refused = await app.ask(OTTO, "POST", f"/admin/users/{BIRD}/erase", 409)
    assert refused["code"] == "is_a_bot"
    await app.ask(BOB, "POST", f"/admin/users/{ANN}/erase", 403)


async def test_an_erasure_goes_on_after_its_process_died(app: World) -> None:
    await app.say(VIC, SUPPORT, "one", SECRET_WORDS)
    store = app.services.privacy.store
    asked = await app.ask(OTTO, "POST", f"/admin/users/{VIC}/erase", 202)
    now = time.time()
    taken = await store.take(now, 60)
    if taken is not None:
        assert await store.take(now, 60) is None
        again = await store.take(now + 61, -120.0)
        assert again is not None
        assert again.id == taken.id
    job = await finished(app, OTTO, asked["id"])
    assert job["state"] == "done"
    assert await stored(app, "teapot") == []


async def test_a_workspace_keeps_conversations_of_a_kind_for_so_long(app: World) -> None:
    message, days = table(MessageRow), {"group": 30, "support": 0}
    await app.say(ANN, GROUP, "old", "long ago")
    async with app.database.write() as connection:
        past = time.time() - 31 * 86_400
        await connection.execute(update(message).values(created_at=past))
    await app.say(ANN, GROUP, "new", "today")
    await app.say(VIC, SUPPORT, "kept", "kept")
    changed = await app.ask(OTTO, "PUT", "/admin/retention", json={"days": days})
    assert changed["days"]["group"] == 30
    await app.services.privacy.jobs.retain(time.time())
    assert [each["body"]["text"] for each in (await app.messages(ANN, GROUP))["messages"]] == ["today"]
    assert [each["body"]["text"] for each in (await app.messages(VIC, SUPPORT))["messages"]] == ["kept"]
    assert await stored(app, "long ago") == []
    for wrong in ({"group": -1}, {"nonsense": 3}, {"saved": 3}):
        await app.ask(OTTO, "PUT", "/admin/retention", 400, json={"days": wrong})
    await app.ask(ANN, "GET", "/admin/retention", 403)
    assert set(changed["days"]) == {kind.value for kind in ConversationKind} - {"saved"}
