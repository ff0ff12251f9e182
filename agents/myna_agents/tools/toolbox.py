"""The tools of one agent, behind one door: rights, arguments, provenance, confirmation, deadline, retries and a trace.

Whatever a model asks for is an untrusted wish: it may have come from a poisoned page. So a tool with effects runs only after
the customer, whose identity is verified, has confirmed exactly these arguments; Myna shows them, not the model.
"""

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from jsonschema import ValidationError

from myna.errors import Malformed
from myna_agents.tools.schemas import check_instance, check_schema
from myna_agents.tools.tool import Caller, Tool, ToolFailed, ToolSpec

NOTHING: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
"""What a model gives to a form: the customer fills it in."""
RESULT_CHARS = 8_000
"""A longer result is cut: it must fit into a model's context."""
PAUSE_S = 0.2
"""Before a retry; doubled each time, with jitter."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """A use that waits for the customer's word."""

    tool: str
    arguments: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As the agent's message keeps it."""
        return {"tool": self.tool, "arguments": dict(self.arguments)}


class NeedsConfirmation(Exception):
    """The customer must confirm first."""

    def __init__(self, pending: Pending) -> None:
        super().__init__(pending.tool)
        self.pending = pending


class NeedsApproval(NeedsConfirmation):
    """An operator must agree first; the customer has, where they must."""


class NeedsForm(NeedsConfirmation):
    """The customer must fill in a form first; nothing was done."""


@dataclass(slots=True)
class Toolbox:
    """Uses tools for one caller and keeps what was done."""

    tools: Sequence[Tool]
    caller: Caller
    trace: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def offered(self) -> list[ToolSpec]:
        """What may be used for this caller at all."""
        return [
            tool.spec if tool.spec.form is None else replace(tool.spec, schema=NOTHING)
            for tool in self.tools
            if self._may(tool.spec)
        ]

    @property
    def forms(self) -> list[ToolSpec]:
        """What this caller may fill in."""
        return [tool.spec for tool in self.tools if tool.spec.form is not None and self._may(tool.spec)]

    async def use(
        self, name: str, arguments: Mapping[str, Any], *, confirmed: bool = False, approved: bool = False
    ) -> str:
        """What a tool gave.

        Raises:
            ToolFailed: there is no such tool for this caller, its arguments are wrong, or it failed; nothing more is tried.
            NeedsConfirmation: the customer must agree first; nothing was done.
            NeedsApproval: an operator must agree first; nothing was done.
            NeedsForm: the customer must fill in a form first; nothing was done.
        """
        started = time.perf_counter()
        outcome = "failed"
        try:
            tool = self._tool(name)
            if tool.spec.form is not None and not confirmed:
                outcome, arguments = "asked", dict[str, Any]()
                raise NeedsForm(Pending(name, {}))
            check_arguments(tool.spec, arguments)
            if tool.spec.effects and tool.spec.confirm and not confirmed:
                outcome = "asked"
                raise NeedsConfirmation(Pending(name, arguments))
            if tool.spec.approve and not approved:
                outcome = "asked_operator"
                raise NeedsApproval(Pending(name, arguments))
            result = await self._tried(tool, arguments)
            outcome = "done"
            return result[:RESULT_CHARS]
        finally:
            self.trace.append(
                {
                    "tool": name,
                    "arguments": dict(arguments),
                    "outcome": outcome,
                    "confirmed": confirmed,
                    "took_ms": round((time.perf_counter() - started) * 1000, 1),
                }
            )

    def passed_on(self, spec: ToolSpec, arguments: Mapping[str, Any]) -> None:
        """Note that operators get these arguments.

        Raises:
            ToolFailed: they have another form; nothing was noted.
        """
        check_arguments(spec, arguments)
        self.trace.append(
            {
                "tool": spec.name,
                "arguments": dict(arguments),
                "outcome": "passed_on",
                "confirmed": True,
                "took_ms": 0.0,
            }
        )

    def _may(self, spec: ToolSpec) -> bool:
        # What changes something is bound to a person: an anonymous visitor could be anybody, for anybody's order.
        return self.caller.verified or (spec.who == "anyone" and not (spec.effects and spec.confirm))

    def _tool(self, name: str) -> Tool:
        for tool in self.tools:
            if tool.spec.name == name and self._may(tool.spec):
                return tool
        raise ToolFailed(f"There is no tool {name!r} for this customer.", code="no_such_tool")

    async def _tried(self, tool: Tool, arguments: Mapping[str, Any]) -> str:
        key = key_of(self.caller, tool.spec.name, arguments)
        for attempt in range(tool.spec.retries + 1):
            try:
                async with asyncio.timeout(tool.spec.timeout_s):
                    return await tool.use(arguments, self.caller, key)
            except TimeoutError:
                failed = ToolFailed(f"{tool.spec.name} did not answer within {tool.spec.timeout_s:g} s.")
            except ToolFailed as refused:
                failed = refused
            if not failed.temporary or attempt == tool.spec.retries:
                raise failed
            await asyncio.sleep(PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
        raise AssertionError("unreachable: the last attempt returned or raised")


def check_spec(spec: ToolSpec) -> ToolSpec:
    """The spec, if it can be offered to a model.

    Raises:
        Malformed: its name or schema is none.
    """
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", spec.name):
        raise Malformed(f"Tool name {spec.name!r}: use 1 to 64 letters, digits, _ or -.")
    check_schema(spec.schema, spec.name)
    return spec


def check_arguments(spec: ToolSpec, arguments: Mapping[str, Any]) -> None:
    """Let arguments of the declared form pass.

    Raises:
        ToolFailed: they have another form; says where and why, for the model to correct.
    """
    try:
        check_instance(spec.schema, dict(arguments))
    except ValidationError as wrong:
        where = "/".join(str(each) for each in wrong.absolute_path) or "arguments"
        failed = ToolFailed(f"{spec.name}: {where}: {wrong.message}", code="bad_arguments")
        failed.temporary = False
        raise failed from wrong


def key_of(caller: Caller, name: str, arguments: Mapping[str, Any]) -> str:
    """The same for every attempt at one use, another one for every other use."""
    said = json.dumps([caller.key, name, arguments], sort_keys=True, ensure_ascii=False)
    return blake2b(said.encode(), digest_size=16).hexdigest()
