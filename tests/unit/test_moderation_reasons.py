"""Whoever reviews a message reads why it is there: every reason code has words in each language and a line in the docs."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

from myna.model.filtering import Listed
from support.backends import ROOT

PACKAGES = ("platform/myna", "agents/myna_agents", "bots/myna_bots")
CODE = re.compile(r"[a-z_]+(\.[a-z_]+)?")
NAMED = {
    "kind.value": [each.value for each in (Listed.LINK, Listed.PHONE, Listed.HANDLE)],
    "opinion": ["spam", "harmless", "unsure"],
}
"""What stands in place of a name within a code."""
MAKERS = {"Reason": 0, "_finding": 1}
"""Calls that take a code, and which of their arguments it is."""


def made() -> Iterator[tuple[str, str]]:
    """Codes of the reasons that the server gives, each with where it does."""
    for path, tree in trees().items():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            place = MAKERS.get(call.func.id, -1) if isinstance(call.func, ast.Name) else -1
            if 0 <= place < len(call.args):
                for code in spelt(call.args[place], tree):
                    yield code, f"{path}:{call.lineno}"


def spelt(argument: ast.expr, tree: ast.Module) -> list[str]:
    """Every code that an argument may be."""
    if isinstance(argument, ast.JoinedStr):
        (hole,) = [part.value for part in argument.values if isinstance(part, ast.FormattedValue)]
        rest = "".join(str(part.value) for part in argument.values if isinstance(part, ast.Constant))
        before = isinstance(argument.values[0], ast.FormattedValue)
        return [name + rest if before else rest + name for name in NAMED[ast.unparse(hole)]]
    if isinstance(argument, ast.Name):
        given = [value for name, value in bound(tree) if name == argument.id] or named(argument.id)
        return [code for value in given for code in constants(value) if CODE.fullmatch(code)]
    return constants(argument) if isinstance(argument, ast.Constant | ast.IfExp) else []


def named(name: str) -> list[ast.expr]:
    """What a constant is set to that a module has from another one."""
    if not name.isupper():
        return []
    return [value for tree in trees().values() for found, value in bound(tree) if found == name]


@cache
def trees() -> dict[str, ast.Module]:
    """The parsed modules of all packages that mention reasons, by path."""
    found: dict[str, ast.Module] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text("utf-8")
            if "Reason" in text:
                found[str(path.relative_to(ROOT))] = ast.parse(text)
    return found


def bound(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names of a module with what they are set to, in a loop over tuples the member of each that stands in their place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))
        elif (
            isinstance(node, ast.For)
            and isinstance(node.target, ast.Tuple)
            and isinstance(node.iter, ast.Tuple)
        ):
            rows = [row.elts for row in node.iter.elts if isinstance(row, ast.Tuple)]
            for place, target in enumerate(node.target.elts):
                yield from ((ast.unparse(target), row[place]) for row in rows)


def constants(value: ast.expr) -> list[str]:
    return [
        node.value
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@cache
def codes() -> dict[str, str]:
    """Every reason code of the server, with a place that gives it."""
    return dict(made())


@cache
def words(lang: str) -> dict[str, str]:
    """The dashboard's words for reasons."""
    tables = (ROOT / "web" / "src" / "i18n").glob(f"*.{lang}.json")
    found = {
        key: text for each in sorted(tables) for key, text in json.loads(each.read_text("utf-8")).items()
    }
    return {key.removeprefix("why."): text for key, text in found.items() if key.startswith("why.")}


def test_the_codes_of_all_layers_are_found() -> None:
    assert {"spam.model", "spam.taught", "phone.denied", "rule", "judge.unsure", "order.waiting"} <= set(
        codes()
    )
    assert {"sender.listed", "handle.listed", "bot.judged", "reported", "flood"} <= set(codes())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_dashboard_has_words_for_every_reason_and_for_no_other(lang: str) -> None:
    unsaid = {code: where for code, where in codes().items() if not words(lang).get(code, "").strip()}
    assert unsaid == {}
    assert set(words(lang)) - set(codes()) == set()


def test_the_docs_explain_every_reason() -> None:
    told = set(re.findall(r"`([a-z_.]+)`", (ROOT / "docs" / "moderation.md").read_text("utf-8")))
    assert {code: where for code, where in codes().items() if code not in told} == {}
