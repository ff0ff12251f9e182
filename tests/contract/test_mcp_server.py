"""Myna as an MCP server, with the official client over a real connection; each token has its own rights."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.bot_world import World, demo_read
from support.http_server import served

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with demo_read(tmp_path_factory.mktemp("mcp")) as made:
        yield made


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[Client]:
    import httpx2

    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(f"{url}/mcp/", http_client=http)) as client,
    ):
        yield client


async def test_tools_work_within_the_rights_of_the_token(shop: World) -> None:
    ann = await shop.person("ann")
    place = await shop.group(ann)
    await ann.says(place, "a secret of the group")
    reader = await shop.installed(
        ann,
        place,
        scopes=["messages:read:all", "messages:write", "knowledge:read"],
        privacy="all",
    )
    deaf = await shop.installed(ann, place, scopes=["messages:read:mentions"])
    async with served(shop.app) as url:
        async with connected(url, reader.token) as client:
            names = {each.name for each in (await client.list_tools()).tools}
            assert names == {
                "search_knowledge",
                "list_conversations",
                "read_messages",
                "send_message",
                "hand_off",
            }
            got = await client.call_tool(
                "search_knowledge", {"query": "How long do I have to return something?"}
            )
            passages: Any = got.structured_content
            assert any("45 days" in each["text"] for each in passages["passages"])
            chunk = passages["passages"][0]["chunk"]
            read = await client.read_resource(f"kb://passage/{chunk}")
            assert chunk in str(read.contents[0])
            listed: Any = (await client.call_tool("list_conversations", {})).structured_content
            assert [each["id"] for each in listed["conversations"]] == [place]
            said: Any = {"conversation": place, "text": "hello from MCP", "key": "k1"}
            first: Any = (await client.call_tool("send_message", said)).structured_content
            again: Any = (await client.call_tool("send_message", said)).structured_content
            assert (first["seq"], again["duplicate"]) == (again["seq"], True)
            shown: Any = (await client.call_tool("read_messages", {"conversation": place})).structured_content
            assert [each["text"] for each in shown["messages"]][-1] == "hello from MCP"
            wrong = await client.call_tool("read_messages", {"conversation": "77"})
            assert wrong.is_error
            assert "not_found" in str(wrong.content)
        async with connected(url, deaf.token) as client:
            for tool, arguments in (
                ("read_messages", {"conversation": place}),
                ("send_message", {"conversation": place, "text": "x"}),
                ("search_knowledge", {"query": "x"}),
            ):
                refused = await client.call_tool(tool, arguments)
                assert refused.is_error
                assert "forbidden" in str(refused.content)
                assert "secret" not in str(refused.content)


async def test_without_a_valid_token_there_is_nothing(shop: World) -> None:
    headers = {"Authorization": f"Bearer 1:{'x' * 35}"}
    for given in ({}, headers):
        answer = await shop.http.post("/mcp/", json={}, headers=given)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    assert isinstance(shop.http, httpx.AsyncClient)


async def test_long_lists_come_page_by_page(shop: World) -> None:
    ann = await shop.person("pat")
    places = [await shop.group(ann) for _ in range(5)]
    seqs = [await ann.says(places[0], f"line {n}") for n in range(5)]
    async with served(shop.app) as url, connected(url, ann.token) as client:

        async def pages(tool: str, name: str, **given: Any) -> list[Any]:
            found: list[Any] = []
            while True:
                page: Any = (await client.call_tool(tool, {"limit": 2, **given})).structured_content
                found.append(page[name])
                if page["next"] is None:
                    return found
                given["before"] = page["next"]

        listed = await pages("list_conversations", "conversations")
        assert [len(each) for each in listed] == [2, 2, 1]
        assert {each["id"] for page in listed for each in page} == set(places)
        read = await pages("read_messages", "messages", conversation=places[0])
        assert [each["seq"] for page in reversed(read) for each in page] == seqs


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        ("read_messages", {"conversation": "general"}, "malformed"),
        ("read_messages", {"conversation": "9" * 30}, "malformed"),
        ("send_message", {"conversation": "77", "text": "x"}, "not_found"),
        ("send_message", {"conversation": "77", "text": "x", "key": ""}, "key"),
        ("hand_off", {"conversation": "77"}, "not_found"),
        ("list_conversations", {"limit": 0}, "limit"),
        ("list_conversations", {"limit": "many"}, "limit"),
        ("search_knowledge", {"query": ""}, "query"),
        ("search_knowledge", {}, "query"),
        ("send_message", {"conversation": "77"}, "text"),
    ],
)
async def test_a_wrong_argument_is_the_tools_error_and_names_it(
    shop: World, tool: str, arguments: dict[str, Any], word: str
) -> None:
    ann = shop.people.get("quinn") or await shop.person("quinn")
    async with served(shop.app) as url, connected(url, ann.token) as client:
        refused = await client.call_tool(tool, arguments)
        assert refused.is_error
        assert word in str(refused.content)


async def test_a_revoked_key_ends_at_once_and_nothing_foreign_is_read(shop: World) -> None:
    ann, eve = await shop.person("rose"), await shop.person("eve")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place, scopes=["messages:read:all", "messages:write"], privacy="all")
    async with served(shop.app) as url:
        async with connected(url, eve.token) as client:
            foreign = await client.call_tool("read_messages", {"conversation": place})
            assert foreign.is_error
            assert "not_found" in str(foreign.content)
        async with connected(url, bot.token) as client:
            assert not (await client.call_tool("read_messages", {"conversation": place})).is_error
            (token,) = (await ann.ask("GET", f"/v1/bots/{bot.id}"))["tokens"]
            await ann.ask("DELETE", f"/v1/bots/{bot.id}/tokens/{token['id']}", 204)
            with pytest.raises(Exception, match="error response"):
                await client.call_tool("read_messages", {"conversation": place})
    headers = {"Authorization": f"Bearer {bot.token}"}
    assert (await shop.http.post("/mcp/", json={}, headers=headers)).status_code == 401
