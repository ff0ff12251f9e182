"""Two versions of an agent side by side on real conversations, and when the difference between them is no chance. Pure.

Each new support conversation is answered by one of both, by a hash of its id: the same one as long as it lasts. What is
compared is the share of resolved cases, as the ledger defines resolved.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, Protocol

from myna_agents.ledger import Outcome, fate
from myna_agents.versions.bundles import Bundle

Arm = Literal["control", "challenger"]
ARMS: tuple[Arm, Arm] = ("control", "challenger")
ALPHA = 0.05
"""How likely at most a difference is found that is none, however often one looks."""
TAU = 0.1
"""The scale of differences that the mixture expects: the test is quickest around it, and right at any."""
LEAST_CASES = 30
"""Of each version, before anything is said: the test leans on the normal approximation."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of an agent's versions, running until `ended_at`."""

    id: int
    workspace: int
    agent: int
    control: int
    """The number of the version that was live."""
    challenger: int
    share: float
    """Of new conversations that the challenger answers, 0..1."""
    started_by: int
    started_at: float
    ended_at: float | None = None
    kept: int | None = None
    """The number of the version that was live when it ended."""

    def arm(self, conversation: int) -> Arm:
        """Which version answers a conversation; older conversations stay with the control."""
        if conversation <= self.id:
            return "control"
        digest = blake2b(f"{self.id}:{conversation}".encode(), digest_size=8).digest()
        return "challenger" if int.from_bytes(digest) < self.share * 2**64 else "control"


@dataclass(frozen=True, slots=True)
class Costs:
    """What one version's turns took in a comparison."""

    version: int
    turns: int
    cost: float | None


class Comparisons(Protocol):
    """Keeps comparisons. Every write is durable when the call returns."""

    async def running(self, agent: int) -> tuple[Comparison, Bundle] | None:
        """The comparison that runs, with the challenger."""
        ...

    async def latest(self, agent: int) -> Comparison | None:
        """The newest, running or not."""
        ...

    async def start(self, comparison: Comparison) -> None:
        """Begin one.

        Raises:
            Conflict: another one runs; nothing has changed.
        """
        ...

    async def end(self, agent: int, kept: int, at: float) -> None:
        """End the one that runs, if one does."""
        ...

    async def outcomes(self, comparison: Comparison) -> list[Outcome]:
        """The cases that began while it ran and in which the agent took a turn."""
        ...

    async def costs(self, comparison: Comparison) -> list[Costs]:
        """What the turns of those conversations took, by version."""
        ...


def figures(
    comparison: Comparison, outcomes: Sequence[Outcome], costs: Sequence[Costs], now: float
) -> dict[str, Any]:
    """Both versions' cases, cost and ratings, the difference with an interval that holds at every look, and a verdict."""
    control, challenger = (_arm(comparison, arm, outcomes, costs, now) for arm in ARMS)
    counts = (control["resolved"], control["decided"], challenger["resolved"], challenger["decided"])
    found = difference(*counts)
    said = verdict(found, counts[1], counts[3])
    return {"control": control, "challenger": challenger, "difference": found, "verdict": said}


def difference(x0: int, n0: int, x1: int, n1: int) -> dict[str, float] | None:
    """Challenger's share less control's, with its always valid interval and p; None while one of them has no case.

    Mixture sequential probability ratio test for two proportions (Johari, Pekelis, Walsh: Always Valid Inference, 2015): with
    difference d, variance v and a normal mixture of variance t² the ratio is sqrt(v/(v+t²)) exp(t² d² / (2 v (v+t²))), p is its
    inverse, and the interval is d ± sqrt(2 v (v+t²)/t² · ln(sqrt((v+t²)/v) / alpha)). Shares in v are (x+1)/(n+2), so that it
    is never 0.
    """
    if not n0 or not n1:
        return None
    found = x1 / n1 - x0 / n0
    smooth = [((x + 1) / (n + 2), n) for x, n in ((x0, n0), (x1, n1))]
    v = sum(share * (1 - share) / n for share, n in smooth)
    both = v + TAU**2
    ratio = math.log(v / both) / 2 + TAU**2 * found**2 / (2 * v * both)
    half = math.sqrt(2 * v * both / TAU**2 * (math.log(both / v) / 2 - math.log(ALPHA)))
    return {
        "value": round(found, 4),
        "low": round(max(-1.0, found - half), 4),
        "high": round(min(1.0, found + half), 4),
        "p": round(min(1.0, math.exp(min(0.0, -ratio))), 6),
    }


def verdict(found: dict[str, float] | None, n0: int, n1: int) -> str:
    """`challenger_better`, `control_better`, or `undecided`: then it goes on."""
    if found is None or min(n0, n1) < LEAST_CASES or found["low"] <= 0 <= found["high"]:
        return "undecided"
    return "challenger_better" if found["low"] > 0 else "control_better"


def _arm(
    comparison: Comparison, arm: Arm, outcomes: Sequence[Outcome], costs: Sequence[Costs], now: float
) -> dict[str, Any]:
    version = comparison.control if arm == "control" else comparison.challenger
    own = [each for each in outcomes if comparison.arm(each.conversation) == arm]
    fates = [fate(each, now) for each in own]
    resolved, still = sum(each in {"confirmed", "assumed"} for each in fates), fates.count("open")
    decided = len(fates) - still
    ratings = [each.rating for each in own if each.rating is not None]
    spent = next((each for each in costs if each.version == version), Costs(version, 0, 0.0))
    return {
        "version": version,
        "cases": len(own),
        "open": still,
        "decided": decided,
        "resolved": resolved,
        "handed_over": fates.count("handed_over"),
        "unresolved": fates.count("unresolved"),
        "share": round(resolved / decided, 4) if decided else None,
        "rating": round(sum(ratings) / len(ratings), 2) if ratings else None,
        "turns": spent.turns,
        "cost": None if spent.cost is None else round(spent.cost, 6),
        "cost_per_resolved": None if spent.cost is None or not resolved else round(spent.cost / resolved, 6),
    }
