"""What an agent can do in a turn, and one such decision."""

from dataclasses import dataclass
from enum import StrEnum

from myna_agents.answers.phrases import Phrase


class Kind(StrEnum):
    """What an agent does in a turn."""

    ANSWER = "answer"
    ASK_BACK = "ask_back"
    HAND_OFF = "hand_off"
    DECLINE = "decline"
    WAIT = "wait"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. Without a `phrase`, an answer is composed from passages."""

    kind: Kind
    reason: str
    phrase: Phrase | None = None
    suggestions: tuple[str, ...] = ()
    """Questions offered as buttons."""
    offer_human: bool = False
    until: float = 0.0
    """When a turn that waits is looked at again, unix seconds."""
