"""Myna as an MCP server, with the official client over a real connection; each token has its own rights."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.bot_world import World, demo_read
from support.http_server import served


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[World]:
    async with demo_read(tmp_path) as made:
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
            assert [each["id"] for each in listed["result"]] == [place]
            said: Any = {"conversation": place, "text": "hello from MCP", "key": "k1"}
            first: Any = (await client.call_tool("send_message", said)).structured_content
            again: Any = (await client.call_tool("send_message", said)).structured_content
            assert (first["seq"], again["duplicate"]) == (again["seq"], True)
            shown: Any = (await client.call_tool("read_messages", {"conversation": place})).structured_content
            assert [each["text"] for each in shown["result"]][-1] == "hello from MCP"
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
