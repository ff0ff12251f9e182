"""Tickets open one connection, once, within 30 seconds, whichever process is asked."""

import asyncio
import time
from dataclasses import replace

import pytest

from myna.adapters.sql.identity.socket_tickets import SqlSocketTickets
from myna.errors import Forbidden, Unauthorised
from myna.identity.socket_tickets import TICKET_S, SocketTickets
from myna.identity.tokens import Tokens
from myna.limits.windows import Bound
from myna.model.workspace import UserKind
from myna.rights import Principal
from support.api_world import ANN, BOB, WHO, World
from support.stores import Stores


@pytest.fixture
def store(shop: Stores) -> SqlSocketTickets:
    return SqlSocketTickets(shop.database)


async def test_of_many_who_bring_a_ticket_one_gets_in(store: SqlSocketTickets) -> None:
    await store.add("a", ANN, 5, 100.0, 70.0)
    taken = await asyncio.gather(*(store.take("a", 80.0) for _ in range(8)))
    assert sorted(taken, key=str) == [(ANN, 5)] + [None] * 7


async def test_a_ticket_that_ran_out_is_none_and_is_forgotten(store: SqlSocketTickets) -> None:
    await store.add("late", ANN, 5, 100.0, 70.0)
    assert await store.take("late", 100.5) is None
    await store.add("left", ANN, 5, 100.0, 70.0)
    await store.add("next", ANN, 5, 150.0, 120.0)
    assert [await store.take(each, 90.0) for each in ("late", "left", "next")] == [None, None, (ANN, 5)]


async def test_a_ticket_names_its_user_as_it_is_now(shop: Stores, store: SqlSocketTickets) -> None:
    tickets = SocketTickets(store, shop.accounts, Tokens(b"k" * 32, shop.refresh))
    ticket = await tickets.issue(WHO[ANN])
    assert await tickets.redeem(ticket) == WHO[ANN]
    for worthless in (ticket, "", "x" * 43, "x" * 5000):
        with pytest.raises(Unauthorised) as refused:
            await tickets.redeem(worthless)
        assert refused.value.code == "ticket_invalid"


async def test_a_ticket_lasts_thirty_seconds(
    shop: Stores, store: SqlSocketTickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = SocketTickets(store, shop.accounts, Tokens(b"k" * 32, shop.refresh))
    now = time.time()
    one, other = await tickets.issue(WHO[ANN]), await tickets.issue(WHO[ANN])
    monkeypatch.setattr(time, "time", lambda: now + TICKET_S - 1)
    assert await tickets.redeem(one) == WHO[ANN]
    monkeypatch.setattr(time, "time", lambda: now + TICKET_S + 1)
    with pytest.raises(Unauthorised):
        await tickets.redeem(other)


async def test_a_ticket_of_a_sign_in_that_ended_is_worthless(shop: Stores, store: SqlSocketTickets) -> None:
    tokens = Tokens(b"k" * 32, shop.refresh)
    tickets = SocketTickets(store, shop.accounts, tokens)
    gone, stays = (replace(WHO[ANN], sign_in=each) for each in (7, 8))
    one, other = await tickets.issue(gone), await tickets.issue(stays)
    tokens.end([7])
    with pytest.raises(Unauthorised) as refused:
        await tickets.redeem(one)
    assert refused.value.code == "signed_out"
    assert (await tickets.redeem(other)).sign_in == 8


async def test_a_bots_key_buys_no_ticket(shop: Stores, store: SqlSocketTickets) -> None:
    bot = Principal(ANN, 1, UserKind.BOT, scopes=frozenset())
    with pytest.raises(Forbidden):
        await SocketTickets(store, shop.accounts, Tokens(b"k" * 32, shop.refresh)).issue(bot)


async def test_tickets_come_over_http_and_are_rationed(app: World) -> None:
    app.services.limits.bounds["ticket_user"] = Bound(3, 60)
    seen = [await _ticket(app) for _ in range(3)]
    assert len(set(seen)) == 3
    refused = await app.ask(ANN, "POST", "/socket-tickets", 429)
    assert refused["retry_ms"] > 0
    await app.ask(BOB, "POST", "/socket-tickets", 201)
    assert await app.services.tickets.redeem(seen[0]) == WHO[ANN]


async def _ticket(found: World) -> str:
    answer = await found.ask(ANN, "POST", "/socket-tickets", 201)
    assert answer["expires_in"] == TICKET_S
    return str(answer["ticket"])
