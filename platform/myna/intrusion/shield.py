"""Which addresses are slowed, challenged or blocked now. Asked at every request, so it never waits for anything."""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import time

from myna.errors import Forbidden, Malformed
from myna.intrusion.model import Response, Shielded
from myna.limits.addresses import place_of

MAX_SHIELDED = 20_000
"""Addresses for which something holds. Overflow rule: no more are added until some have run out."""
SLOWER = 20
"""A slowed address may do this many times less."""
ALWAYS_ALLOWED = ("127.0.0.0/8", "::1/128")
"""This machine itself: a proxy that hides its clients' addresses must not lock everybody out."""


class Blocked(Forbidden):
    """Too much that looks like an attack came from this address."""

    code = "blocked"


def blocked(left_s: int | None) -> Blocked:
    """What is said to whoever is blocked."""
    return Blocked("This address is blocked for now.", retry_ms=None if left_s is None else left_s * 1000)


class Shield:
    """What holds for addresses, as this process knows it."""

    def __init__(self, *, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._held: dict[str, Shielded] = {}
        self._allowed: tuple[str, ...] = ALWAYS_ALLOWED

    def of(self, place: str) -> Response | None:
        """What holds for an address now."""
        found = self._held.get(place)
        if found is None:
            return None
        if found.until is not None and found.until <= self._clock():
            self._held.pop(place, None)
            return None
        return found.response

    def pass_or_refuse(self, place: str) -> Response | None:
        """What holds for an address that is not blocked.

        Raises:
            Blocked: it is; `retry_ms` says until when.
        """
        response = self.of(place)
        if response is Response.BLOCK:
            raise blocked(self.left_s(place))
        return response

    def left_s(self, place: str) -> int | None:
        """Whole seconds, at least one, for which something still holds; None: until it is lifted."""
        found = self._held.get(place)
        if found is None or found.until is None:
            return None
        return max(1, int(found.until - self._clock()) + 1)

    def put(self, shielded: Shielded) -> bool:
        """Let something hold from now on; False when the address is on the list of those that nothing follows for."""
        if self.allowed(shielded.place) or len(self._held) >= MAX_SHIELDED:
            return False
        self._held[shielded.place] = shielded
        return True

    def lift(self, place: str) -> None:
        """Nothing holds any more."""
        self._held.pop(place, None)

    def replace(self, held: Iterable[Shielded], allowed: tuple[str, ...]) -> None:
        """Everything as the database has it."""
        self._allowed = (*ALWAYS_ALLOWED, *allowed)
        self._held = {each.place: each for each in held if not self.allowed(each.place)}

    def allowed(self, place: str) -> bool:
        """Whether nothing ever follows for this address."""
        return _within(place, self._allowed)


@lru_cache(maxsize=20_000)
def _within(place: str, networks: tuple[str, ...]) -> bool:
    try:
        asked = ipaddress.ip_network(place, strict=False)
    except ValueError:
        return False
    found = (ipaddress.ip_network(each) for each in networks)
    return any(
        each.supernet_of(asked)  # type: ignore[arg-type]  # the same version, as was checked
        for each in found
        if each.version == asked.version
    )


def network_of(text: str) -> str:
    """An address or network as it is kept.

    Raises:
        Malformed: it is neither.
    """
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise Malformed(f"{text[:80]!r} is no address or network.") from None
    return str(found)


def address_of(text: str) -> str:
    """An address as blocks name it. Raises as `network_of`."""
    try:
        return place_of(str(ipaddress.ip_address(text.strip())))
    except ValueError:
        pass
    found = ipaddress.ip_network(network_of(text))
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen == 64:
        return str(found)
    raise Malformed(f"{text[:80]!r} is no single address; whole networks are for the proxy.")
