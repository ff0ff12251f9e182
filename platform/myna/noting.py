"""Lines of the audit log on their way into the transaction of the act that they describe."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Line:
    """What an act leaves in the audit log; no actor means the server itself. Nothing secret stands in it."""

    workspace: int
    actor: int | None
    action: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    written: bool = False
    """Whether it is durable, or too late to be written."""


_waiting: ContextVar[tuple[Line, ...]] = ContextVar("myna_noting", default=())


@contextmanager
def noting(line: Line) -> Generator[None]:
    """Let the first transaction of this task that changes something, until the block ends, carry the line.

    Guarantee: act and line are stored together or not at all.
    """
    token = _waiting.set((*_waiting.get(), line))
    try:
        yield
    finally:
        _waiting.reset(token)


def waiting_lines() -> list[Line]:
    """What the next transaction of this task that changes something carries."""
    return [each for each in _waiting.get() if not each.written]
