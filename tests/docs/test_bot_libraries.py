"""The table of what is shown for each Telegram library says what the tests show."""

import ast
import re

from support.backends import ROOT

TESTS = ROOT / "tests" / "e2e" / "test_telegram_bots.py"
TABLE = ROOT / "docs" / "bots" / "libraries.md"


def declared() -> dict[str, ast.expr]:
    """What the module of the tests sets, by name."""
    found: dict[str, ast.expr] = {}
    for node in ast.parse(TESTS.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def test_the_table_of_libraries_has_a_cell_for_every_test_and_no_other() -> None:
    names = declared()
    features, programs = names["FEATURES"], names["PROGRAMS"]
    assert isinstance(features, ast.Tuple)
    assert isinstance(programs, ast.Dict)
    tested = [each.id for each in features.elts if isinstance(each, ast.Name)]
    libraries = [ast.literal_eval(each) for each in programs.keys if each is not None]
    assert ast.literal_eval(names["WAYS"]) == ("polling", "webhook")
    head, _, *rows = re.findall(r"^\|(.*)\|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [each.strip() for each in head.split("|")[2:]] == libraries
    cells = [[each.strip() for each in row.split("|")] for row in rows]
    assert [each[1].strip("`") for each in cells] == tested
    assert all(each[2:] == ["p w"] * len(libraries) for each in cells)
