"""Tools over real connections: actions of an HTTP API and tools of a real MCP server, with all that goes wrong there."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from mcp.server import MCPServer

from myna.errors import Malformed
from myna_agents.tools.http_action import HttpAction, http_action
from myna_agents.tools.mcp_server import Allowed, mcp_tools
from myna_agents.tools.tool import Caller, ToolFailed, ToolSpec
from myna_agents.tools.toolbox import NeedsConfirmation, Toolbox, key_of

VISITOR = Caller(21, 102, "turn:1", verified=False)
VERIFIED = replace(VISITOR, verified=True)
ORDER = {
    "type": "object",
    "properties": {"order": {"type": "string", "pattern": "^[A-Z0-9-]{3,20}$"}, "note": {"type": "string"}},
    "required": ["order"],
    "additionalProperties": False,
}


@dataclass(slots=True)
class Shop:
    """The company's own API, and what it saw."""

    url: str
    seen: list[dict[str, Any]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    slow_s: float = 0.0


async def serving(app: Any) -> AsyncIterator[str]:
    """The address of an application on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    app, made = FastAPI(), Shop("")

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def anything(path: str, request: Request) -> Response:
        body = await request.body()
        made.seen.append(
            {
                "method": request.method,
                "path": request.url.path,
                "query": dict(request.query_params),
                "body": json.loads(body) if body else None,
                "headers": dict(request.headers),
            }
        )
        await asyncio.sleep(made.slow_s)
        if made.failures:
            return Response("try later", made.failures.pop(0))
        return Response("x" * 70_000 if path == "big" else '{"state": "shipped"}')

    async for url in serving(app):
        made.url = url
        yield made


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def action(
    shop: Shop, http: httpx.AsyncClient, method: str = "GET", path: str = "/orders/{order}", **spec: Any
) -> HttpAction:
    made = ToolSpec("order_state", "State of an order", ORDER, **{"timeout_s": 5.0, **spec})
    return http_action(made, method, shop.url + path, http, {"Authorization": "Bearer secret"})


async def test_an_action_puts_arguments_where_they_belong_and_escapes_them(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    box = Toolbox([action(shop, http)], VISITOR)
    assert json.loads(await box.use("order_state", {"order": "A-1", "note": "a&b=c"})) == {"state": "shipped"}
    box = Toolbox([action(shop, http, "POST", effects=True, confirm=False)], VERIFIED)
    await box.use("order_state", {"order": "A-1", "note": "please"})
    got, posted = shop.seen
    assert (got["path"], got["query"], got["body"]) == ("/orders/A-1", {"note": "a&b=c"}, None)
    assert (posted["query"], posted["body"]) == ({}, {"note": "please"})
    assert got["headers"]["authorization"] == "Bearer secret"
    assert got["headers"]["x-myna-customer"] == "21"
    assert box.trace[0]["outcome"] == "done"


@pytest.mark.parametrize(
    "arguments", [{}, {"order": "../admin"}, {"order": "A-1", "price": 1}, {"order": 7}], ids=str
)
async def test_arguments_of_another_form_reach_nobody(
    shop: Shop, http: httpx.AsyncClient, arguments: dict[str, Any]
) -> None:
    box = Toolbox([action(shop, http)], VISITOR)
    with pytest.raises(ToolFailed) as refused:
        await box.use("order_state", arguments)
    assert refused.value.code == "bad_arguments"
    assert shop.seen == []


async def test_a_passing_failure_is_tried_again_with_the_same_key(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    shop.failures = [503]
    box = Toolbox([action(shop, http)], VISITOR)
    await box.use("order_state", {"order": "A-1"})
    first, second = (each["headers"]["idempotency-key"] for each in shop.seen)
    assert first == second == key_of(VISITOR, "order_state", {"order": "A-1"})
    assert first != key_of(VISITOR, "order_state", {"order": "A-2"})
    shop.failures = [404, 404]
    with pytest.raises(ToolFailed, match="404"):
        await box.use("order_state", {"order": "A-1"})
    assert len(shop.seen) == 3, "what does not pass is not repeated"


async def test_a_slow_or_endless_or_dead_api_is_a_failure(shop: Shop, http: httpx.AsyncClient) -> None:
    with pytest.raises(ToolFailed, match="bytes"):
        await Toolbox([action(shop, http, path="/big?o={order}")], VISITOR).use(
            "order_state", {"order": "A-1"}
        )
    shop.slow_s = 5.0
    with pytest.raises(ToolFailed, match="did not answer within"):
        await Toolbox([action(shop, http, timeout_s=0.1, retries=0)], VISITOR).use(
            "order_state", {"order": "A-1"}
        )
    gone = replace(action(shop, http, retries=0), url="http://127.0.0.1:9/{order}")
    with pytest.raises(ToolFailed, match="cannot be reached"):
        await Toolbox([gone], VISITOR).use("order_state", {"order": "A-1"})


async def test_what_changes_something_waits_for_a_verified_customers_word(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    cancel = action(shop, http, "POST", effects=True)
    stranger = Toolbox([cancel], VISITOR)
    assert stranger.offered == []
    with pytest.raises(ToolFailed) as refused:
        await stranger.use("order_state", {"order": "A-1"}, confirmed=True)
    assert refused.value.code == "no_such_tool"
    box = Toolbox([cancel], VERIFIED)
    with pytest.raises(NeedsConfirmation) as asked:
        await box.use("order_state", {"order": "A-1"})
    assert asked.value.pending.as_json() == {"tool": "order_state", "arguments": {"order": "A-1"}}
    assert shop.seen == []
    await box.use("order_state", {"order": "A-1"}, confirmed=True)
    assert [each["outcome"] for each in box.trace] == ["asked", "done"]
    assert len(shop.seen) == 1


@pytest.mark.parametrize(
    ("method", "url", "schema"),
    [
        ("FETCH", "https://shop.example/", ORDER),
        ("GET", "ftp://shop.example/", ORDER),
        ("GET", "https://{order}.example/", ORDER),
        ("GET", "https://shop.example/{note}", ORDER),
        ("GET", "https://shop.example/", {"type": "nonsense"}),
    ],
)
async def test_a_declaration_that_is_unsafe_or_senseless_is_refused(
    http: httpx.AsyncClient, method: str, url: str, schema: dict[str, Any]
) -> None:
    with pytest.raises(Malformed):
        http_action(ToolSpec("x", "x", schema), method, url, http)


@pytest.fixture
async def mcp_url() -> AsyncIterator[str]:
    server = MCPServer("orders")

    @server.tool()
    def order_state(order: str) -> str:
        """State of an order."""
        return f"Order {order} was shipped."

    @server.tool()
    def broken() -> str:
        """Always fails."""
        raise ValueError("out of order")

    @server.tool()
    async def slow() -> str:
        """Takes its time."""
        await asyncio.sleep(30)
        return "done"

    @server.tool()
    def delete_everything() -> str:
        """Nobody should be offered this."""
        return "gone"

    async for url in serving(server.streamable_http_app()):
        yield f"{url}/mcp"


async def test_only_allowed_tools_of_an_mcp_server_are_offered(mcp_url: str) -> None:
    tools = await mcp_tools("orders", mcp_url, [Allowed("order_state", effects=False, who="anyone")])
    box = Toolbox(tools, VISITOR)
    (offered,) = box.offered
    assert (offered.name, offered.description) == ("orders_order_state", "State of an order.")
    assert offered.schema["required"] == ["order"]
    assert await box.use("orders_order_state", {"order": "A-1"}) == "Order A-1 was shipped."
    with pytest.raises(ToolFailed):
        await box.use("orders_delete_everything", {})
    with pytest.raises(Malformed, match="does not offer"):
        await mcp_tools("orders", mcp_url, [Allowed("refund")])


async def test_an_mcp_tool_that_fails_or_hangs_is_a_failure(mcp_url: str) -> None:
    allowed = [
        Allowed("broken", effects=False, who="anyone"),
        Allowed("slow", effects=False, who="anyone", timeout_s=0.3),
    ]
    box = Toolbox(await mcp_tools("orders", mcp_url, allowed), VISITOR)
    with pytest.raises(ToolFailed, match="broken"):
        await box.use("orders_broken", {})
    with pytest.raises(ToolFailed):
        await box.use("orders_slow", {})
    assert [each["outcome"] for each in box.trace] == ["failed", "failed"]


async def test_by_default_an_mcp_tool_needs_a_verified_customers_word(mcp_url: str) -> None:
    tools = await mcp_tools("orders", mcp_url, [Allowed("order_state")])
    assert Toolbox(tools, VISITOR).offered == []
    with pytest.raises(NeedsConfirmation):
        await Toolbox(tools, VERIFIED).use("orders_order_state", {"order": "A-1"})


async def test_a_dead_mcp_server_is_a_failure() -> None:
    with pytest.raises(ToolFailed, match="cannot be reached"):
        await mcp_tools("orders", "http://127.0.0.1:9/mcp", [Allowed("x")])
