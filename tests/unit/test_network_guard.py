"""The guard of the tests themselves."""

import socket

import pytest

from support.network import OutgoingConnectionError, is_local


@pytest.mark.parametrize(
    "host", [None, "", "localhost", b"localhost", "127.0.0.1", "127.8.8.8", "::1", "0.0.0.0"]
)
def test_this_machine_may_be_reached(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["example.org", b"example.org", "192.0.2.1", "10.0.0.1", "2001:db8::1"])
def test_other_machines_may_not(host: object) -> None:
    assert not is_local(host)


def test_a_connection_that_leaves_the_machine_raises() -> None:
    with socket.socket() as outgoing, pytest.raises(OutgoingConnectionError):
        outgoing.connect(("192.0.2.1", 80))


def test_a_name_look_up_that_leaves_the_machine_raises() -> None:
    with pytest.raises(OutgoingConnectionError):
        socket.getaddrinfo("example.org", 80)


async def test_event_loops_are_guarded_too() -> None:
    import asyncio

    with pytest.raises(OutgoingConnectionError):
        await asyncio.open_connection("192.0.2.1", 80)
