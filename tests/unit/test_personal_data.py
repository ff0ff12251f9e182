"""The recogniser of personal data, and the placeholders that stand for it while a model works."""

import logging
import sys
import time

import pytest

from myna.personal_data import Kind, personal_data, replaced
from myna.serve import Discreet
from myna_agents.engines.masking import Masks


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mia.li+shop@mail.example.org", [Kind.EMAIL]),
        ("我的邮箱是mia@example.org，电话13800138000", [Kind.EMAIL, Kind.PHONE]),
        ("call +44 (0)20 7946 0000 or 020-7946-0000", [Kind.PHONE, Kind.PHONE]),
        ("card 5500005555555559", [Kind.CARD]),
        ("card 5500005555555558", [Kind.NUMBER]),
        ("身份证11010519491231002X。", [Kind.RESIDENT]),
        ("IBAN DE89 3704 0044 0532 0130 00, or de89370400440532013000", [Kind.ACCOUNT, Kind.ACCOUNT]),
        ("orders ML-1234 and #4711", [Kind.NUMBER, Kind.NUMBER]),
        ("open 9:00 to 17:30, 1,299.00 EUR, 2 lamps in 2026", []),
        ("ab12 some text that goes on here", []),
    ],
)
def test_personal_data_is_recognised(text: str, kinds: list[Kind]) -> None:
    assert [each.kind for each in personal_data(text)] == kinds


def test_only_right_check_digits_are_sure() -> None:
    text = "5500005555555559 5500005555555558 mia@example.org 13800138000"
    assert [each.kind for each in personal_data(text, (Kind.CARD, Kind.ACCOUNT), sure=True)] == [Kind.CARD]


@pytest.mark.parametrize(
    "piece", ["1 ", "1-", "A1", "a@", "a.", "(1)", "#1", "AB12 ", "1(", "A-", "+1", "@a."]
)
def test_no_text_keeps_the_recogniser_busy(piece: str) -> None:
    def cost_s(times: int) -> float:
        started = time.process_time()
        personal_data(piece * times)
        return time.process_time() - started

    small = max(cost_s(2_000), 0.002)
    assert cost_s(16_000) < small * 40
    """Eight times the text may cost eight times as much, and five times that for a busy machine; squared would be 64 times."""


def test_a_placeholder_that_comes_in_pieces_is_put_back() -> None:
    masks = Masks()
    assert masks.mask("I am mia@example.org, yes, mia@example.org or li@example.org") == (
        "I am [EMAIL_1], yes, [EMAIL_1] or [EMAIL_2]"
    )
    said = "To [EMAIL_2], see [1] and [EMAIL_9]."
    for size in range(1, 12):
        pieces = [said[at : at + size] for at in range(0, len(said), size)]
        assert "".join(map(masks.feed, pieces)) + masks.rest() == "To li@example.org, see [1] and ."


def test_what_looks_like_the_beginning_of_a_placeholder_is_not_lost() -> None:
    masks = Masks()
    assert masks.feed("see [EMAIL") == "see "
    assert masks.rest() == "[EMAIL"
    assert masks.feed("more [") + masks.feed("1]") + masks.rest() == "more [1]"


def test_arguments_are_put_back_however_deep() -> None:
    masks = Masks()
    masks.mask("mia@example.org 13800138000")
    given = {"to": ["[EMAIL_1]"], "more": {"phone": "[PHONE_1]", "count": 2}}
    assert masks.arguments(given) == {
        "to": ["mia@example.org"], "more": {"phone": "13800138000", "count": 2},
    }  # fmt: skip


def test_what_the_knowledge_base_says_is_public() -> None:
    masks = Masks(public="Our hotline: 020 7946 0000.")
    assert masks.mask("Is 020 7946 0000 yours? Mine is 020 7946 0001.") == (
        "Is 020 7946 0000 yours? Mine is [PHONE_1]."
    )


def test_no_address_stands_in_the_log() -> None:
    try:
        raise ValueError("mia@example.org is nobody here")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "no mail to %s", ("li@example.org",), sys.exc_info()
        )
    line = Discreet("%(levelname)s %(message)s").format(record)
    assert line.startswith("ERROR no mail to [email]\nTraceback")
    assert line.endswith("ValueError: [email] is nobody here")
    assert Discreet("%(message)s").format(logging.makeLogRecord({"msg": "as it was"})) == "as it was"


def test_what_is_replaced_is_chosen_by_kind() -> None:
    text = "LX-2000, mia@example.org"
    assert replaced(text, lambda kind, _: f"<{kind}>", (Kind.EMAIL,)) == "LX-2000, <email>"
