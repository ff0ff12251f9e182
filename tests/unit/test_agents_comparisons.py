"""Two versions side by side: who is answered by which, what is counted, and a verdict that looking often does not spoil."""

import random

import pytest

from myna_agents.ledger import QUIET_S, Outcome
from myna_agents.versions.comparisons import LEAST_CASES, Comparison, Costs, difference, figures, verdict

NOW = 10_000_000.0
HALF = Comparison(1_000, 1, 7, 3, 4, 0.5, 2, 0.0)


def case(conversation: int, **changes: object) -> Outcome:
    values = {"person_wrote": False, "waits": False, "rating": None, "thumb": None, "marked_wrong": False}
    return Outcome(conversation, 7, changed_at=NOW - QUIET_S, **{**values, **changes})  # type: ignore[arg-type]


def test_a_conversation_keeps_its_version_and_the_share_is_kept() -> None:
    places = range(1_001, 5_001)
    arms = [HALF.arm(place) for place in places]
    assert arms == [HALF.arm(place) for place in places]
    assert 1_850 < arms.count("challenger") < 2_150
    canary = Comparison(1_000, 1, 7, 3, 4, 0.05, 2, 0.0)
    assert 120 < sum(canary.arm(place) == "challenger" for place in places) < 280


def test_conversations_from_before_stay_with_the_version_they_began_with() -> None:
    assert {HALF.arm(place) for place in range(1, 1_001)} == {"control"}


def test_cases_of_both_are_counted_as_the_ledger_defines_them() -> None:
    outcomes = [case(place, person_wrote=HALF.arm(place) == "control") for place in range(1_001, 1_201)]
    found = figures(HALF, outcomes, [Costs(3, 90, 0.5), Costs(4, 95, None)], NOW)
    control, challenger = found["control"], found["challenger"]
    assert control["cases"] + challenger["cases"] == 200
    assert (control["version"], control["resolved"], control["share"]) == (3, 0, 0.0)
    assert control["handed_over"] == control["cases"]
    assert (challenger["version"], challenger["share"], challenger["cost"]) == (4, 1.0, None)
    assert control["cost_per_resolved"] is None
    assert found["verdict"] == "challenger_better"


def test_nothing_is_said_of_a_handful_of_cases() -> None:
    few = LEAST_CASES - 1
    assert verdict(difference(0, few, few, few), few, few) == "undecided"
    assert figures(HALF, [], [], NOW)["difference"] is None


def test_looking_after_every_case_finds_no_difference_where_there_is_none() -> None:
    chance, wrong = random.Random(5), 0
    for _ in range(200):
        counts = [[0, 0], [0, 0]]
        for _ in range(300):
            for arm in counts:
                arm[0] += chance.random() < 0.6
                arm[1] += 1
            (x0, n0), (x1, n1) = counts
            if verdict(difference(x0, n0, x1, n1), n0, n1) != "undecided":
                wrong += 1
                break
    assert wrong <= 14, "of 200, at most 5 % and what chance allows"


@pytest.mark.parametrize(("better", "said"), [(0.15, "challenger_better"), (-0.15, "control_better")])
def test_a_real_difference_is_found(better: float, said: str) -> None:
    chance = random.Random(6)
    x0 = sum(chance.random() < 0.6 for _ in range(1_500))
    x1 = sum(chance.random() < 0.6 + better for _ in range(1_500))
    found = difference(x0, 1_500, x1, 1_500)
    assert verdict(found, 1_500, 1_500) == said
    assert found is not None
    assert found["p"] < 0.05
    assert found["low"] < better < found["high"]
