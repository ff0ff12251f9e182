"""The table of invariants names tests and mutants that exist, and leaves none out."""

import ast
import re
from pathlib import Path

from mutants.mutants import MUTANTS
from support.backends import ROOT

TESTS = ROOT / "tests"
TABLE = (TESTS / "INVARIANTS.md").read_text("utf-8")
ROWS = {row.split("|")[1].strip(): row.split("|")[2:] for row in TABLE.splitlines() if row.startswith("| I")}


def names_in(file: Path) -> set[str]:
    """Functions and the names assigned at the top of a test file."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_every_invariant_has_a_row_with_a_mechanism_and_a_test() -> None:
    assert list(ROWS) == [f"I{number}" for number in range(1, 15)]
    for mechanism, tests, *_ in ROWS.values():
        assert mechanism.strip()
        assert "::" in tests


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([a-z0-9_/]+\.py)(?:::(\w+))?`", TABLE)
    assert len(named) > 35
    missing = [
        f"{file}::{test}"
        for file, test in named
        if file.startswith(("unit/", "contract/", "stateful/", "e2e/", "faults/"))
        and (not (TESTS / file).exists() or (test and test not in names_in(TESTS / file)))
    ]
    assert missing == []


def test_the_mutants_of_the_table_are_those_that_are_tried() -> None:
    named = {each for row in ROWS.values() for each in re.findall(r"`([a-z-]+)`", row[2])}
    assert named == {mutant.name for mutant in MUTANTS}
