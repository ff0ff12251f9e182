"""The guide to security names every limit and every alert as they are."""

import re
from pathlib import Path

import pytest

from myna.intrusion.model import RULES, Response
from myna.limits.bounds import LIMITS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "security.md").read_text("utf-8")


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


def test_each_attack_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_\w+)` \|$", GUIDE, re.MULTILINE)
    assert len(named) > 20
    missing = [test for file, test in named if f"def {test}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []
