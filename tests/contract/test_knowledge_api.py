"""The knowledge routes: who may do what, what goes in, what comes out."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel

from myna.adapters.sql.database import Database
from myna.api.principal import principal
from myna.api.problems import install
from myna.model.workspace import UserKind, WorkspaceRole
from myna.rights import Principal
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.api import router
from myna_knowledge.library import Library
from support.fake_embedder import WordEmbedder

ANN = Principal(1, 1, UserKind.HUMAN, WorkspaceRole.ADMIN)
BOB = Principal(2, 1, UserKind.VISITOR)
EVE = Principal(3, 2, UserKind.HUMAN, WorkspaceRole.OWNER)


class Desk:
    """A client whose requests come from whoever `who` is."""

    def __init__(self, library: Library) -> None:
        self.library, self.who = library, ANN
        app = FastAPI()
        install(app)
        app.include_router(router(lambda: library))
        app.dependency_overrides[principal] = lambda: self.who
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk/v1")

    async def ask(self, method: str, path: str, status: int, **content: Any) -> Any:
        answer = await self.http.request(method, path, **content)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    database = Database(sqlite_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    made = Desk(Library(sql_store(database), WordEmbedder(), None))
    yield made
    await made.http.aclose()
    await database.close()


@pytest.fixture
async def base(desk: Desk) -> str:
    return f"/knowledge-bases/{(await desk.library.create_base(1, 'Help')).id}"


async def test_a_text_a_faq_and_a_file_are_added_and_found(desk: Desk, base: str) -> None:
    text = {"kind": "text", "title": "Stores", "text": "Open on Sundays."}
    faq = {"kind": "faq", "question": "Do you ship abroad?", "variants": ["foreign"], "answer": "To Norway."}
    for each in (text, faq):
        added = await desk.ask("POST", f"{base}/sources", 202, json=each)
        assert added["job"]["state"] == "queued"
    files = {"file": ("returns.md", b"# Returns\n\nWithin 45 days.\n", "text/markdown")}
    added = await desk.ask("POST", f"{base}/sources", 202, files=files)
    await desk.library.drain()
    job = await desk.ask("GET", f"{base}/jobs/{added['job']['id']}", 200)
    assert (job["state"], job["errors"]) == ("done", [])
    listed = (await desk.ask("GET", f"{base}/sources", 200))["sources"]
    assert [(each["title"], each["kind"], each["state"]) for each in listed] == [
        ("Do you ship abroad?", "faq", "ready"),
        ("Returns", "file", "ready"),
        ("Stores", "text", "ready"),
    ]
    found = await desk.ask("POST", f"{base}/search", 200, json={"query": "ship abroad"})
    assert found["passages"][0]["answer"] == "To Norway."
    assert set(found) == {"passages", "confidence", "threshold", "answerable", "reading"}
    (summary,) = (await desk.ask("GET", "/knowledge-bases", 200))["bases"]
    assert (summary["name"], summary["sources"], summary["state"]) == ("Help", 3, "ready")
    assert (summary["embedder"], summary["notice"]) == ("words/1", None)


async def test_a_base_is_made_over_http_once_for_each_name(desk: Desk) -> None:
    wanted = {"name": "Handbook", "audience": "internal"}
    made = await desk.ask("POST", "/knowledge-bases", 201, json=wanted)
    assert (made["name"], made["audience"]) == ("Handbook", "internal")
    assert await desk.ask("POST", "/knowledge-bases", 201, json={"name": " Handbook "}) == made
    (listed,) = (await desk.ask("GET", "/knowledge-bases", 200))["bases"]
    assert (listed["id"], listed["audience"], listed["sources"]) == (made["id"], "internal", 0)
    for wrong in ({"name": ""}, {"name": "x", "audience": "everybody"}, {}):
        await desk.ask("POST", "/knowledge-bases", 400, json=wrong)
    await desk.ask("POST", "/knowledge-bases", 400, json={"name": "  "})
    desk.who = BOB
    await desk.ask("POST", "/knowledge-bases", 403, json={"name": "Mine"})
    desk.who = EVE
    assert (await desk.ask("GET", "/knowledge-bases", 200))["bases"] == []


async def test_a_deleted_source_is_gone_behind_its_citation(desk: Desk, base: str) -> None:
    added = await desk.ask(
        "POST", f"{base}/sources", 202, json={"kind": "text", "title": "T", "text": "Word."}
    )
    await desk.library.drain()
    chunk = (await desk.ask("POST", f"{base}/search", 200, json={"query": "word"}))["passages"][0]["chunk"]
    assert (await desk.ask("GET", f"/passages/{chunk}?version=1", 200))["text"] == "Word."
    await desk.ask("DELETE", f"{base}/sources/{added['source']['id']}", 204)
    assert (await desk.ask("GET", f"/passages/{chunk}", 404))["code"] == "passage_gone"


async def test_a_queued_job_is_cancelled(desk: Desk, base: str) -> None:
    added = await desk.ask(
        "POST", f"{base}/sources", 202, json={"kind": "text", "title": "T", "text": "Word."}
    )
    path = f"{base}/jobs/{added['job']['id']}"
    assert (await desk.ask("POST", f"{path}/cancel", 200))["state"] == "cancelled"
    assert (await desk.ask("GET", path, 200))["state"] == "cancelled"


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        ({"json": {"kind": "text", "title": "T"}}, 422, "text"),
        ({"json": {"kind": "song"}}, 422, "shape"),
        ({"content": b"{nonsense", "headers": {"content-type": "application/json"}}, 422, "shape"),
        (
            {
                "content": b"{}",
                "headers": {"content-type": "application/json", "content-length": "999999999"},
            },
            413,
            "bytes",
        ),
        ({"files": {"other": ("a.md", b"x")}}, 400, "field `file`"),
        ({"files": {"file": ("a.exe", b"x")}}, 422, "files are read"),
    ],
)
async def test_what_cannot_be_taken_says_why(
    desk: Desk, base: str, content: dict[str, Any], status: int, told: str
) -> None:
    answer = await desk.ask("POST", f"{base}/sources", status, **content)
    assert told in str(answer)
    assert (await desk.ask("GET", f"{base}/sources", 200))["sources"] == []


async def test_visitors_read_public_passages_and_nothing_else(desk: Desk, base: str) -> None:
    inside = (await desk.library.create_base(1, "Inside", audience="internal")).id
    text = {"kind": "text", "title": "T", "text": "Word."}
    for path in (base, f"/knowledge-bases/{inside}"):
        await desk.ask("POST", f"{path}/sources", 202, json=text)
    await desk.library.drain()
    chunks = [
        (await desk.ask("POST", f"{path}/search", 200, json={"query": "word"}))["passages"][0]["chunk"]
        for path in (base, f"/knowledge-bases/{inside}")
    ]
    desk.who = BOB
    await desk.ask("GET", f"/passages/{chunks[0]}", 200)
    await desk.ask("GET", f"/passages/{chunks[1]}", 404)
    await desk.ask("GET", "/knowledge-bases", 403)
    await desk.ask("GET", f"{base}/sources", 403)
    await desk.ask("POST", f"{base}/sources", 403, json=text)
    await desk.ask("POST", f"{base}/search", 403, json={"query": "word"})


async def test_another_workspace_sees_nothing_here(desk: Desk, base: str) -> None:
    added = await desk.ask(
        "POST", f"{base}/sources", 202, json={"kind": "text", "title": "T", "text": "Word."}
    )
    await desk.library.drain()
    chunk = (await desk.ask("POST", f"{base}/search", 200, json={"query": "word"}))["passages"][0]["chunk"]
    desk.who = EVE
    assert (await desk.ask("GET", "/knowledge-bases", 200))["bases"] == []
    for method, path in (
        ("GET", f"{base}/sources"),
        ("GET", f"{base}/jobs/{added['job']['id']}"),
        ("POST", f"{base}/jobs/{added['job']['id']}/cancel"),
        ("DELETE", f"{base}/sources/{added['source']['id']}"),
        ("GET", f"/passages/{chunk}"),
    ):
        await desk.ask(method, path, 404)
    await desk.ask("POST", f"{base}/search", 404, json={"query": "word"})
