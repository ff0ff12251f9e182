"""Links that pretend to lead elsewhere, and personal data where many read it."""

import pytest

from myna.model.conversation import ConversationKind
from myna_agents.moderation.leaks import leaks, pretends
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.rules import contacts_of


def told(text: str) -> list[str]:
    message = normalise(text)
    return [each.reason.detail for each in pretends(message, contacts_of(message.text))]


def leaked(text: str, place: ConversationKind = ConversationKind.GROUP) -> list[str]:
    return [each.reason.detail for each in leaks(normalise(text), place)]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("sign in at https://www.pаypаl.com now", "www.paypal.com in other letters"),
        ("https://bank.example.com@evil.example.net/login", "leads to evil.example.net"),
        ("http://203.0.113.9/invoice.exe", "leads to the address 203.0.113.9"),
    ],
)
def test_a_link_that_pretends_is_told(text: str, detail: str) -> None:
    assert detail in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "look at https://www.paypal.com/signin",
        "我的订单在 https://shop.example.com/orders/7 打不开",
        "café at https://www.example.com/münchen",
        "mail me at ann@example.com or see http://192.168.1.1/setup",
    ],
)
def test_an_honest_link_is_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("my card is 4111 1111 1111 1112, no: 5500005555555559", "a payment card's number"),
        ("身份证 11010519491231002X", "a resident identity number"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "a bank account"),
        ("export KEY=ghp_" + "a1" * 18, "a secret key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a secret key"),
    ],
)
def test_personal_data_and_keys_are_told_where_many_read_them(text: str, detail: str) -> None:
    assert leaked(text) == [detail]
    assert leaked(text, ConversationKind.CHANNEL) == [detail]
    assert leaked(text, ConversationKind.SUPPORT) == []
    assert leaked(text, ConversationKind.DIRECT) == []


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123456",
        "call 13800138000",
        "身份证 110105194912310021",
        "GB82 WEST 1234 5698 7654 33",
        "sk-1",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert leaked(text) == []
