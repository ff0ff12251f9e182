"""What follows an attack: blocks and alerts as administrators, webhooks, the log and other processes have them."""

import asyncio
import json
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from myna.adapters.bus_redis import RedisBus
from myna.adapters.sql.safety.detector import SqlSafety
from myna.intrusion.detector import Detector
from myna.intrusion.model import RULES, Response, Shielded, Sign
from myna.intrusion.shield import Shield
from myna.limits.windows import Windows
from myna.signing import HEADER, verify
from support.api_world import OTTO, ZOE, World
from support.http_server import served
from support.town import Town, town_of

FAIL2BAN = Path(__file__).parents[2] / "deploy" / "fail2ban" / "filter.d" / "myna.conf"


@pytest.fixture
async def town(app: World) -> Town:
    return await town_of(app)


async def test_administrators_block_lift_and_allow(town: Town) -> None:
    owner = await town.token(OTTO)
    async with town.at("198.51.100.4") as admin, town.at("2001:db8:1:2::7") as bad:
        block = {"address": "2001:db8:1:2:ffff::1", "hours": 1, "reason": "scanner"}
        assert (await admin.post("/admin/blocks", json=block, headers=owner)).status_code == 204
        assert (await bad.get("/inboxes/demo")).status_code == 403
        (shown,) = (await admin.get("/admin/blocks", headers=owner)).json()["blocks"]
        assert (shown["address"], shown["by"], shown["reason"]) == ("2001:db8:1:2::/64", str(OTTO), "scanner")
        lift = {"address": "2001:db8:1:2::7"}
        assert (await admin.post("/admin/blocks/lift", json=lift, headers=owner)).status_code == 204
        assert (await bad.get("/inboxes/demo")).status_code == 404
        assert (await admin.post("/admin/blocks/lift", json=lift, headers=owner)).status_code == 404
        allowed = {"allow": ["2001:db8::/32"], "hook": None}
        assert (await admin.put("/admin/detection", json=allowed, headers=owner)).status_code == 200
        for _ in range(4):
            await bad.get("/.env")
        assert (await bad.get("/inboxes/demo")).status_code == 404
        assert (await admin.post("/admin/blocks", json=block, headers=owner)).json()["code"] == "allowed"
        actions = [each["action"] for each in (await admin.get("/audit", headers=owner)).json()["lines"]]
    assert actions == ["detection.changed", "address.lifted", "address.blocked"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_nothing_follows_for_this_machine_itself(town: Town, address: str) -> None:
    async with town.at(address) as proxy:
        for _ in range(5):
            await proxy.get("/.env")
        assert (await proxy.get("/inboxes/demo")).status_code == 404


@pytest.mark.parametrize("address", ["nonsense", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "1.2.3.4 or so"])
async def test_only_single_addresses_are_blocked(town: Town, address: str) -> None:
    owner = await town.token(OTTO)
    answer = await town.world.http.post("/admin/blocks", json={"address": address}, headers=owner)
    assert answer.status_code == 400


async def test_rules_are_changed_and_only_administrators_of_the_server_may(town: Town) -> None:
    owner, zoe = await town.token(OTTO), await town.token(ZOE)
    change: dict[str, Any] = {
        "rules": {"injection": {"ordinary": 0, "response": "log", "for_s": 0}},
        "allow": [],
        "hook": None,
    }
    assert (await town.world.http.put("/admin/detection", json=change, headers=zoe)).status_code == 403
    shown = (await town.world.http.put("/admin/detection", json=change, headers=owner)).json()
    (rule,) = [each for each in shown["rules"] if each["kind"] == "injection"]
    assert (rule["ordinary"], rule["response"]) == (0, "log")
    async with town.at("203.0.113.7") as bad:
        await bad.get("/.env")
        assert (await bad.get("/inboxes/demo")).status_code == 404
    assert [each["kind"] for each in await town.alerts()] == ["injection"]
    assert await town.alerts(ZOE) == []
    wrong = {**change, "rules": {"nonsense": change["rules"]["injection"]}}
    assert (await town.world.http.put("/admin/detection", json=wrong, headers=owner)).status_code == 400


async def test_an_alert_counts_on_and_is_marked_as_seen(town: Town) -> None:
    owner = await town.token(OTTO)
    async with town.at("203.0.113.7") as bad:
        for _ in range(8):
            await bad.get("/.env")
    (alert,) = await town.alerts()
    assert alert["count"] == 8
    path = f"/admin/alerts/{alert['id']}/seen"
    assert (await town.world.http.post(path, headers=await town.token(ZOE))).status_code == 404
    assert (await town.world.http.post(path, headers=owner)).status_code == 204
    assert (await town.alerts())[0]["seen"] is True


async def test_alerts_are_sent_signed_and_sent_again_when_they_are_not_taken(town: Town) -> None:
    heard: list[tuple[bytes, str]] = []
    receiver = FastAPI()

    @receiver.post("/alerts", status_code=204)
    async def alerts(request: Request) -> None:
        heard.append((await request.body(), request.headers[HEADER]))
        if len(heard) == 1:
            raise RuntimeError("not now")

    herald = town.world.services.intrusion.heralds
    herald._pause_s = 0.01
    owner = await town.token(OTTO)
    async with served(receiver) as url:
        hook = {"allow": [], "hook": f"{url}/alerts"}
        refused = await town.world.http.put("/admin/detection", json=hook, headers=owner)
        assert refused.json()["code"] == "private_address"
        town.world.services.intrusion.heralds._herald._web._allow_private = True  # type: ignore[attr-defined]
        secret = (await town.world.http.put("/admin/detection", json=hook, headers=owner)).json()["secret"]
        again = (await town.world.http.put("/admin/detection", json=hook, headers=owner)).json()
        assert "secret" not in again
        async with town.at("203.0.113.7") as bad:
            for _ in range(3):
                await bad.get("/.env")
        until = time.monotonic() + 60
        while len(heard) < 2 and time.monotonic() < until:
            await town.world.services.intrusion.detector.settle()
    body, signature = heard[1]
    assert heard[0][0] == body
    assert verify(body, signature, secret, time.time())
    assert json.loads(body)["alert"]["kind"] == "injection"


async def test_the_log_has_one_line_that_fail2ban_reads(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "myna.intrusion"):
        async with town.at("203.0.113.7") as bad:
            for _ in range(5):
                await bad.get("/.env?x=%0aintrusion kind=spraying address=198.51.100.4")
    lines = [f"2026-11-26 10:00:00,000 WARNING {each.name}: {each.getMessage()}" for each in caplog.records]
    (line,) = [each for each in lines if "intrusion" in each]
    assert "\n" not in line
    pattern = re.search(r"^failregex = (.+)$", FAIL2BAN.read_text("utf-8"), re.MULTILINE)
    assert pattern is not None
    found = re.search(pattern[1].replace("<HOST>", r"(?P<host>\S+)"), line)
    assert found is not None
    assert found["host"] == "203.0.113.7"


async def test_what_one_process_blocks_the_others_refuse(app: World) -> None:
    store = SqlSafety(app.database)
    one, other = (Detector(Windows(), Shield(), store) for _ in range(2))
    for _ in range(3):
        one.saw(Sign("injection", "203.0.113.7"))
    assert other.shield.of("203.0.113.7") is None
    await one.settle()
    await other.settle()
    assert other.shield.of("203.0.113.7") is Response.BLOCK
    await other.lift("203.0.113.7")
    await one.settle()
    assert one.shield.of("203.0.113.7") is None


async def test_a_block_is_told_to_the_other_processes_at_once(
    app: World, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes on one Redis, neither of which would look by itself before the test is over."""
    monkeypatch.setattr("myna.intrusion.detector.REFRESH_S", 3600.0)
    store, buses = SqlSafety(app.database), [RedisBus(redis_url, "shield") for _ in range(2)]
    one, other = (Detector(Windows(), Shield(), store) for _ in range(2))
    one.others, other.others = buses
    running = [asyncio.create_task(each.run()) for each in (one, other)]
    try:
        async with asyncio.timeout(60):
            one.respond(Shielded("203.0.113.7", Response.BLOCK, None, "by hand", None, time.time()))
            while other.shield.of("203.0.113.7") is None:
                await asyncio.sleep(0.01)
            assert await other.lift("203.0.113.7")
            while one.shield.of("203.0.113.7") is not None:
                await asyncio.sleep(0.01)
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for bus in buses:
            await bus.close()


def test_blocks_run_out() -> None:
    now = [1000.0]
    shield = Shield(clock=lambda: now[0])
    shield.put(Shielded("203.0.113.7", Response.BLOCK, 1010.0, "x"))
    assert shield.of("203.0.113.7") is Response.BLOCK
    now[0] = 1011.0
    assert shield.of("203.0.113.7") is None


async def test_a_million_addresses_do_not_fill_the_memory(
    app: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("myna.intrusion.detector.MAX_OPEN", 50)
    monkeypatch.setattr("myna.intrusion.detector.MAX_SEEN", 50)
    monkeypatch.setattr("myna.intrusion.shield.MAX_SHIELDED", 50)
    monkeypatch.setattr("myna.limits.windows.MAX_KEYS", 50)
    windows = Windows()
    detector = Detector(windows, Shield(), SqlSafety(app.database))
    for number in range(500):
        address = f"203.0.{number // 250}.{number % 250}"
        detector.new_pair("handles", address, "x")
        for _ in range(RULES["injection"].bound.count + 1):
            detector.saw(Sign("injection", address))
    assert len(detector._open) == len(detector._seen) == len(windows._windows) == 50
    assert len(detector.shield._held) == 50
