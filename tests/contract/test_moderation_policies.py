"""Policies of judging, the list, appeals, reports, consequences and the audit log over the routes, on both databases."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from myna.log.audit import START, hash_of
from myna.model.moderation import Action, Case, Reason, Verdict
from myna.ports.moderator import Judged
from support.api_world import ANN, BOB, CHANNEL, EVE, GROUP, OPA, OTTO, VIC, ZOE, World, world
from support.planning import INBOX, SUPPORT, WORKSPACE


class Words:
    """Refuses `refuse`, holds `spam`, flags `odd`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        return [self.judge(case) for case in cases]

    async def judge(self, case: Case) -> Verdict:
        self.cases.append(case)
        for word, action in (("refuse", Action.BLOCK), ("spam", Action.HOLD), ("odd", Action.FLAG)):
            if word in case.text:
                return Verdict(action, (Reason("spam.model", f"'{word}'", 0.9),), 0.9)
        return Verdict(Action.ALLOW)


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
async def judged(database_url: str, tmp_path: Path, words: Words) -> AsyncIterator[World]:
    async with world(database_url, tmp_path, moderator=words) as made:
        yield made


async def said(app: World, who: int = BOB, place: int = GROUP) -> list[str]:
    return [each["body"]["text"] for each in (await app.messages(who, place))["messages"]]


async def hold(app: World, who: int, client_id: str, what: str = "spam") -> int:
    return int((await app.say(who, GROUP, client_id, what, status=202))["held"])


async def decide(app: World, held: int, decision: str, status: int = 200) -> Any:
    return await app.ask(OPA, "POST", f"/held/{held}/decide", status, json={"decision": decision})


async def actions(app: World) -> list[str]:
    return [each["action"] for each in (await app.ask(OTTO, "GET", "/audit"))["lines"]][::-1]


async def put_policy(app: World, who: int, place: str, status: int = 200, **policy: Any) -> Any:
    return await app.ask(who, "PUT", f"/moderation/policies/{place}", status, json=policy)


# Order


async def test_later_messages_wait_behind_a_held_one_and_follow_it_in_order(judged: World) -> None:
    first = await hold(judged, ANN, "1")
    await hold(judged, ANN, "2", "hello")
    await hold(judged, ANN, "3", "odd thing")
    await judged.say(BOB, GROUP, "b", "from bob")
    assert await said(judged) == ["from bob"]
    await decide(judged, first, "allow")
    assert await said(judged) == ["from bob", "spam", "hello", "odd thing"]
    await judged.say(ANN, GROUP, "4", "later")
    assert (await said(judged))[-1] == "later"
    mine = (await judged.ask(ANN, "GET", "/held/mine"))["held"]
    assert [each["text"] for each in mine] == ["hello", "spam"]


async def test_what_waits_for_itself_is_not_let_in_by_an_earlier_decision(judged: World) -> None:
    first = await hold(judged, ANN, "1")
    await hold(judged, ANN, "2", "hello")
    third = await hold(judged, ANN, "3", "more spam")
    await hold(judged, ANN, "4", "bye")
    await decide(judged, first, "block")
    assert await said(judged) == ["hello"]
    await decide(judged, third, "block")
    assert await said(judged) == ["hello", "bye"]
    assert (await judged.ask(OPA, "GET", "/held"))["waiting"] == 0


async def test_resending_what_waits_behind_another_gives_the_same_answer(judged: World) -> None:
    await hold(judged, ANN, "1")
    second = await hold(judged, ANN, "2", "hello")
    assert await hold(judged, ANN, "2", "hello") == second


# Flags and reports


async def test_a_flagged_message_is_delivered_and_taken_back_when_a_moderator_blocks_it(
    judged: World,
) -> None:
    await judged.say(ANN, GROUP, "1", "odd thing")
    (flagged,) = (await judged.ask(OPA, "GET", "/held", params={"state": "flagged"}))["held"]
    assert (flagged["seq"], flagged["text"]) == (1, "odd thing")
    assert (await judged.ask(ANN, "GET", "/held/mine"))["held"] == []
    await decide(judged, int(flagged["id"]), "block")
    assert await said(judged) == [""]
    figures = await judged.ask(OPA, "GET", "/moderation/figures")
    assert (figures["missed"], figures["recall"], figures["precision"]) == (1, 0.0, None)


async def test_a_flagged_message_that_its_sender_recalls_leaves_no_words_in_review(judged: World) -> None:
    await judged.say(ANN, GROUP, "1", "odd thing")
    await judged.frame(
        ANN, {"op": "recall", "conversation": str(GROUP), "client_id": "r", "seq": 1, "ref": "x"}
    )
    (flagged,) = (await judged.ask(OPA, "GET", "/held", params={"state": "flagged"}))["held"]
    assert flagged["text"] == ""


async def test_a_report_puts_a_message_up_for_review_once(judged: World) -> None:
    await judged.say(ANN, CHANNEL, "1", "quite nasty")
    path = f"/conversations/{CHANNEL}/messages/1/report"
    for who in (BOB, EVE):
        await judged.ask(who, "POST", path, 202, json={"note": "look"})
    (flagged,) = (await judged.ask(OPA, "GET", "/held", params={"state": "flagged"}))["held"]
    assert [each["code"] for each in flagged["reasons"]] == ["reported"]
    assert (await actions(judged)).count("message.reported") == 2
    await judged.ask(ANN, "POST", path, 409, json={})
    await judged.ask(VIC, "POST", path, 404, json={})
    await judged.ask(BOB, "POST", f"/conversations/{CHANNEL}/messages/9/report", 404, json={})


# Appeals


async def test_a_granted_appeal_lets_the_message_in_and_answers_its_sender(judged: World) -> None:
    refused = await judged.say(ANN, GROUP, "1", "refuse me", status=422)
    held = int(refused["held"])
    made = await judged.ask(ANN, "POST", f"/held/{held}/appeal", 201, json={"text": "It is a quotation."})
    assert (made["state"], made["appeal"]["state"], made["reasons"]) == ("blocked", "waiting", [])
    (asked,) = (await judged.ask(OPA, "GET", "/held/appeals"))["held"]
    assert (asked["id"], asked["appeal"]["text"]) == (str(held), "It is a quotation.")
    answer = {"decision": "grant", "answer": "Sorry."}
    granted = await judged.ask(OPA, "POST", f"/held/{held}/appeal/decide", json=answer)
    assert (granted["state"], granted["seq"]) == ("allowed", 1)
    assert await said(judged) == ["refuse me"]
    (mine,) = (await judged.ask(ANN, "GET", "/held/mine"))["held"]
    assert (mine["appeal"]["state"], mine["appeal"]["answer"], mine["appeal"]["answered_by"]) == (
        "granted",
        "Sorry.",
        None,
    )
    assert await actions(judged) == ["message.refused", "appeal.made", "appeal.granted"]


async def test_a_message_is_appealed_once_and_by_its_sender_only(judged: World) -> None:
    held = await hold(judged, ANN, "1")
    path = f"/held/{held}/appeal"
    refused = await judged.ask(ANN, "POST", path, 409, json={"text": "please"})
    assert refused["code"] == "not_blocked"
    await decide(judged, held, "block")
    await judged.ask(BOB, "POST", path, 404, json={"text": "please"})
    await judged.ask(ZOE, "POST", path, 404, json={"text": "please"})
    await judged.ask(ANN, "POST", path, 400, json={"text": "   "})
    await judged.ask(ANN, "POST", path, 201, json={"text": "please"})
    again = await judged.ask(ANN, "POST", path, 409, json={"text": "please!"})
    assert again["code"] == "already_appealed"
    await judged.ask(ANN, "POST", f"{path}/decide", 403, json={"decision": "grant"})
    await judged.ask(OPA, "POST", f"{path}/decide", json={"decision": "reject"})
    done = await judged.ask(OPA, "POST", f"{path}/decide", 409, json={"decision": "grant"})
    assert done["code"] == "already_decided"
    assert await said(judged) == []


async def test_a_granted_appeal_gives_a_message_that_was_taken_back_its_words_again(judged: World) -> None:
    await judged.say(ANN, GROUP, "1", "odd thing")
    (flagged,) = (await judged.ask(OPA, "GET", "/held", params={"state": "flagged"}))["held"]
    await decide(judged, int(flagged["id"]), "block")
    await judged.ask(ANN, "POST", f"/held/{flagged['id']}/appeal", 201, json={"text": "why?"})
    await judged.ask(OPA, "POST", f"/held/{flagged['id']}/appeal/decide", json={"decision": "grant"})
    assert await said(judged) == ["odd thing"]


# Policies and lists


async def test_the_narrower_policy_counts_and_says_what_holds(judged: World, words: Words) -> None:
    await put_policy(judged, OTTO, f"workspace/{WORKSPACE}", level="strict", layers={"offensive": False})
    await put_policy(judged, OTTO, f"inbox/{INBOX}", hold_at=0.6)
    found = await judged.ask(OTTO, "GET", f"/moderation/policies/conversation/{SUPPORT}")
    assert found["policy"] is None
    assert (found["holds"]["level"], found["holds"]["hold_at"]) == ("strict", 0.6)
    assert found["holds"]["layers"] == {"offensive": False}
    await judged.say(VIC, SUPPORT, "v", "hello")
    policy = words.cases[-1].policy
    assert policy is not None
    assert (policy.level, policy.hold_at, policy.on("offensive"), policy.on("model")) == (
        "strict",
        0.6,
        False,
        True,
    )
    everything = (await judged.ask(OTTO, "GET", "/moderation/policies"))["policies"]
    assert [each["kind"] for each in everything] == ["inbox", "workspace"]


async def test_a_group_owner_decides_about_the_group_and_nobody_else_does(judged: World) -> None:
    for who, status in ((ANN, 200), (BOB, 403), (ZOE, 404)):
        await put_policy(judged, who, f"conversation/{CHANNEL}", status, level="off")
    await put_policy(judged, VIC, f"conversation/{SUPPORT}", 403, level="off")
    for place in (f"workspace/{WORKSPACE}", f"inbox/{INBOX}"):
        await put_policy(judged, OPA, place, 403, level="off")
    await put_policy(judged, OTTO, "inbox/4711", 404, level="off")
    await put_policy(judged, OTTO, "workspace/2", 404, level="off")


async def test_where_judging_is_off_nobody_is_asked(judged: World, words: Words) -> None:
    await put_policy(judged, OTTO, f"conversation/{CHANNEL}", level="off")
    await judged.say(ANN, CHANNEL, "1", "spam spam")
    assert words.cases == []
    await judged.ask(OTTO, "DELETE", f"/moderation/policies/conversation/{CHANNEL}")
    await judged.say(ANN, CHANNEL, "2", "spam spam", status=202)


@pytest.mark.parametrize(
    "policy",
    [
        {"level": "harsh"},
        {"layers": {"magic": True}},
        {"flag_at": 0.9, "hold_at": 0.2},
        {"hold_at": 1.5},
        {"fails": "maybe"},
        {"consequences": [{"on": "hold", "do": "slow", "for_s": 90_000}]},
        {"unknown": 1},
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(judged: World, policy: dict[str, Any]) -> None:
    judged.who = OTTO
    answer = await judged.http.request("PUT", f"/moderation/policies/workspace/{WORKSPACE}", json=policy)
    assert answer.status_code in {400, 422}
    assert (await judged.ask(OTTO, "GET", "/moderation/policies"))["policies"] == []


async def test_a_decision_can_hold_for_always(judged: World, words: Words) -> None:
    held = await hold(judged, ANN, "1", "spam that repeats")
    asked = {"decision": "block", "always": ["sender", "phrase"]}
    await judged.ask(OPA, "POST", f"/held/{held}/decide", json=asked)
    found = (await judged.ask(OPA, "GET", "/moderation/list"))["list"]
    assert {(each["kind"], each["value"], each["decision"]) for each in found} == {
        ("sender", str(ANN), "block"),
        ("phrase", "spam that repeats", "block"),
    }
    await judged.say(BOB, GROUP, "b", "hello")
    filtering = words.cases[-1].filtering
    assert filtering is not None
    assert {each.value for each in filtering.listings} == {str(ANN), "spam that repeats"}
    for each in found:
        await judged.ask(OPA, "DELETE", f"/moderation/list/{each['id']}", 204)
        await judged.ask(OPA, "DELETE", f"/moderation/list/{each['id']}", 404)
    assert (await judged.ask(OPA, "GET", "/moderation/list"))["list"] == []


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("link", "https://Shop.Example.com/path", "shop.example.com"),
        ("phone", "+49 (30) 123-456", "4930123456"),
        ("handle", "@Cheap_Casino", "cheap_casino"),
        ("sender", "0011", "11"),
        ("sender", "ann", None),
        ("link", "localhost", None),
        ("phone", "12", None),
        ("handle", "a b", None),
    ],
)
async def test_what_is_listed_is_kept_as_it_is_compared(
    judged: World, kind: str, value: str, kept: str | None
) -> None:
    asked = {"kind": kind, "value": value, "decision": "hold"}
    made = await judged.ask(OPA, "POST", "/moderation/list", 400 if kept is None else 200, json=asked)
    assert made.get("value") == kept


async def test_only_moderators_keep_the_list_and_see_appeals_and_campaigns(judged: World) -> None:
    entry = {"kind": "link", "value": "a.example", "decision": "hold"}
    for who in (ANN, VIC):
        await judged.ask(who, "POST", "/moderation/list", 403, json=entry)
        for path in ("/moderation/list", "/held/appeals", "/held/campaigns"):
            await judged.ask(who, "GET", path, 403)
    for who in (ANN, VIC, OPA):
        for path in ("/moderation/policies", "/audit", "/audit/verify", "/audit/export"):
            await judged.ask(who, "GET", path, 403)


# Consequences


async def test_the_third_held_message_mutes_and_a_warning_comes_first(judged: World) -> None:
    follows = [
        {"on": "hold", "do": "warn"},
        {"on": "hold", "do": "mute", "after": 3, "for_s": 600},
    ]
    await put_policy(judged, OTTO, f"workspace/{WORKSPACE}", consequences=follows)
    for number in range(3):
        await hold(judged, BOB, str(number))
    muted = await judged.say(BOB, GROUP, "more", "hello", status=403)
    assert muted["code"] == "muted"
    done = await actions(judged)
    assert (done.count("sender.warn"), done.count("sender.mute")) == (3, 1)


async def test_a_ban_takes_the_seat_in_a_group_and_silences_in_a_support_conversation(judged: World) -> None:
    await put_policy(
        judged, OTTO, f"workspace/{WORKSPACE}", consequences=[{"on": "block", "do": "ban", "for_s": 60}]
    )
    await judged.say(BOB, GROUP, "1", "refuse this", status=422)
    await judged.ask(BOB, "GET", f"/conversations/{GROUP}/messages", 404)
    await judged.say(VIC, SUPPORT, "1", "refuse this", status=422)
    silent = await judged.say(VIC, SUPPORT, "2", "hello", status=403)
    assert silent["code"] == "muted"


async def test_slow_mode_follows_and_nothing_follows_for_owners(judged: World) -> None:
    await put_policy(
        judged, OTTO, f"workspace/{WORKSPACE}", consequences=[{"on": "hold", "do": "slow", "for_s": 30}]
    )
    await hold(judged, ANN, "1")
    assert "sender.slow" not in await actions(judged)
    await hold(judged, BOB, "1")
    assert "sender.slow" in await actions(judged)
    place = await judged.ask(ANN, "GET", f"/conversations/{GROUP}")
    assert place["policy"]["slow_s"] == 30


# Failure


async def test_a_place_says_whether_what_cannot_be_judged_passes(judged: World, words: Words) -> None:
    async def broken(case: Case) -> Verdict:
        raise RuntimeError(case.text)

    words.judge = broken  # type: ignore[method-assign]
    await judged.say(ANN, GROUP, "1", "first")
    await put_policy(judged, OTTO, f"conversation/{GROUP}", fails="closed")
    await judged.say(ANN, GROUP, "2", "second", status=202)
    figures = await judged.ask(OPA, "GET", "/moderation/figures")
    assert (figures["failed"], figures["failed_by"]) == (2, {"error": 2})


# The audit log


async def test_every_decision_is_in_the_audit_log_whose_chain_holds(judged: World) -> None:
    held = await hold(judged, ANN, "1")
    await decide(judged, held, "allow")
    await put_policy(judged, OTTO, f"workspace/{WORKSPACE}", level="strict")
    await judged.ask(
        OPA, "POST", "/moderation/list", json={"kind": "link", "value": "a.example", "decision": "hold"}
    )
    page = await judged.ask(OTTO, "GET", "/audit", params={"limit": 3})
    assert [each["action"] for each in page["lines"]] == ["listing.added", "policy.set", "message.allowed"]
    assert page["lines"][0]["actor_name"] == "Opa"
    rest = await judged.ask(OTTO, "GET", "/audit", params={"before": page["next"]})
    assert [each["action"] for each in rest["lines"]] == ["message.held"]
    policies = await judged.ask(OTTO, "GET", "/audit", params={"action": "policy."})
    assert [each["action"] for each in policies["lines"]] == ["policy.set"]
    verified = await judged.ask(OTTO, "GET", "/audit/verify")
    assert (verified["intact"], verified["lines"]) == (True, 4)


async def test_a_changed_line_of_the_audit_log_is_found(judged: World) -> None:
    for number in range(4):
        await hold(judged, ANN, str(number))
    async with judged.database.write() as connection:
        await connection.execute(text("UPDATE audit SET action = 'message.allowed' WHERE number = 3"))
    assert await judged.ask(OTTO, "GET", "/audit/verify") == {
        "intact": False,
        "lines": 0,
        "broken_at": 3,
        "hash": None,
    }


async def test_the_export_can_be_verified_by_anybody(judged: World) -> None:
    for number in range(3):
        await hold(judged, ANN, str(number))
    judged.who = OTTO
    answer = await judged.http.get("/audit/export")
    lines = [msgspec.json.decode(each) for each in answer.text.splitlines()]
    assert [each["number"] for each in lines] == [1, 2, 3]
    before = START
    for each in lines:
        assert each["before"] == before
        names = ("workspace", "number", "at", "actor", "action", "subject", "data", "before")
        before = hash_of(*[each[name] for name in names])
        assert each["hash"] == before


async def test_another_workspace_has_a_log_of_its_own(judged: World) -> None:
    await hold(judged, ANN, "1")
    assert (await judged.ask(ZOE, "GET", "/audit"))["lines"] == []
    assert (await judged.ask(ZOE, "GET", "/audit/verify"))["lines"] == 0


# Campaigns


async def test_alike_messages_of_many_senders_are_one_campaign(judged: World) -> None:
    async def alike(texts: Any) -> list[list[int]]:
        return [[place for place, each in enumerate(texts) if "casino" in each]]

    judged.services.review.alike = alike
    first = await hold(judged, ANN, "1", "spam casino")
    await hold(judged, ANN, "2", "spam other")
    second = await hold(judged, BOB, "1", "spam casino!")
    (found,) = (await judged.ask(OPA, "GET", "/held/campaigns"))["campaigns"]
    assert (found["held"], found["senders"]) == ([str(first), str(second)], 2)
    asked = {"held": [int(each) for each in found["held"]], "decision": "block"}
    results = (await judged.ask(OPA, "POST", "/held/decide", json=asked))["results"]
    assert [each["held"]["state"] for each in results] == ["blocked", "blocked"]
    assert (await judged.ask(OPA, "GET", "/held"))["waiting"] == 1
