"""What a community's moderators teach on top of the shipped model."""

import numpy as np
import pytest

from myna_agents.moderation import features
from myna_agents.moderation.learning import FEWEST, folded, logit, teach
from myna_agents.moderation.linear import load
from myna_agents.moderation.normalise import normalise

# Harmless elsewhere, unwanted here: a book club that wants no talk of a certain series.
UNWANTED = [f"has anybody read dragon tower volume {n} yet, the knights were great" for n in range(12)]
WELCOME = [f"my notes on chapter {n} of the garden novel are in the folder" for n in range(12)]
DECIDED = [(text, True) for text in UNWANTED[:8]] + [(text, False) for text in WELCOME[:8]]


def test_what_moderators_keep_out_is_unwanted_from_then_on() -> None:
    model = load()
    taught = teach(model, DECIDED)
    assert taught is not None
    unwanted = [taught.probability(model, normalise(text)) for text in UNWANTED[8:]]
    welcome = [taught.probability(model, normalise(text)) for text in WELCOME[8:]]
    assert min(unwanted) > 0.5 > max(welcome)
    assert model.probability(normalise(UNWANTED[9])) < 0.5


def test_a_script_that_the_shipped_model_does_not_read_can_be_taught() -> None:
    model = load()
    pairs = [(f"купите дешёвые часы номер {n}", True) for n in range(8)]
    pairs += [(f"встреча в четверг, дом {n}", False) for n in range(8)]
    taught = teach(model, pairs)
    assert taught is not None
    assert taught.probability(model, normalise("купите дешёвые часы номер 99")) > 0.5
    assert taught.probability(model, normalise("встреча в четверг, дом 99")) < 0.5


def test_too_few_decisions_of_one_kind_teach_nothing() -> None:
    assert teach(load(), []) is None
    assert teach(load(), DECIDED[: 8 + FEWEST - 1]) is None


def test_the_same_decisions_teach_the_same() -> None:
    one, other = teach(load(), DECIDED), teach(load(), DECIDED)
    assert one is not None
    assert other is not None
    assert one.trust == other.trust
    assert np.array_equal(one.weights, other.weights)


def test_slots_fold_into_the_small_table_and_traits_stay_apart() -> None:
    slots = np.array([0, (1 << 20) - 1, 1 << 20, (1 << 20) + 5], dtype=np.int32)
    assert folded(slots, 20).tolist() == [0, (1 << 16) - 1, 1 << 16, (1 << 16) + 5]


@pytest.mark.parametrize(("chance", "found"), [(0.5, 0.0), (1.0, 6.0), (0.0, -6.0)])
def test_a_logit_is_bounded(chance: float, found: float) -> None:
    assert logit(chance) == pytest.approx(found)


@pytest.mark.parametrize("text", ["hello", "WINNER! call 09061701461 now", "加微信领红包，日赚三百元", "x"])
def test_narrowed_slots_are_those_of_the_smaller_table(text: str) -> None:
    message = normalise(text)
    wide = features.slots(message, 20)
    assert features.narrowed(wide, 20, 19).tolist() == features.slots(message, 19).tolist()
