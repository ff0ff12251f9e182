"""Attacks, each tried over HTTP: refused or bounded, and visible to administrators, to webhooks and in the log."""

from collections import OrderedDict

import pytest

from myna.adapters.sql.safety.detector import SqlSafety
from myna.adapters.sql.safety.moderation import SqlAudit
from myna.api.identity import auth
from myna.errors import TooMany
from myna.intrusion.acts import Acts
from myna.intrusion.detector import Detector
from myna.intrusion.model import Response
from myna.intrusion.shield import Shield
from myna.limits.proof import solve
from myna.limits.windows import Bound, Windows
from support.api_world import ANN, EVE, GROUP, OTTO, WHO, World
from support.planning import WORKSPACE
from support.town import FIREFOX, PASSWORD, Town, sign_in, town_of


@pytest.fixture
async def town(app: World) -> Town:
    return await town_of(app)


async def test_spraying_passwords_blocks_the_address_and_nobody_else(town: Town) -> None:
    async with town.at("203.0.113.7") as bad, town.at("198.51.100.4") as good:
        statuses = [(await sign_in(bad, f"person{number}")).status_code for number in range(7)]
        assert statuses == [401] * 5 + [403] * 2
        refused = await bad.get("/inboxes/demo")
        assert (refused.status_code, refused.json()["code"]) == (403, "blocked")
        assert int(refused.headers["retry-after"]) > 600
        assert (await sign_in(good, "ann", PASSWORD)).status_code == 200
    (alert,) = await town.alerts(kind="spraying")
    assert (alert["address"], alert["response"], alert["seen"]) == ("203.0.113.7", "block", False)


async def test_guessing_one_password_slows_the_address(town: Town) -> None:
    async with town.at("203.0.113.7") as bad:
        for _ in range(9):
            await sign_in(bad, "ann")
        assert town.world.services.intrusion.shield.of("203.0.113.7") is Response.SLOW
        town.world.services.limits.bounds["request_address"] = Bound(60, 60)
        statuses = [(await sign_in(bad, "ann")).status_code for _ in range(4)]
    assert 429 in statuses
    assert [each["kind"] for each in await town.alerts()] == ["brute_force"]


async def test_a_noisy_address_computes_before_it_signs_in(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_came_in", OrderedDict[tuple[str, str], None]())
    town.world.services.limits.bounds["sign_in_free"] = Bound(2, 600)
    async with town.at("203.0.113.7") as noisy, town.at("203.0.113.8") as calm:
        for _ in range(2):
            assert (await sign_in(noisy, "ann")).status_code == 401
        needed = await sign_in(noisy, "ann", PASSWORD)
        assert (needed.status_code, needed.json()["code"]) == (428, "proof_needed")
        told = needed.json()
        proof = {"challenge": told["challenge"], "answer": solve(told["challenge"], told["bits"])}
        body = {"handle": "ann", "password": "wrong", "proof": proof}
        assert (await calm.post("/auth/sign-in", json=body)).status_code == 428
        assert (await noisy.post("/auth/sign-in", json=body)).status_code == 401
        body["password"] = PASSWORD
        assert (await noisy.post("/auth/sign-in", json=body)).status_code == 428
        told = (await sign_in(noisy, "ann", PASSWORD)).json()
        body["proof"] = {"challenge": told["challenge"], "answer": solve(told["challenge"], told["bits"])}
        assert (await noisy.post("/auth/sign-in", json=body)).status_code == 200
        assert (await sign_in(noisy, "ann", PASSWORD)).status_code == 200
        assert (await sign_in(calm, "ann", PASSWORD)).status_code == 200


async def test_who_goes_on_without_computing_is_noticed(town: Town) -> None:
    town.world.services.limits.bounds["sign_in_free"] = Bound(1, 600)
    async with town.at("203.0.113.77") as noisy:
        for _ in range(9):
            await sign_in(noisy, "bob")
    assert [each["kind"] for each in await town.alerts()] == ["brute_force"]


async def test_guessing_from_many_addresses_names_whom_it_is_about(town: Town) -> None:
    for number in range(16):
        async with town.at(f"203.0.113.{number}") as bad:
            await sign_in(bad, "ann")
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["user"], alert["user_name"]) == ("guessing", str(ANN), "Ann")


async def test_a_refresh_token_that_comes_twice_is_an_alert(town: Town) -> None:
    async with town.at("203.0.113.7") as thief, town.at("198.51.100.4") as good:
        first = (await sign_in(good, "ann", PASSWORD)).json()
        again = {"refresh_token": first["refresh_token"]}
        second = await good.post("/auth/refresh", json=again)
        assert (await thief.post("/auth/refresh", json=again)).json()["code"] == "token_reused"
        token = {"Authorization": f"Bearer {second.json()['access_token']}"}
        assert (await good.get("/me", headers=token)).json()["code"] == "signed_out"
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["user"], alert["address"]) == ("token_reuse", str(ANN), "203.0.113.7")


async def test_a_sign_in_that_goes_on_elsewhere_with_another_program_is_an_alert(town: Town) -> None:
    token = await town.token(ANN)
    async with (
        town.at("198.51.100.4") as home,
        town.at("192.0.2.9") as train,
        town.at("203.0.113.7") as thief,
    ):
        await home.get("/me", headers={**token, "User-Agent": FIREFOX})
        await train.get("/me", headers={**token, "User-Agent": FIREFOX.replace("120", "121")})
        assert await town.alerts() == []
        await thief.get("/me", headers={**token, "User-Agent": "curl/8.0"})
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["user"], alert["address"]) == ("device_change", str(ANN), "203.0.113.7")


async def test_asking_for_what_one_may_not_is_noticed(town: Town) -> None:
    token = await town.token(EVE)
    async with town.at("203.0.113.7") as bad:
        for _ in range(21):
            assert (await bad.get("/admin/people", headers=token)).status_code == 403
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["user"], alert["response"]) == ("probing", str(EVE), "slow")


async def test_looking_for_things_by_their_numbers_is_noticed(town: Town) -> None:
    token = await town.token(EVE)
    async with town.at("203.0.113.7") as bad:
        for number in range(1000, 1090):
            await bad.get(f"/conversations/{number}", headers=token)
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["response"]) == ("enumeration", "slow")


async def test_one_missing_thing_asked_for_again_and_again_is_no_enumeration(town: Town) -> None:
    token = await town.token(EVE)
    async with town.at("203.0.113.7") as slow:
        for _ in range(100):
            await slow.get("/conversations/1000", headers=token)
    assert await town.alerts() == []


async def test_forged_tokens_are_noticed(town: Town) -> None:
    async with town.at("203.0.113.7") as bad:
        for _ in range(11):
            assert (await bad.get("/me", headers={"Authorization": "Bearer a.b.c"})).status_code == 401
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["response"]) == ("forged_token", "slow")


PROBES = [
    "/../../etc/passwd",
    "/files/%2e%2e%2f%2e%2e%2fetc/passwd",
    "/files/..%252f..%252fetc%252fpasswd",
    "/search?q=1'%20OR%20'1'='1",
    "/search?q=x%20UNION%20ALL%20SELECT%20password%20FROM%20users",
    "/search?q=1;DROP%20TABLE%20users",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/search?q=${jndi:ldap://x.example/a}",
    "/wp-login.php",
    "/.git/config",
    "/.env",
    "/inboxes/demo%0d%0aSet-Cookie:%20a=b",
    "/inboxes/demo%00",
]


async def test_a_probe_is_refused_and_the_third_blocks(town: Town) -> None:
    for number, probe in enumerate(PROBES):
        async with town.at(f"203.0.113.{number}") as bad:
            for _ in range(3):
                answer = await bad.get(probe)
                assert answer.status_code in {400, 401, 403, 404}, f"{probe}: {answer.text}"
                assert "set-cookie" not in answer.headers
            assert (await bad.get("/inboxes/demo")).json()["code"] == "blocked", probe
    found = [each for each in await town.alerts() if each["kind"] == "injection"]
    assert [each["response"] for each in found] == ["block"] * len(PROBES)


async def test_ordinary_searches_are_no_probes(town: Town) -> None:
    token = await town.token(EVE)
    said = (
        "O'Reilly or somebody",
        "select a union member",
        "drop the table; thanks",
        "price < 5",
        "a..b",
        "{{name}}",
    )
    async with town.at("203.0.113.7") as good:
        for query in said:
            assert (await good.get("/search", params={"q": query}, headers=token)).status_code == 200
    assert await town.alerts() == []


async def test_code_in_messages_is_no_probe(town: Town) -> None:
    token = await town.token(ANN)
    said = "<script>alert(1)</script> ' OR '1'='1 UNION SELECT ../../etc/passwd ${jndi:ldap://x}"
    async with town.at("203.0.113.7") as good:
        for number in range(4):
            sent = await good.post(
                f"/conversations/{GROUP}/messages",
                json={"body": {"text": said}},
                headers={**token, "Idempotency-Key": f"code {number}"},
            )
            assert sent.status_code == 201
    assert await town.alerts() == []


async def test_a_flood_that_goes_on_while_it_is_refused_is_blocked(town: Town) -> None:
    town.world.services.limits.bounds["request_address"] = Bound(5, 60)
    async with town.at("203.0.113.7") as bad:
        statuses = [(await bad.get("/inboxes/demo")).status_code for _ in range(230)]
    assert statuses[5:200] == [429] * 195
    assert statuses[-1] == 403
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["response"]) == ("flood", "block")


async def test_taking_much_and_changing_many_accounts_is_read_from_the_audit_log(town: Town) -> None:
    """As somebody with an administrator's stolen token would; one act, or one's own, is none."""
    owner = await town.token(OTTO)
    await town.alerts()
    async with town.at("203.0.113.7") as http:
        for _ in range(4):
            asked = await http.post(f"/admin/users/{ANN}/export", headers=owner)
            assert asked.status_code == 202, asked.text
        for _ in range(6):
            assert (await http.post("/account/export", headers=await town.token(ANN))).status_code in {
                202,
                429,
            }
        for _ in range(11):
            await http.post(f"/admin/people/{ANN}/password-link", headers=owner)
    assert {(each["kind"], each["user"]) for each in await town.alerts()} == {
        ("mass_export", str(OTTO)), ("takeover", str(OTTO)),
    }  # fmt: skip


async def test_a_line_of_the_audit_log_is_read_by_one_process_only(app: World) -> None:
    windows = Windows()
    store, audit = SqlSafety(app.database), SqlAudit(app.database)
    several = [Detector(windows, Shield(), store) for _ in range(2)]
    readers = [Acts(audit, each, windows) for each in several]
    for each in readers:
        await each.read()
    app.who = OTTO
    await app.ask(OTTO, "POST", f"/admin/users/{ANN}/export", 202)
    for each in readers:
        await each.read()
    assert sum(each.signs["mass_export"] for each in several) == 1


async def test_a_flood_of_messages_is_noticed(town: Town) -> None:
    town.world.services.limits.bounds["message_user"] = Bound(1, 60)
    send = town.world.services.sender.send
    await send(WHO[ANN], GROUP, "first", {"text": "hello"})
    for number in range(22):
        with pytest.raises(TooMany):
            await send(WHO[ANN], GROUP, f"more {number}", {"text": "hello"})
    (alert,) = await town.alerts()
    assert (alert["kind"], alert["user"]) == ("message_flood", str(ANN))


async def test_a_visitor_that_asks_without_end_must_compute_before_it_begins_again(town: Town) -> None:
    (inbox, *_) = await town.world.services.accounts.inboxes(WORKSPACE)
    async with town.at("203.0.113.7") as bad:
        begun = (await bad.post("/visitors", json={"inbox": inbox.key})).json()
        token = {"Authorization": f"Bearer {begun['access_token']}"}
        place = (
            await bad.post("/conversations", json={"kind": "support", "inbox": inbox.key}, headers=token)
        ).json()["id"]
        for number in range(62):
            await bad.post(
                f"/conversations/{place}/messages",
                json={"body": {"text": f"Question {number}?"}},
                headers={**token, "Idempotency-Key": f"q{number}"},
            )
        (alert,) = await town.alerts()
        assert (alert["kind"], alert["response"]) == ("scraping", "challenge")
        asked = await bad.post("/visitors", json={"inbox": inbox.key})
        assert (asked.status_code, asked.json()["bits"]) == (428, 18)


async def test_an_address_that_makes_many_visitors_is_challenged(town: Town) -> None:
    (inbox, *_) = await town.world.services.accounts.inboxes(WORKSPACE)
    town.world.services.limits.bounds.pop("visitor_free")
    async with town.at("203.0.113.7") as bad:
        for _ in range(31):
            assert (await bad.post("/visitors", json={"inbox": inbox.key})).status_code == 201
        asked = (await bad.post("/visitors", json={"inbox": inbox.key})).json()
        proof = {"challenge": asked["challenge"], "answer": solve(asked["challenge"], asked["bits"])}
        assert (await bad.post("/visitors", json={"inbox": inbox.key, "proof": proof})).status_code == 201
    assert [each["kind"] for each in await town.alerts()] == ["visitors"]
