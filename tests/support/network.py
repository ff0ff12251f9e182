"""A guard that keeps tests on this machine."""

import ipaddress
import sys
from typing import Any


class OutgoingConnectionError(RuntimeError):
    """A test tried to reach another machine. Start a server on 127.0.0.1 instead."""


_LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}


def is_local(host: object) -> bool:
    """Whether a host, as it is given to a socket, is this machine."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return name.lower() in _LOCAL_NAMES
    return address.is_loopback or address.is_unspecified


def _refuse_others(event: str, args: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # anything else is a path on this machine
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if not is_local(host):
        raise OutgoingConnectionError(f"{event} to {host!r}: tests stay on this machine")


def stay_on_this_machine() -> None:
    """From now on every connection and name look-up of this process that leaves the machine raises.

    Python's audit events (PEP 578) see all sockets of the `socket` module, whichever library opened them;
    there is no way back, which is wanted here. Child processes are not covered.
    """
    sys.addaudithook(_refuse_others)
