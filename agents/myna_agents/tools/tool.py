"""A tool, who may have it used, and what one use of it gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from myna.errors import MynaError

Who = Literal["anyone", "verified"]


class ToolFailed(MynaError):
    """The tool did not do what was asked; the message may be shown to the model."""

    status, code, temporary = 502, "tool_failed", True


@dataclass(frozen=True, slots=True)
class Form:
    """What a customer is asked for, and when."""

    title: str
    submit: str
    fields: Sequence[Mapping[str, Any]]
    """As forms of bots have them."""
    words: tuple[str, ...]
    """Words and phrases of any language; one of them in a message asks for the form."""
    to_people: bool
    """Whether what was filled in goes to the operators rather than to an address."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a tool is and what it takes."""

    name: str
    description: str
    schema: Mapping[str, Any]
    """JSON Schema of its arguments."""
    effects: bool = False
    """Whether it changes something. Then the customer confirms each use, unless `confirm` is off."""
    confirm: bool = True
    who: Who = "anyone"
    """`verified`: only for a customer whose identity the company's site vouched for."""
    timeout_s: float = 10.0
    retries: int = 1
    """After a passing failure; with the same idempotency key, so that nothing is done twice."""
    approve: bool = False
    """Whether an operator must agree to each use, after the customer."""
    form: Form | None = None
    """The form that the customer fills in: what they send is what they agree to, and no model has a say in it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool is used, and the key that makes one use one use."""

    user: int
    conversation: int
    key: str
    verified: bool = False


class Tool(Protocol):
    """Something that an agent can do."""

    @property
    def spec(self) -> ToolSpec:
        """What it is."""
        ...

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """Do it; what came of it as a text.

        Raises:
            ToolFailed: it was not done; `temporary` says whether the same may work later.
        """
        ...
