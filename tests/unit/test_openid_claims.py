"""What a provider says of somebody, as it is taken."""

import pytest

from myna.adapters.openid import _claims_of


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (" Mike@Example.org ", "mike@example.org"),
        ("mi\u212ae@example.org", "mi\u212ae@example.org"),
        ("mike@e\u0445ample.org", "mike@e\u0445ample.org"),
        ("\u0130na@example.org", "\u0130na@example.org"),
        (["mike@example.org"], None),
        ({"address": "mike@example.org"}, None),
        ("", None),
    ],
)
def test_no_letter_that_only_looks_alike_makes_another_ones_address(said: object, taken: str | None) -> None:
    assert _claims_of({"sub": "1", "email": said, "email_verified": True}).email == taken


@pytest.mark.parametrize("said", [1, "yes", [True], {"true": True}, None, "false", 0, "True "])
def test_an_address_is_verified_only_where_the_provider_says_so(said: object) -> None:
    claims = {"sub": "1", "email": "mike@example.org", "email_verified": said}
    assert _claims_of(claims).email_verified is (said == 1)
