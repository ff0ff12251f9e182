"""Everything that can be set is in the operations guide, and the guide invents nothing."""

import re
from dataclasses import fields

import pytest

from myna.settings import Settings
from support.backends import ROOT

GUIDE = (ROOT / "docs" / "operations.md").read_text()
# Rows of the guide's table: | `MYNA_PORT` | `8000` | what it does |
ROWS = {
    name: (default, text)
    for name, default, text in re.findall(r"^\| `(MYNA_[A-Z_]+)` \| (.*?) \| (.+) \|$", GUIDE, re.MULTILINE)
}
FIELDS = {f"MYNA_{each.name.upper()}": each for each in fields(Settings)}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_each_setting_has_a_row_with_its_default(name: str) -> None:
    assert name in ROWS, f"add a row for {name} to docs/operations.md"
    default = FIELDS[name].default
    shown = str(int(default)) if isinstance(default, bool) else str(default)
    assert ROWS[name][0] == (f"`{shown}`" if shown else "")


def test_the_guide_names_no_setting_that_does_not_exist() -> None:
    assert set(re.findall(r"\bMYNA_[A-Z_]+\b", GUIDE)) - set(FIELDS) == set()
