"""The guide to security names every limit and every alert as they are."""

import re
from pathlib import Path

import pytest

from myna.intrusion.model import RULES, Response
from myna.limits import LIMITS

GUIDE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


def test_each_limit_has_a_row_with_its_bound() -> None:
    shown = dict(re.findall(r"^\| `([a-z_]+)` \| ([0-9]+/[0-9]+) \|", GUIDE, re.MULTILINE))
    assert shown == {name: str(limit.bound) for name, limit in LIMITS.items()}


@pytest.mark.parametrize("kind", sorted(RULES))
def test_each_alert_has_a_row_with_what_follows(kind: str) -> None:
    row = re.search(rf"^\| `{kind}` \| (.+) \| (.+) \|$", GUIDE, re.MULTILINE)
    assert row is not None
    rule = RULES[kind]
    assert ("alert" if rule.response is Response.LOG else rule.response.value) in row[2]
    if rule.bound.count:
        assert f"more than {rule.bound.count} " in row[1]
