"""Refuses blocked and limited addresses as soon as the head of a request is there: no task, no routing, no JSON, no log.

What is answered was made before, so that an attack that goes on while it is refused costs next to nothing.
"""

import asyncio
from functools import lru_cache

from myna.api.edge import EXEMPT, head_of
from myna.api.problems import problem_of
from myna.errors import MynaError
from myna.intrusion.model import Response, Sign
from myna.intrusion.shield import SLOWER, blocked
from myna.limits.addresses import place_of
from myna.limits.bounds import too_many
from myna.services import Services

LIMIT = "request_address"
_EXEMPT = frozenset(each.encode() for each in EXEMPT)


class Answered:
    """Stands where uvicorn keeps the request that it answers: this one was, whatever of it still comes is passed over."""

    response_complete = True
    disconnected = True
    message_event = asyncio.Event()


def refusal(services: Services, address: str, url: bytes, *, last: bool) -> bytes | None:
    """The whole answer to a request of this address if it is refused, 403 for blocked and 429 for too many; else None.

    `last`: the connection ends with it. Nothing is counted for a request that passes: the edge does that.
    """
    if url in _EXEMPT:
        return None
    place = place_of(address)
    shield = services.intrusion.shield
    response = shield.of(place)
    if response is Response.BLOCK:
        return _blocked(shield.left_s(place), last)
    wait_s = services.limits.refuses(LIMIT, place, SLOWER if response is Response.SLOW else 1)
    if wait_s == 0.0:
        return None
    services.intrusion.detector.saw(Sign("flood", address))
    return _limited(int(wait_s) + 1, last)


@lru_cache(maxsize=4_096)
def _blocked(left_s: int | None, last: bool) -> bytes:
    return _answer(blocked(left_s), last)


@lru_cache(maxsize=4_096)
def _limited(wait_s: int, last: bool) -> bytes:
    return _answer(too_many(LIMIT, wait_s), last)


def _answer(refused: MynaError, last: bool) -> bytes:
    made = problem_of(refused)
    more = {"connection": "close"} if last else {}
    if "retry-after" in made.headers:
        more["retry-after"] = made.headers["retry-after"]
    return head_of(refused, bytes(made.body), more)
