"""What an answer consists of while it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer: text, or parts of tool calls, or how it ended."""

    text: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    finish: str | None = None
    usage: Mapping[str, Any] | None = None
    citations: Sequence[Mapping[str, Any]] = ()
