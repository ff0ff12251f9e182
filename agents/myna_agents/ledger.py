"""What answers cost and what came of them: tokens, prices, and when a case counts as resolved. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from myna.errors import MynaError

QUIET_S = 24 * 3600.0
"""How long a customer must be silent after the agent's answer for a case to count as resolved without their word."""
GOOD_RATING, BAD_RATING = 4, 2
"""Of a conversation, 1 to 5: from here on satisfied, up to here not."""

DEFINITION: Mapping[str, str] = {
    "case": "A support conversation in which the agent answered at least one question in this period.",
    "resolved": "confirmed + assumed.",
    "confirmed": "No person wrote in the conversation, nobody waits in the queue, and the customer rated it 4 or 5 or gave the "
    "agent's last rated answer a thumb up.",
    "assumed": "No person wrote in the conversation, nobody waits in the queue, no answer was marked wrong, no rating is bad, "
    f"and the customer has been silent for {QUIET_S / 3600:.0f} hours.",
    "handed_over": "A person wrote in the conversation, or it waits for one.",
    "unresolved": "No person came, and the customer rated it 1 or 2, gave a thumb down last, or an answer was marked wrong.",
    "open": f"None of these yet: the last message is less than {QUIET_S / 3600:.0f} hours old.",
    "cost": "What the models of all turns in this period cost by the prices that are set, answers or not. Null when a model "
    "without a price took part.",
    "cost_per_resolved": "cost divided by resolved.",
}
"""Delivered beside every figure, so that nobody must guess what a number means."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one model read and wrote, in tokens; the cached ones are part of those read."""

    model: str
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """Per 1,000,000 tokens, in the currency of whoever set it."""

    read: float
    write: float
    cached: float


@dataclass(frozen=True, slots=True)
class Prices:
    """What models cost by name."""

    by_model: Mapping[str, Price] = field(default_factory=dict[str, Price])

    @classmethod
    def parse(cls, text: str) -> "Prices":
        """The prices of `NAME=READ/WRITE[/CACHED],…`, each per 1,000,000 tokens.

        Raises:
            MynaError: the text has another form.
        """
        found: dict[str, Price] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, _, figures = part.rpartition("=")
            try:
                read, write, *cached = (float(each) for each in figures.split("/"))
                if not name or len(cached) > 1 or min(read, write, *cached) < 0:
                    raise ValueError
            except ValueError:
                raise MynaError(
                    f"Price {part!r}: use NAME=READ/WRITE or NAME=READ/WRITE/CACHED, per 1,000,000 tokens.",
                    code="bad_setting",
                ) from None
            found[name] = Price(read, write, cached[0] if cached else read)
        return cls(found)

    def cost(self, usage: Usage) -> float | None:
        """What it cost; None when the price is not known. No tokens cost nothing."""
        if not usage.tokens_in and not usage.tokens_out:
            return 0.0
        price = self.by_model.get(usage.model.removeprefix("openai:"))
        if price is None:
            return None
        fresh = usage.tokens_in - usage.tokens_cached
        total = fresh * price.read + usage.tokens_cached * price.cached + usage.tokens_out * price.write
        return total / 1_000_000


@dataclass(frozen=True, slots=True)
class Spend:
    """What one model took part in one turn with, and what came of the turn."""

    id: int
    workspace: int
    agent: int
    version: int
    """Of the agent's bundle, 0 before the first."""
    turn: int
    conversation: int
    customer: int
    usage: Usage
    cost: float | None
    outcome: str
    """The turn's decision: `answer`, `ask_back`, `hand_off`, `decline`."""
    at: float


@dataclass(frozen=True, slots=True)
class Line:
    """Sums over the turns of one agent's version and one model."""

    agent: int
    version: int
    model: str
    turns: int
    answers: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a case in the end."""

    conversation: int
    agent: int
    person_wrote: bool
    waits: bool
    """Whether the ticket's owner is the queue or an operator while it is open."""
    rating: int | None
    """The customer's latest for the whole conversation, 1 to 5."""
    thumb: int | None
    """The customer's latest for an answer, 1 or -1."""
    marked_wrong: bool
    changed_at: float


def fate(outcome: Outcome, now: float) -> str:
    """What became of a case, as `DEFINITION` says."""
    if outcome.person_wrote or outcome.waits:
        return "handed_over"
    good = (outcome.rating or 0) >= GOOD_RATING or (outcome.rating is None and outcome.thumb == 1)
    bad = (outcome.rating is not None and outcome.rating <= BAD_RATING) or (
        outcome.rating is None and outcome.thumb == -1
    )
    if bad or outcome.marked_wrong:
        return "unresolved"
    if good:
        return "confirmed"
    return "assumed" if now - outcome.changed_at >= QUIET_S else "open"


def report(lines: Sequence[Line], outcomes: Sequence[Outcome], now: float) -> dict[str, Any]:
    """The ledger of a period: cases by what became of them, cost, and cost per resolved case, with the definition."""
    fates = [fate(each, now) for each in outcomes]
    cases = {
        name: fates.count(name) for name in ("confirmed", "assumed", "handed_over", "unresolved", "open")
    }
    resolved = cases["confirmed"] + cases["assumed"]
    known = [line.cost for line in lines if line.cost is not None]
    cost = None if len(known) < len(lines) else sum(known)
    return {
        "cases": {"all": len(outcomes), "resolved": resolved, **cases},
        "cost": None if cost is None else round(cost, 6),
        "cost_per_resolved": None if cost is None or not resolved else round(cost / resolved, 6),
        "lines": [line_object(each) for each in lines],
        "definition": dict(DEFINITION),
    }


def line_object(line: Line) -> dict[str, Any]:
    """Sums as JSON."""
    return {
        "agent": str(line.agent),
        "version": line.version,
        "model": line.model,
        "turns": line.turns,
        "answers": line.answers,
        "tokens_in": line.tokens_in,
        "tokens_cached": line.tokens_cached,
        "tokens_out": line.tokens_out,
        "cost": None if line.cost is None else round(line.cost, 6),
    }


class Ledger(Protocol):
    """Keeps what was spent. Every write is durable when the call returns."""

    async def note(self, spends: Sequence[Spend]) -> None:
        """Store what a turn took; the same ids again change nothing."""
        ...

    async def spent(self, agent: int, customer: int | None, since: float) -> float:
        """What an agent's turns cost since a moment, of one customer or of all."""
        ...

    async def lines(self, workspace: int, since: float, until: float) -> list[Line]:
        """Sums of a period, the dearest first."""
        ...

    async def outcomes(self, workspace: int, agent: int | None, since: float, until: float) -> list[Outcome]:
        """The cases of a period, at most `MAX_CASES`, newest first."""
        ...


MAX_CASES = 50_000
