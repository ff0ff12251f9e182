"""The tools that an agent's version declares, made ready: HTTP actions, allowed tools of MCP servers, and of plugins."""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from myna.errors import Malformed, MynaError
from myna_agents.agent import AgentProfile
from myna_agents.appointments import Plan, Schedule
from myna_agents.tools.http_action import http_action
from myna_agents.tools.mcp_server import Allowed, mcp_tools
from myna_agents.tools.order_form import order_form
from myna_agents.tools.schedule import schedule_tools
from myna_agents.tools.tool import Tool, ToolFailed, ToolSpec

FRESH_S = 60.0
"""How long an MCP server's list of tools is remembered."""
SICK_S = 10.0
"""How long a server that could not be reached is left alone."""
RESERVED = frozenset({"search_knowledge", "cannot_answer"})
_SECRET = re.compile(r"\{\{([a-z0-9_]{1,64})\}\}")

logger = logging.getLogger(__name__)


class Egress(Protocol):
    """The clients that tools ask through."""

    @property
    def http(self) -> Any:
        """For HTTP actions."""
        ...

    def mcp(self, headers: Mapping[str, str]) -> Any:
        """For one session with an MCP server."""
        ...


class Toolshed:
    """Makes the tools that agents declare. A server that does not answer takes its own tools away, never the agent's answer."""

    def __init__(
        self,
        egress: Egress,
        secrets: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        schedule: Schedule | None = None,
    ) -> None:
        self._egress, self._secrets, self._clock, self._schedule = egress, secrets, clock, schedule
        self._known: dict[str, tuple[float, Sequence[Tool]]] = {}
        self.plugged: dict[str, Tool] = {}
        """The tools that plugins bring, by name; an agent has those that it declares."""

    async def tools(self, profile: AgentProfile) -> Sequence[Tool]:
        """Every tool of the profile that can be reached now."""
        made: list[Tool] = []
        for declared in profile.tools:
            try:
                made.extend(await self.made(declared))
            except MynaError as failed:
                logger.warning("a tool of agent %d is left out: %s", profile.user, failed)
        return made

    async def made(self, declared: Mapping[str, Any]) -> Sequence[Tool]:
        """The tools of one declaration.

        Raises:
            Malformed: it cannot be offered to a model, or names an unknown secret.
            ToolFailed: the MCP server cannot be reached.
        """
        if declared["kind"] == "plugin":
            return [self._plugged(str(declared["name"]))]
        headers = {name: self._filled(str(text)) for name, text in declared.get("headers", {}).items()}
        if declared["kind"] == "http":
            return [self._action(declared, headers)]
        if declared["kind"] == "form":
            if declared["name"] in RESERVED:
                raise Malformed(f"A tool must not be called {declared['name']!r}.")
            return [order_form(declared, self._egress.http, headers)]
        if declared["kind"] == "schedule":
            return self._appointments(declared)
        key = json.dumps(declared, sort_keys=True)
        until, known = self._known.get(key, (0.0, ()))
        if self._clock() < until:
            return known
        try:
            found: Sequence[Tool] = await mcp_tools(
                declared["name"],
                declared["address"],
                [Allowed(**each) for each in declared["allow"]],
                lambda: self._egress.mcp(headers),
            )
        except ToolFailed:
            self._known[key] = (self._clock() + SICK_S, ())
            raise
        self._known[key] = (self._clock() + FRESH_S, found)
        return found

    def _action(self, declared: Mapping[str, Any], headers: Mapping[str, str]) -> Tool:
        if declared["name"] in RESERVED:
            raise Malformed(f"A tool must not be called {declared['name']!r}.")
        names = ("effects", "confirm", "approve", "who", "timeout_s", "retries")
        spec = ToolSpec(
            declared["name"],
            declared["description"],
            declared["parameters"],
            **{name: declared[name] for name in names if name in declared},
        )
        return http_action(spec, declared["method"], declared["url"], self._egress.http, headers)

    def _plugged(self, name: str) -> Tool:
        found = self.plugged.get(name)
        if found is None:
            known = ", ".join(sorted(self.plugged)) or "none"
            raise Malformed(f"No plugin here brings a tool {name!r}; there are: {known}.")
        return found

    def _appointments(self, declared: Mapping[str, Any]) -> Sequence[Tool]:
        if self._schedule is None:
            raise ToolFailed("This server keeps no appointments.")
        names = ("minutes", "days", "places", "notice_minutes")
        plan = Plan(**{name: int(declared[name]) for name in names if name in declared})
        return schedule_tools(declared["name"], declared["description"], plan, self._schedule)

    def _filled(self, text: str) -> str:
        def secret(found: re.Match[str]) -> str:
            if found[1] not in self._secrets:
                raise Malformed(f"There is no secret {found[1]!r}; see MYNA_TOOL_SECRETS.")
            return self._secrets[found[1]]

        return _SECRET.sub(secret, text)


def read_secrets(file: str) -> dict[str, str]:
    """The secrets of a JSON object of strings; none without a file.

    Raises:
        MynaError: the file cannot be read, or holds something else. What it holds is not told.
    """
    if not file:
        return {}
    try:
        found: object = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError):
        raise MynaError(f"MYNA_TOOL_SECRETS: {file!r} cannot be read as JSON.", code="bad_setting") from None
    pairs = cast("dict[str, object]", found).items() if isinstance(found, dict) else [("", None)]
    if not all(_SECRET.fullmatch("{{" + name + "}}") and isinstance(value, str) for name, value in pairs):
        raise MynaError(
            f"MYNA_TOOL_SECRETS: {file!r} must be an object of strings; names of a-z, 0-9 and _.",
            code="bad_setting",
        )
    return {name: str(value) for name, value in pairs}
