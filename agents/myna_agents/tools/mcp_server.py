# pyright: basic
"""Tools of MCP servers, an allow-list of them: a server can offer what it likes, an agent sees what its company chose.

The server's own annotations are hints of a stranger (MCP specification, "Tool Annotations"): rights and confirmation come from
the allow-list alone.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from myna.errors import Malformed
from myna_agents.tools.tool import Caller, ToolFailed, ToolSpec, Who
from myna_agents.tools.toolbox import check_spec

CONNECT_S = 10.0
MAX_DESCRIPTION_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """One tool of a server that an agent may use, and how."""

    name: str
    effects: bool = True
    confirm: bool = True
    who: Who = "verified"
    timeout_s: float = 10.0
    approve: bool = False


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool of an MCP server at an address."""

    spec: ToolSpec
    address: str
    remote: str
    client: Callable[[], Any] | None = None
    """Makes the HTTP client of a session: guarded, with the company's headers."""

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """The text of the tool's result.

        Raises:
            ToolFailed: the server cannot be reached, or says that the tool failed.
        """
        from mcp import MCPError

        try:
            async with _session(self.address, self.client, self.spec.timeout_s) as client:
                meta: Any = {"idempotencyKey": key}
                result = await client.call_tool(self.remote, dict(arguments), meta=meta)
        except MCPError as refused:
            failed = ToolFailed(f"{self.spec.name}: {refused}")
            failed.temporary = False
            raise failed from refused
        except Exception as failed:
            raise ToolFailed(f"{self.spec.name} cannot be reached: {type(failed).__name__}.") from failed
        text = "\n".join(getattr(part, "text", "") for part in result.content if part.type == "text")
        if result.is_error:
            wrong = ToolFailed(f"{self.spec.name}: {text or 'the tool failed'}")
            wrong.temporary = False
            raise wrong
        return text


async def mcp_tools(
    name: str, address: str, allowed: Sequence[Allowed], http: Callable[[], Any] | None = None
) -> list[McpTool]:
    """The allowed tools of the server at this address, named `NAME_TOOL` so that two servers cannot shadow each other.

    Raises:
        Malformed: the server does not offer one of them, or it cannot be offered to a model.
        ToolFailed: the server cannot be reached.
    """
    try:
        async with _session(address, http, CONNECT_S) as client:
            offered = {tool.name: tool for tool in (await client.list_tools()).tools}
    except Exception as failed:
        raise ToolFailed(f"MCP server {name!r} cannot be reached: {type(failed).__name__}.") from failed
    if missing := sorted(each.name for each in allowed if each.name not in offered):
        raise Malformed(f"MCP server {name!r} does not offer {', '.join(missing)}.")
    return [replace(_tool(name, address, each, offered[each.name]), client=http) for each in allowed]


def _tool(server: str, address: str, allowed: Allowed, offered: Any) -> McpTool:
    spec = ToolSpec(
        f"{server}_{allowed.name}",
        (offered.description or allowed.name)[:MAX_DESCRIPTION_CHARS],
        offered.input_schema,
        allowed.effects,
        allowed.confirm,
        allowed.who,
        allowed.timeout_s,
        approve=allowed.approve,
    )
    return McpTool(check_spec(spec), address, allowed.name)


@asynccontextmanager
async def _session(
    address: str, http: Callable[[], Any] | None, timeout_s: float
) -> AsyncGenerator[Any, None]:
    """A session with the server, through a client of ours where there is one; both end with the block."""
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    if http is None:
        async with Client(address, read_timeout_seconds=timeout_s) as session:
            yield session
        return
    async with http() as client:
        place = streamable_http_client(address, http_client=client)
        async with Client(place, read_timeout_seconds=timeout_s) as session:
            yield session
