"""Who takes the next waiting conversation, and how long a customer will wait. Pure."""

from collections.abc import Mapping, Sequence
from statistics import median

from myna.helpdesk.model import OperatorState, Stay

RECENT = 50
"""How many of the latest stays in the queue an expectation is made of."""
FEWEST = 3
"""With fewer nothing is promised."""


def choose(
    operators: Sequence[OperatorState], load: Mapping[int, int], team: Sequence[int] | None
) -> OperatorState | None:
    """The available operator of the team with the most room, or None when all are busy or away.

    Room is the share of the capacity that is free, so that two people of different capacity fill up alike; among equals the
    one with fewer conversations, then the smaller id, so that the choice is the same in every process.
    """
    free = [
        each
        for each in operators
        if each.available and load.get(each.user, 0) < each.capacity and (team is None or each.user in team)
    ]
    return min(
        free,
        key=lambda each: (load.get(each.user, 0) / each.capacity, load.get(each.user, 0), each.user),
        default=None,
    )


def expected_wait_s(stays: Sequence[Stay], ahead: int, free: int) -> float | None:
    """How long the next customer will wait: None when too little is known.

    The median of the latest stays that an operator ended, and no less than what is needed for those ahead. With a free operator
    and nobody ahead it is nothing. The median, since one forgotten conversation must not scare everybody.
    """
    if free > ahead:
        return 0.0
    ended = [each.until - each.since for each in stays if each.until is not None][:RECENT]
    if len(ended) < FEWEST:
        return None
    return median(ended) * max(1.0, (ahead + 1) / 2)
