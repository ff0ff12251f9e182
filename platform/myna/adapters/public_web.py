"""Which addresses may be asked when somebody else chose them: the one guard against requests into the operator's network.

The name is resolved once, every address of it is checked, and the connection goes to the checked address itself: a name server
that answers differently the second time (DNS rebinding) is never asked a second time. Whoever follows a redirect has its target
checked anew by the same guard. OWASP, "Server-Side Request Forgery Prevention", case 2.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from myna.errors import Malformed

RESOLVE_S = 5.0
SHOWN_CHARS = 200
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052, section 2.1."""
COMPATIBLE = ipaddress.ip_network("::/96")
"""IPv4-compatible addresses: deprecated (RFC 4291, section 2.5.5.1), still understood here and there."""

_HOST = re.compile(r"[a-z0-9_.:-]+(%[a-z0-9]+)?")
"""Names in ASCII and addresses; a zone may follow an address of version 6."""


class AddressRefused(Malformed):
    """Nothing was asked. `code` is `bad_address`, `private_address` or `unknown_host`."""

    code = "bad_address"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for an address: what an httpx client is given to ask that host at the address that was checked."""

    url: httpx.URL
    host: str
    headers: Mapping[str, str]
    extensions: dict[str, Any]


class PublicWeb:
    """Checks addresses. With `allow_private` any address and port may be asked.

    `ports` are the only ones allowed, None for all of them. `hint` is added to the message about a private address: what
    the operator may do. Obligation: the client that asks a target follows no redirects by itself and uses no proxy of the
    environment (`trust_env=False`), for it would resolve the name again.
    """

    def __init__(
        self, *, allow_private: bool = False, ports: frozenset[int] | None = None, hint: str = ""
    ) -> None:
        self._allow_private, self._ports, self._hint = allow_private, ports, hint

    async def target(self, url: str) -> Target:
        """Where to connect for this address.

        Raises:
            AddressRefused: no http or https address, one with a name or password in it, a port that is not allowed, an
                unknown name, or one with any address that is not public.
        """
        asked = _parsed(url)
        port = asked.port or (443 if asked.scheme == "https" else 80)
        if not self._allow_private and self._ports is not None and port not in self._ports:
            raise AddressRefused(
                f"{url[:SHOWN_CHARS]!r}: port {port} is none of a website.", code="private_address"
            )
        host = asked.raw_host.decode("ascii")
        addresses = _literal(host) or await _resolved(host)
        for address in addresses:
            # All of them: a name with one public and one private address is refused, not tried at random.
            if not self._allow_private and not is_public(address):
                told = f"{host} is a private address; only public ones are asked. {self._hint}"
                raise AddressRefused(told.strip(), code="private_address")
        return Target(
            asked.copy_with(host=addresses[0].partition("%")[0]),
            host,
            {"Host": asked.netloc.decode("ascii")},
            {"sni_hostname": host},
        )


def is_public(address: str) -> bool:
    """Whether an IP address may be asked: globally routable, no multicast, nor a private one dressed as IPv6.

    Covers IPv4-mapped (::ffff:0:0/96) and IPv4-compatible addresses (::/96), 6to4 (2002::/16), Teredo (2001::/32) and
    NAT64 (64:ff9b::/96).
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in NAT64 or found in COMPATIBLE:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _parsed(url: str) -> httpx.URL:
    shown = repr(url[:SHOWN_CHARS])
    try:
        asked = httpx.URL(url)
        host = asked.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise AddressRefused(f"{shown} is no address of the web.") from None
    if asked.scheme not in {"http", "https"} or not host:
        raise AddressRefused(f"{shown}: only http and https addresses are asked.")
    if not _HOST.fullmatch(host) or not 0 < (asked.port or 80) < 65536:
        raise AddressRefused(f"{shown}: {host[:80]!r} is no host with a port.")
    if asked.userinfo:
        raise AddressRefused(f"The address at {asked.host} holds a name or password; leave it out.")
    return asked


def _literal(host: str) -> list[str]:
    """The address that a host is already, also in the old ways (`2130706433`, `0x7f.1`) that resolvers still take."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except (OSError, UnicodeError):
        return []


async def _resolved(host: str) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as unknown:
        raise AddressRefused(
            f"The name {host[:SHOWN_CHARS]!r} could not be resolved.", code="unknown_host"
        ) from unknown
    return [str(each[4][0]) for each in found]
