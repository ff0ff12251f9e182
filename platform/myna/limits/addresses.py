"""Where a request comes from, as limits and blocks name it."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=20_000)
def place_of(address: str) -> str:
    """The address, or the /64 of one of version 6: whoever has one has a whole network of them (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    if found.is_loopback:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
