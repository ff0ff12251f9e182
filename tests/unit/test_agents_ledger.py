"""What answers cost, what counts as resolved, what customers told, how texts differ, who knows a topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna_agents.agent import AgentProfile, Topic
from myna_agents.hearing.scene import Said, Scene, Speaker
from myna_agents.ledger import DEFINITION, QUIET_S, Line, Outcome, Price, Prices, Usage, fate, report
from myna_agents.memory import told
from myna_agents.turns.passing import MAX_PASSES, topic_of
from myna_agents.versions.versions import difference

NOW = 1_000_000.0


def case(**changes: object) -> Outcome:
    """A case that nobody has said anything more about, an hour old."""
    base = {
        "conversation": 1, "agent": 7, "person_wrote": False, "waits": False, "rating": None, "thumb": None,
        "marked_wrong": False, "changed_at": NOW - 3600,
    }  # fmt: skip
    return Outcome(**{**base, **changes})  # type: ignore[arg-type]  # the fields of the table above


@pytest.mark.parametrize(
    ("changes", "became"),
    [
        ({}, "open"),
        ({"changed_at": NOW - QUIET_S}, "assumed"),
        ({"rating": 4}, "confirmed"),
        ({"thumb": 1}, "confirmed"),
        ({"rating": 3, "thumb": 1}, "open"),
        ({"rating": 2, "thumb": 1}, "unresolved"),
        ({"thumb": -1, "changed_at": 0.0}, "unresolved"),
        ({"marked_wrong": True, "rating": 5}, "unresolved"),
        ({"person_wrote": True, "rating": 5}, "handed_over"),
        ({"waits": True, "changed_at": 0.0}, "handed_over"),
    ],
)
def test_what_became_of_a_case(changes: dict[str, object], became: str) -> None:
    assert fate(case(**changes), NOW) == became
    assert became in DEFINITION


def test_cost_per_resolved_case_needs_every_price() -> None:
    line = Line(7, 1, "openai:m", 2, 2, 100, 0, 10, 0.5)
    outcomes = [case(rating=5), case(changed_at=0.0), case()]
    found = report([line], outcomes, NOW)
    assert (found["cases"]["resolved"], found["cost"], found["cost_per_resolved"]) == (2, 0.5, 0.25)
    unpriced = Line(7, 1, "openai:n", 2, 2, 100, 0, 10, None)
    assert report([line, unpriced], outcomes, NOW)["cost_per_resolved"] is None
    assert report([line], [case()], NOW)["cost_per_resolved"] is None


def test_prices_are_per_million_tokens_and_cached_ones_may_be_cheaper() -> None:
    prices = Prices.parse("m=1/4/0.5, org/n=2/2")
    assert prices.by_model == {"m": Price(1.0, 4.0, 0.5), "org/n": Price(2.0, 2.0, 2.0)}
    assert prices.cost(Usage("openai:m", 1_000_000, 400_000, 500_000)) == pytest.approx(0.6 + 0.2 + 2.0)
    assert prices.cost(Usage("openai:x", 1, 0, 1)) is None
    assert prices.cost(Usage("offline:")) == 0.0


@pytest.mark.parametrize("text", ["m", "m=1", "m=a/b", "m=1/2/3/4", "m=-1/2", "=1/2"])
def test_prices_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(MynaError):
        Prices.parse(text)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Hi, my name is Ann Lee and I have a question", {"name": "Ann Lee"}),
        ("My name is Ann.", {"name": "Ann"}),
        ("我叫王小明，想问一下", {"name": "王小明"}),
        ("my order number is ML-1234.", {"order": "ML-1234"}),
        ("订单号：AB20231", {"order": "AB20231"}),
        ("I bought a desk lamp, and it flickers", {"product": "desk lamp"}),
        ("please answer in German", {"language": "German"}),
        ("What is the order of the bulbs?", {}),
        ("I have a question", {}),
        ("Can I order 4 lamps?", {}),
    ],
)
def test_only_what_is_said_of_oneself_is_told(text: str, facts: dict[str, str]) -> None:
    assert told(text) == facts


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_difference_holds_both_texts(was: str, now: str) -> None:
    parts = difference(was, now)
    assert "".join(each["text"] for each in parts if each["kind"] != "new") == was
    assert "".join(each["text"] for each in parts if each["kind"] != "gone") == now


@pytest.mark.parametrize(
    ("text", "agent"),
    [("Where is my invoice?", 8), ("invoices", None), ("我要发票", 8), ("hello", None), ("INVOICE!", 8)],
)
def test_a_topic_is_a_whole_word_of_the_message(text: str, agent: int | None) -> None:
    profile = AgentProfile(7, "Myna", topics=(Topic(7, ("hello",)), Topic(8, ("invoice", "发票"))))
    scene = Scene(profile, ConversationKind.SUPPORT, (), (Said(1, 1, Speaker.ASKER, text),))
    found = topic_of(scene)
    assert (found.agent if found else None) == agent
    tired = Scene(profile, ConversationKind.SUPPORT, (), scene.burst, passed=MAX_PASSES)
    assert topic_of(tired) is None
