"""Bad input on every surface of bots gets that surface's own error shape, and nothing of the database is changed by it.

Each surface is given the same list of broken bodies, broken keys and foreign places; the whole database is compared before and
after, so a row that is written by mistake is found wherever it lies.
"""

import asyncio
import hashlib
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from myna.model.workspace import WorkspaceRole
from myna_bots.slack.hooks import SPACE
from support.bot_world import Caller, World, world
from support.http_server import served

DEEP = b"[" * 100_000 + b"]" * 100_000
HUGE = json.dumps({"text": "x" * 300_000, "model": "x" * 300_000}).encode()
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "cut off": b'{"text": "x"',
    "no object": b'["text"]',
    "a string": b'"text"',
    "missing": b"{}",
    "a number": b'{"text": 7, "model": 7, "chat_id": [], "url": 7, "name": 7, "conversation": 7}',
    "null": b'{"text": null, "model": null, "chat_id": null, "url": null, "name": null, "conversation": null}',
    "an object": b'{"text": {"a": [1]}, "model": {}, "chat_id": {}, "url": {}, "name": {}, "conversation": {}}',
    "no UTF-8": b'{"text": "\xff\xfe", "model": "\xff", "chat_id": "\xff", "url": "\xff", "name": "\xff"}',
    "half a pair": b'{"text": "\\ud800", "model": "\\ud800", "chat_id": "\\ud800", "url": "\\ud800", "name": "\\ud800"}',
    "NUL": b'{"text": "a\\u0000b", "model": "\\u0000", "chat_id": "\\u0000", "url": "\\u0000", "name": "\\u0000"}',
    "deep": DEEP,
    "deep inside": b'{"text": ' + DEEP + b', "model": ' + DEEP + b"}",
    "huge": HUGE,
    "a huge number": b'{"text": 1e999999, "chat_id": 1e400, "model": 1e400, "url": 1e400, "name": 1e400}',
}


@dataclass(slots=True)
class Shop:
    """A group with a bot, a group without it, and who made them."""

    world: World
    data: Path
    ann: Caller
    bot: Caller
    place: str
    elsewhere: str
    revoked: str

    def rows(self) -> dict[str, str]:
        """A digest of all rows of each table."""
        with sqlite3.connect(f"file:{self.data}?mode=ro", uri=True) as database:
            names = [
                row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return {
                name: hashlib.sha256(
                    repr(sorted(map(repr, database.execute(f'SELECT * FROM "{name}"')))).encode()
                ).hexdigest()
                for name in names
            }

    def fed(self) -> bool:
        """Whether the bots' logs hold everything that has happened so far."""
        with sqlite3.connect(f"file:{self.data}?mode=ro", uri=True) as database:
            found = database.execute("SELECT f.pos >= l.pos FROM bot_feed f, lane l WHERE l.id = f.id")
            return bool(found.fetchone()[0])

    @property
    def http(self) -> httpx.AsyncClient:
        return self.world.http


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with world(tmp_path) as made:
        ann = await made.person("ann", WorkspaceRole.OWNER)
        place, elsewhere = await made.group(ann), await made.group(ann)
        bot = await made.installed(ann, place)
        token = (await ann.ask("POST", f"/v1/bots/{bot.id}/tokens", 201, json={"name": "gone"}))["token"]
        await ann.ask("DELETE", f"/v1/bots/{bot.id}/tokens/{token['id']}", 204)
        (file,) = (tmp_path / "data").glob("*.db")
        yield Shop(made, file, ann, bot, place, elsewhere, token["key"])


@asynccontextmanager
async def unchanged(shop: Shop) -> AsyncIterator[None]:
    async with asyncio.timeout(60):  # what making the shop told its bot is no change by bad input
        while not shop.fed():
            await asyncio.sleep(0.02)
    before = shop.rows()
    assert len(before) > 30
    yield
    after = shop.rows()
    changed = {name for name in after if after[name] != before.get(name)}
    # That somebody tries keys is noticed, as it should be; and the search index writes down how far it has come.
    assert changed - {"alert", "search_state"} == set()


Check = Callable[[httpx.Response], None]


def is_problem(answer: httpx.Response) -> None:
    """RFC 9457 with Myna's code."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = answer.json()
    assert found["status"] == answer.status_code
    assert all(isinstance(found[each], str) and found[each] for each in ("type", "title", "detail", "code"))


def is_telegram(answer: httpx.Response) -> None:
    found = answer.json()
    assert set(found) == {"ok", "error_code", "description"}, answer.text
    assert found["ok"] is False
    assert 400 <= found["error_code"] == answer.status_code < 500
    assert re.match(
        r"(Bad Request: |Unauthorized|Forbidden: |Not Found|Request Entity Too Large)", found["description"]
    )


def is_openai(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    (name,) = answer.json()
    assert name == "error"
    found = answer.json()["error"]
    assert set(found) == {"message", "type", "param", "code"}
    assert found["type"] in {"invalid_request_error", "permission_error"}
    assert found["message"]
    assert found["code"]


def is_slack(answer: httpx.Response) -> None:
    """One word as plain text."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("text/plain"), answer.text
    assert re.fullmatch(r"[a-z_]{1,40}", answer.text), answer.text


async def broken(
    shop: Shop,
    method: str,
    path: str,
    check: Check,
    *,
    token: str = "",
    skip: frozenset[str] = frozenset(),
    **headers: str,
) -> None:
    """Send every broken body; all are refused in the surface's shape."""
    sent = {"Content-Type": "application/json", "Idempotency-Key": "bad", **headers}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    for name, body in BODIES.items():
        if name in skip:
            continue
        answer = await shop.http.request(method, path, content=body, headers=sent)
        assert 400 <= answer.status_code < 500, (
            f"{method} {path}: {name}: {answer.status_code} {answer.text[:300]}"
        )
        check(answer)


async def keyless(shop: Shop, method: str, path: str, check: Check, **content: Any) -> None:
    """No key, none of this server's, one that was revoked, one of another shape."""
    unknown = f"{shop.bot.id}:{'x' * 35}"
    for token in (None, unknown, shop.revoked, "nonsense", shop.bot.token + "x", "é"):
        headers = [(b"Idempotency-Key", b"k")]
        if token is not None:
            headers.append((b"Authorization", f"Bearer {token}".encode()))
        answer = await shop.http.request(method, path, headers=headers, **content)
        assert answer.status_code == 401, f"{token}: {answer.text}"
        check(answer)


async def test_the_native_surface_refuses_with_a_problem(shop: Shop) -> None:
    says = "/v1/bot/conversations/{0}/messages"
    good: Mapping[str, Any] = {"text": "hello"}
    key = shop.bot.token
    async with unchanged(shop):
        await broken(shop, "POST", says.format(shop.place), is_problem, token=key)
        for path in ("/v1/bot/cursor", "/v1/bot/clicks/1/answer", "/v1/bot/inline/1/answer"):
            await broken(shop, "POST", path, is_problem, token=key)
        await broken(shop, "PUT", "/v1/bot/commands", is_problem, token=key)
        odd = frozenset({"missing", "a number", "null", "an object"})
        await broken(
            shop,
            "PUT",
            "/v1/bot/state/s/k",
            is_problem,
            token=key,
            skip=odd | {"half a pair", "NUL", "huge", "a huge number"},
        )
        await keyless(shop, "POST", says.format(shop.place), is_problem, json=good)
        await keyless(shop, "GET", "/v1/bot/updates", is_problem)
        sent = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
        for place in (shop.elsewhere, "1", "0", "-1", "x", str(2**64), "%00"):
            answer = await shop.http.post(says.format(place), json=good, headers=sent)
            is_problem(answer)
        # A person's token is no bot's key.
        await shop.ann.ask("POST", says.format(shop.place), 403, json=good, headers={"Idempotency-Key": "k"})
        for wrong in ({}, {"Idempotency-Key": "x" * 65}, {"Idempotency-Key": ""}):
            headers = {"Authorization": f"Bearer {key}", **wrong}
            is_problem(await shop.http.post(says.format(shop.place), json=good, headers=headers))


async def test_telegrams_surface_refuses_as_telegram_does(shop: Shop) -> None:
    chat, foreign = -(10**12 + int(shop.place)), -(10**12 + int(shop.elsewhere))
    root = f"/bot{shop.bot.token}"
    async with unchanged(shop):
        for method in (
            "sendMessage",
            "sendPhoto",
            "editMessageText",
            "deleteMessage",
            "setMyCommands",
            "banChatMember",
        ):
            # A body of nothing is a call without parameters, and `commands` may be left out.
            skip = frozenset[str]() if method != "setMyCommands" else frozenset({"nothing", "missing"})
            await broken(
                shop,
                "POST",
                f"{root}/{method}",
                is_telegram,
                skip=skip | (skip and frozenset(BODIES) - {"cut off", "no object", "a string", "deep"}),
            )
        for where in (foreign, 0, 7, 10**15, -7, "x", "", "@nobody", 2**70, 1.5, True, [chat]):
            answer = await shop.http.post(f"{root}/sendMessage", json={"chat_id": where, "text": "hi"})
            is_telegram(answer)
        for extra in (
            {"text": "x" * 70_000},
            {"text": "x", "reply_to_message_id": 99},
            {"text": "x", "entities": "["},
            {"text": "x", "reply_markup": {"inline_keyboard": [[{}]]}},
        ):
            answer = await shop.http.post(f"{root}/sendMessage", json={"chat_id": chat, **extra})
            is_telegram(answer)
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        for body in (
            b"",
            b"--b\r\n",
            b"--x",
            b'--b\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n\xff\r\n--b--',
        ):
            is_telegram(await shop.http.post(f"{root}/sendMessage", content=body, headers=form))
        unknown = f"{shop.bot.id}:{'x' * 35}"
        for token in (unknown, shop.revoked, "nonsense", "1:x", "%00", "%ff"):
            answer = await shop.http.post(f"/bot{token}/sendMessage", json={"chat_id": chat, "text": "hi"})
            assert answer.status_code in {401, 404}, answer.text
            is_telegram(answer)
            is_telegram(await shop.http.get(f"/file/bot{token}/files/x/y"))


async def test_openais_surface_refuses_as_openai_does(shop: Shop) -> None:
    person = await shop.ann.ask(
        "POST", f"/v1/bots/{shop.bot.id}/tokens", 201, json={"name": "reader", "scopes": ["knowledge:read"]}
    )
    key = person["token"]["key"]
    ask = {"model": "nobody", "messages": [{"role": "user", "content": "hi"}]}
    async with unchanged(shop):
        for path in ("/openai/v1/chat/completions", "/openai/v1/responses"):
            await broken(shop, "POST", path, is_openai, token=key)
            await keyless(shop, "POST", path, is_openai, json=ask)
        await keyless(shop, "GET", "/openai/v1/models", is_openai)
        sent = {"Authorization": f"Bearer {key}"}
        wrong: list[dict[str, Any]] = [
            {},
            {"n": 2},
            {"messages": []},
            {"messages": "hi"},
            {"messages": [{"role": "nobody", "content": "hi"}]},
            {"messages": [{"role": "user", "content": 7}]},
            {"messages": [{"role": "user", "content": "x" * 3_000_000}]},
            {"stream": True, "messages": [{"role": "user"}]},
            {"tools": "all"},
            {"temperature": "hot"},
        ]
        for each in wrong:
            is_openai(await shop.http.post("/openai/v1/chat/completions", json=ask | each, headers=sent))
        is_openai(await shop.http.post("/openai/v1/chat/completions", content=b"x" * 5_000_000, headers=sent))
        is_openai(await shop.http.get("/openai/v1/models/%00", headers=sent))


async def test_the_mcp_server_refuses_as_json_rpc_does(shop: Shop) -> None:
    sent = {
        "Authorization": f"Bearer {shop.bot.token}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }

    def call(name: str, arguments: Any) -> dict[str, Any]:
        return {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": name, "arguments": arguments},
        }

    async with (
        served(shop.world.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
        unchanged(shop),
    ):
        await keyless(shop, "POST", "/mcp/", is_problem, json=call("send_message", {}))
        for name, body in BODIES.items():
            answer = await http.post("/mcp/", content=body, headers=sent)
            assert 400 <= answer.status_code < 500, f"{name}: {answer.status_code} {answer.text[:200]}"
            found = answer.json()
            assert (found["jsonrpc"], isinstance(found["error"]["code"], int)) == ("2.0", True), answer.text
        texts: list[Any] = [7, None, {}, [], "", " ", "x" * 20_000, "a\x00b"]
        calls = [
            *(call("send_message", {"conversation": shop.place, "text": each}) for each in texts),
            *(
                call("send_message", {"conversation": each, "text": "x"})
                for each in (shop.elsewhere, "1", "x", 7, None, "9" * 40)
            ),
            call("send_message", {}),
            call("read_messages", {"conversation": shop.elsewhere}),
            call("hand_off", {"conversation": shop.place}),
            call("nothing", {}),
            call("send_message", "x"),
        ]
        for each in calls:
            answer = await http.post("/mcp/", json=each, headers=sent)
            found = mcp_answer(answer)
            refused = "error" in found or found["result"]["isError"] is True
            assert refused, f"{each}: {answer.text}"
            assert "Traceback" not in answer.text


def mcp_answer(answer: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC answer, whether it came whole or as an event."""
    if answer.headers["content-type"].startswith("text/event-stream"):
        return dict(
            json.loads(next(line[6:] for line in answer.text.splitlines() if line.startswith("data: {")))
        )
    return dict(answer.json())


async def test_slacks_surfaces_refuse_with_a_word(shop: Shop) -> None:
    made = await shop.ann.ask("POST", f"/v1/bots/{shop.bot.id}/hooks", 201, json={"conversation": shop.place})
    gone = await shop.ann.ask("POST", f"/v1/bots/{shop.bot.id}/hooks", 201, json={"conversation": shop.place})
    await shop.ann.ask("DELETE", f"/v1/bots/{shop.bot.id}/hooks/{gone['hook']['id']}", 204)
    path, ended = urlsplit(made["url"]).path, urlsplit(gone["url"]).path
    token = "x" * 22
    kept = {"conversation": int(shop.place), "user": shop.ann.id, "left": 5}
    digest = hashlib.sha256(token.encode()).hexdigest()
    await shop.world.bots.state.put(int(shop.bot.id), SPACE, digest, kept, time.time() + 1800)
    later = f"/hooks/{shop.bot.id}/response/{token}"
    async with unchanged(shop):
        for where in (path, later):
            await broken(shop, "POST", where, is_slack)
            deep = {"payload": '{"text": ' + "[" * 100 + "]" * 100 + "}"}
            is_slack(refused := await shop.http.post(where, data=deep))
            assert refused.text == "invalid_payload"
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            for body in (b"", b"payload=", b"payload=%7B", b"payload=%ff", b"other=1", b"payload=[]"):
                is_slack(await shop.http.post(where, content=body, headers=form))
        wrong: list[Any] = [
            {"text": "x", "blocks": "all"},
            {"text": "x", "blocks": [7]},
            {"text": "x", "attachments": {"a": 1}},
            {"attachments": [{}]},
        ]
        for each in wrong:
            for where in (path, later):
                is_slack(await shop.http.post(where, json=each))
        for where in (ended, path[:-1], path + "x", f"/hooks/1/{'x' * 32}"):
            is_slack(await shop.http.post(where, json={"text": "hello"}))


async def test_the_management_of_webhooks_refuses_with_a_problem(shop: Shop) -> None:
    root, token = f"/v1/bots/{shop.bot.id}", shop.ann.token
    async with unchanged(shop):
        for method, path in (
            ("PUT", f"{root}/webhook"),
            ("PUT", f"{root}/slash-command"),
            ("POST", f"{root}/hooks"),
            ("POST", "/v1/bots"),
            ("POST", f"{root}/tokens"),
        ):
            await broken(shop, method, path, is_problem, token=token)
            await keyless(shop, method, path, is_problem, json={})
        for url in (
            "",
            "x",
            "ftp://e.org",
            "file:///etc/passwd",
            "http://",
            "http://[",
            "http://e.org:99999",
            "http://\x00",
        ):
            answer = await shop.http.put(
                f"{root}/webhook", json={"url": url}, headers={"Authorization": f"Bearer {token}"}
            )
            is_problem(answer)
        for path in (f"{root}/webhook/rotate", f"{root}/webhook/resume"):
            is_problem(await shop.http.post(path, json={}, headers={"Authorization": f"Bearer {token}"}))
    stranger = await shop.world.person("stranger", None)
    bob = await shop.world.person("bob", WorkspaceRole.OPERATOR)
    async with unchanged(shop):
        for who in (stranger, bob, shop.bot):
            await who.ask("PUT", f"{root}/webhook", 403, json={"url": "https://e.org/x"})
            await who.ask("POST", f"{root}/hooks", 403, json={"conversation": shop.place})
            await who.ask("POST", f"{root}/tokens", 403, json={"name": "mine"})
        await shop.ann.ask("PUT", "/v1/bots/77/webhook", 404, json={"url": "https://e.org/x"})
        await shop.ann.ask("POST", f"{root}/hooks", 404, json={"conversation": "77"})


async def test_no_key_of_any_surface_is_kept_as_it_is_and_each_ends_when_it_is_revoked(shop: Shop) -> None:
    ann, root = shop.ann, f"/v1/bots/{shop.bot.id}"
    second = (await ann.ask("POST", f"{root}/tokens", 201, json={"name": "second"}))["token"]
    hook = await ann.ask("POST", f"{root}/hooks", 201, json={"conversation": shop.place})
    secret = urlsplit(hook["url"]).path.rsplit("/", 1)[1]
    invite = await ann.ask("POST", f"/v1/conversations/{shop.place}/invites", 201, json={})
    assert invite["code"]
    await shop.bot.ask("GET", "/v1/bot")
    kept = b"".join(each.read_bytes() for each in shop.data.parent.glob(f"{shop.data.name}*"))
    for raw in (shop.bot.token, shop.revoked, second["key"], secret):
        # The part after the bot's id is what is secret.
        assert raw.partition(":")[2].encode() not in kept if ":" in raw else raw.encode() not in kept
        digest = hashlib.sha256(raw.encode()).hexdigest()
        assert digest.encode() in kept, "the digest is what is kept"
    caller = Caller(shop.http, shop.bot.id, second["key"])
    await caller.ask("GET", "/v1/bot")
    await ann.ask("DELETE", f"{root}/tokens/{second['id']}", 204)
    for path in ("/v1/bot", "/openai/v1/models"):
        await caller.ask("GET", path, 401)
    assert (await shop.http.get(f"/bot{second['key']}/getMe")).status_code == 401
    await caller.ask("POST", "/mcp/", 401, json={})
    await shop.bot.ask("GET", "/v1/bot")
    await ann.ask("DELETE", root, 204)
    await shop.bot.ask("GET", "/v1/bot", 401)
    assert (await shop.http.post(urlsplit(hook["url"]).path, json={"text": "x"})).status_code == 404
