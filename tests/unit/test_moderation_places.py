"""What policies, lists, strangers and campaigns change about a verdict, and what happens when a layer fails."""

from dataclasses import replace
from typing import Any

import pytest

from myna.errors import Malformed
from myna.model.conversation import ConversationKind
from myna.model.filtering import Filtering, FilterPolicy, Listed, Listing
from myna.model.moderation import Action, Case, Standing, Verdict
from myna.model.workspace import UserKind
from myna_agents.moderation import LayeredModerator, Policy
from myna_agents.moderation.near import groups, mark_of
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.places import check_listing, limits_of
from myna_agents.moderation.window import SenderWindow, WindowLimits
from myna_bots.plugins import Plugin, PluginModerator
from support.moderating import verdict_of

SPAM = "WINNER!! You have won a £1000 cash prize. Call 09061701461 to claim now"
OFFER = "Best shoes in town, half price until {} o'clock at https://shoes.example.com, come and see us"
QUESTION = "Where is my order? It was due on Monday and nobody answers the telephone."


def case(text: str, *, sender: int = 1, at: float = 0.0, **more: Any) -> Case:
    return Case(1, 7, ConversationKind.GROUP, sender, UserKind.HUMAN, text, at, **more)


def listing(kind: Listed, value: str, decision: str, number: int = 1) -> Listing:
    return Listing(number, 1, kind, value, decision, f"entry {number}", 9, 0.0)


def lists(*entries: Listing) -> Filtering:
    return Filtering(1, {}, entries)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


# Policies


@pytest.mark.parametrize(
    ("place", "flag_at", "hold_at"),
    [
        (FilterPolicy(), 0.4, 0.7),
        (FilterPolicy(level="strict"), 0.15, 0.3),
        (FilterPolicy(level="lenient", hold_at=0.99), 0.6, 0.99),
    ],
)
def test_a_place_has_its_own_thresholds_those_of_its_level_or_the_servers(
    place: FilterPolicy, flag_at: float, hold_at: float
) -> None:
    found = limits_of(Policy(flag_at=0.4, hold_at=0.7), place)
    assert (found.flag_at, found.hold_at) == (flag_at, hold_at)


async def test_a_layer_that_is_off_says_nothing() -> None:
    off = FilterPolicy(layers={"model": False, "rules": False})
    assert (await LayeredModerator().judge(case(SPAM))).action is Action.HOLD
    assert (await LayeredModerator().judge(case(SPAM, policy=off))).action is Action.ALLOW


async def test_a_place_that_may_block_refuses_what_is_certain() -> None:
    verdict = await LayeredModerator().judge(case(SPAM, policy=FilterPolicy(may_block=True, block_at=0.9)))
    assert verdict.action is Action.BLOCK


# Lists


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Listed.SENDER, "1", "hello"),
        (Listed.LINK, "example.com", "see https://shop.example.com/a"),
        (Listed.PHONE, "02079460123", "my card has not arrived, can you call me on 020 7946 0123?"),
        (Listed.HANDLE, "cheap_casino", "write to @cheap_casino"),
        (Listed.PHRASE, "secret sauce", "the ＳＥＣＲＥＴ  s.a.u.c.e of it"),
        (Listed.RULE, "buy .{0,20} followers", "Buy many followers"),
    ],
)
@pytest.mark.parametrize("decision", ["flag", "hold", "block"])
async def test_what_is_listed_is_decided_so(kind: Listed, value: str, text: str, decision: str) -> None:
    found = lists(listing(kind, value, decision))
    verdict = await LayeredModerator().judge(case(text, filtering=found))
    assert verdict.action is Action(decision)
    assert (await LayeredModerator().judge(case(text))).action is Action.ALLOW


@pytest.mark.parametrize("entry", [(Listed.SENDER, "1"), (Listed.PHRASE, "won a £1000 cash prize")])
async def test_an_allowed_sender_or_phrase_counts_for_more_than_the_model(entry: tuple[Listed, str]) -> None:
    verdict = await LayeredModerator().judge(case(SPAM, filtering=lists(listing(*entry, "allow"))))
    assert verdict.action is Action.ALLOW
    both = lists(listing(*entry, "allow"), listing(Listed.PHONE, "09061701461", "hold", 2))
    assert (await LayeredModerator().judge(case(SPAM, filtering=both))).action is Action.HOLD


async def test_a_changed_list_counts_at_once() -> None:
    moderator = LayeredModerator()
    first = lists(listing(Listed.PHRASE, "secret sauce", "hold"))
    assert (await moderator.judge(case("secret sauce", filtering=first))).action is Action.HOLD
    assert (await moderator.judge(case("secret sauce", filtering=lists()))).action is Action.ALLOW


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Listed.RULE, "(a+)+b"), (Listed.RULE, "(unclosed"), (Listed.PHRASE, "a!"), (Listed.PHRASE, "的")],
)
def test_a_rule_that_could_run_away_and_a_phrase_of_nothing_are_refused(kind: Listed, value: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_listing(listing(kind, value, "hold"))
    assert refused.value.code == "bad_rule"


async def test_ten_thousand_entries_find_the_one_that_matches() -> None:
    entries = [
        listing(Listed.RULE, f"offer{number:05d} .{{0,9}} today", "hold", number) for number in range(10_000)
    ]
    found = lists(*entries)
    moderator = LayeredModerator()
    verdict = await moderator.judge(case("offer04711 only today", filtering=found))
    assert [each.detail for each in verdict.reasons if each.code == "rule"] == [
        "entry 4711: offer04711 only today"
    ]
    assert (await moderator.judge(case(QUESTION, filtering=found))).action is Action.ALLOW


# Strangers


async def test_an_advertisement_of_a_newcomer_is_held_where_a_regular_is_flagged() -> None:
    text = "free cash prize, claim it at https://prize.example.com"
    loose = FilterPolicy(layers={"model": False})
    regular = await LayeredModerator().judge(case(text, policy=loose, standing=Standing(5, 0)))
    assert regular.action is Action.FLAG
    newcomer = await LayeredModerator().judge(case(text, policy=loose, standing=Standing(0, 0)))
    assert (newcomer.action, "sender.new" in codes(newcomer)) == (Action.HOLD, True)
    offender = await LayeredModerator().judge(case(text, policy=loose, standing=Standing(5, 2)))
    assert (offender.action, "sender.kept_out" in codes(offender)) == (Action.HOLD, True)


async def test_the_first_question_of_a_newcomer_is_let_through() -> None:
    assert (await LayeredModerator().judge(case(QUESTION, standing=Standing(0, 3)))).action is Action.ALLOW


# Campaigns


async def test_the_third_sender_of_an_offer_with_a_link_is_held() -> None:
    moderator = LayeredModerator()
    found = [
        await moderator.judge(case(OFFER.format(hour), sender=hour, at=600.0 * hour)) for hour in (1, 2, 3)
    ]
    assert ["duplicate.senders" in codes(each) for each in found] == [False, False, True]
    assert found[-1].action is Action.HOLD


async def test_many_customers_may_ask_the_same() -> None:
    moderator = LayeredModerator()
    for sender in range(1, 8):
        assert (await moderator.judge(case(QUESTION, sender=sender, at=60.0 * sender))).action is Action.ALLOW


def test_near_duplicates_are_grouped_and_others_are_not() -> None:
    texts = [OFFER.format(5), QUESTION, OFFER.format(7), "thank you", "thank you", OFFER.format(9) + " now"]
    assert groups([normalise(text).skeleton for text in texts]) == [[0, 2, 5]]


def test_a_short_text_has_no_mark() -> None:
    assert mark_of("thankyou") is None
    assert mark_of("thankyouverymuch") is not None


# Floods


def outbox(ages: list[float], limits: WindowLimits) -> list[str]:
    """The reason codes when messages of these ages (s) arrive within a second."""
    window, found = SenderWindow(limits), list[str]()
    for number, age in enumerate(ages):
        at = 10_000.0 + number / len(ages)
        sent = case(f"message {number}", at=at, client_id=str(number), written_at=at - age)
        found += [each.reason.code for each in window.note(sent, mark_of(f"message{number}"))]
    return found


def test_an_outbox_kept_through_a_cut_is_no_flood() -> None:
    assert outbox([600.0 - 15 * number for number in range(30)], WindowLimits()) == []


def test_a_flood_that_was_written_at_once_stays_one_however_late_it_comes() -> None:
    assert outbox([300.0] * 30, WindowLimits()).count("flood") == 21


def test_more_than_any_outbox_is_a_flood_whatever_it_claims() -> None:
    found = outbox([590.0 - number for number in range(120)], WindowLimits(flag_flood=30, hold_flood=40))
    assert found.count("flood") == 21


# Failures


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> LayeredModerator:
    def fails(_: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("myna_agents.moderation.moderator.injection", fails)
    return LayeredModerator()


async def test_a_broken_layer_is_counted_and_the_others_decide(broken: LayeredModerator) -> None:
    assert (await broken.judge(case(QUESTION))).action is Action.ALLOW
    assert (await broken.judge(case(SPAM, at=60.0))).action is Action.HOLD
    assert broken.failures == {"injection": 2}


async def test_a_broken_layer_holds_where_the_policy_is_closed(broken: LayeredModerator) -> None:
    verdict = await broken.judge(case(QUESTION, policy=FilterPolicy(fails="closed")))
    assert verdict.action is Action.HOLD
    assert [(each.code, each.detail) for each in verdict.reasons] == [("moderation.failed", "injection")]


async def test_a_broken_plugin_is_counted_and_holds_where_the_policy_is_closed() -> None:
    async def fails(_: Case) -> Verdict:
        raise RuntimeError("broken")

    moderator = PluginModerator(LayeredModerator(), [Plugin("mine", fails)])
    assert (await verdict_of(moderator, case(QUESTION))).action is Action.ALLOW
    closed = case(QUESTION, policy=FilterPolicy(fails="closed"))
    assert (await verdict_of(moderator, closed)).action is Action.HOLD
    off = replace(closed, policy=FilterPolicy(fails="closed", layers={"plugins": False}))
    assert (await verdict_of(moderator, off)).action is Action.ALLOW
    assert moderator.failures == {"plugin.mine": 2}


async def test_a_plugin_is_asked_only_about_what_concerns_it() -> None:
    asked = list[str]()

    async def remembers(seen: Case) -> Verdict | None:
        asked.append(seen.text)
        return None

    plugin = Plugin("mine", remembers, concerns=lambda seen: "order" in seen.text)
    moderator = PluginModerator(LayeredModerator(), [plugin])
    for text in ("thank you", "where is my order?"):
        assert (await verdict_of(moderator, case(text))).action is Action.ALLOW
    assert asked == ["where is my order?"]
