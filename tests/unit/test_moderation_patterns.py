"""Rules of a server's own: which may be entered, and what they find."""

import json
from pathlib import Path

import pytest

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case
from myna.model.workspace import UserKind
from myna_agents.moderation import LayeredModerator
from myna_agents.moderation.patterns import Rulebook, rule
from myna_agents.moderation.rulefile import read_rules


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (r"(a+)+bb", "ways"),
        (r"(a|aa)+bb", "ways"),
        (r"(.*)*evil", "ways"),
        (r"x.*y.*z.*evil", "ways"),
        (r"(?=x)yyy", "not allowed"),
        (r"(?<!x)yyy", "not allowed"),
        (r"(aa)\1", "not allowed"),
        (r".*", "fixed piece"),
        (r"[ab]c?", "fixed piece"),
        (r"evil{100}", "64"),
        ("[", "no regular expression"),
        ("", "1 to 500"),
        ("a" * 501, "1 to 500"),
    ],
)
def test_an_expression_that_could_run_away_is_refused(expression: str, told: str) -> None:
    with pytest.raises(MynaError, match=told):
        rule("bad", expression, Action.HOLD)


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"buy\s+followers", "please BUY   followers now".lower(), "buy   followers"),
        (r"Casino(s|z)?\d{2,}", "casinoz777", "casinoz777"),
        (r"办.{0,3}证", "代办 刻证", "办 刻证"),
        (r"(cheap|best) loans?", "the best loan", "best loan"),
        (r"\bfree\b.{0,9}money", "free the money", "free the money"),
    ],
)
def test_a_rule_finds_what_it_says(expression: str, text: str, found: str) -> None:
    book = Rulebook.of([rule("one", expression, Action.HOLD)])
    assert [words for _, words in book.found(text)] == [found]
    assert book.found("where is my order?") == []


def test_a_repetition_without_a_bound_ends_at_64() -> None:
    book = Rulebook.of([rule("one", "aab+cc", Action.HOLD)])
    assert book.found("aa" + "b" * 64 + "cc")
    assert not book.found("aa" + "b" * 65 + "cc")


def test_of_many_rules_only_those_that_match_are_found() -> None:
    book = Rulebook.of(rule(f"r{n}", f"word{n:05d}x.{{0,5}}end", Action.FLAG) for n in range(2_000))
    assert [each.name for each, _ in book.found("a word00007x the end")] == ["r7"]


async def test_a_rule_file_decides(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(
        json.dumps(
            {
                "deny": {"handles": ["@Cheap_Casino"]},
                "rules": [{"name": "resellers", "match": "buy .{0,20}followers", "action": "block"}],
                "thresholds": {"flag": 0.9, "hold": 0.95},
            }
        ),
        encoding="utf-8",
    )
    policy, lists, book = read_rules(path)
    moderator = LayeredModerator(policy, lists=lists, rulebook=book)

    def case(text: str) -> Case:
        return Case(1, 7, ConversationKind.SUPPORT, 1, UserKind.VISITOR, text, 0.0)

    verdict = await moderator.judge(case("Ｂｕｙ some fоllowers"))
    assert (verdict.action, verdict.reasons[0].detail) == (Action.BLOCK, "resellers: buy some followers")
    assert (await moderator.judge(case("write to @cheap_casino"))).action is Action.HOLD
    assert policy.hold_at == 0.95


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "wrong"),
        ('{"rulez": []}', "rulez"),
        ('{"thresholds": {"hold": 2}}', "hold"),
        ('{"rules": [{"name": "bad", "match": "(a+)+bb"}]}', "bad"),
    ],
)
def test_a_wrong_rule_file_is_refused_with_what_is_wrong(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(MynaError, match=told):
        read_rules(path)


def test_a_missing_rule_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MynaError, match="cannot be read"):
        read_rules(tmp_path / "none.json")
