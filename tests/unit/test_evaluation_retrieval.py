"""`myna eval`: the dispatcher, the files it reads and the figures of retrieval and abstention."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myna.cli import main
from myna.errors import MynaError
from myna_agents.evaluation.abstention import Outcome, curve, figures, taken_out
from myna_agents.evaluation.cases import Asked, read_cases
from myna_agents.evaluation.kinds import KINDS, kind
from myna_agents.evaluation.report import auroc, mean
from myna_agents.evaluation.retrieval import scores

ROWS: list[dict[str, Any]] = [
    {"kind": "passage", "id": "p1", "title": "Returns", "text": "Return goods within 45 days.", "lang": "en"},
    {
        "kind": "passage",
        "id": "p2",
        "title": "How do I pay?",
        "text": "By card or by PayPal.",
        "lang": "en",
        "faq": True,
        "variants": ["which cards do you take"],
    },
    {"kind": "passage", "id": "p3", "title": "退货", "text": "收到商品后四十五天内可以退货。", "lang": "zh"},
    {"kind": "question", "id": "q1", "text": "how many days to return", "relevant": ["p1"], "lang": "en"},
    {"kind": "question", "id": "q2", "text": "pay by card", "relevant": ["p2"], "lang": "en"},
    {"kind": "question", "id": "q3", "text": "几天内可以退货", "relevant": ["p3"], "lang": "zh"},
]


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    file = folder / "cases.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return file


def asked(name: str, *relevant: str) -> Asked:
    return Asked(name, f"question {name}", "en", frozenset(relevant))


def test_retrieval_prints_one_object_for_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, ROWS)
    assert main(["eval", "retrieval", str(file), str(file), "--embedder", "none:", "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["metrics"] == second["metrics"]
    assert (first["file"], first["kind"], first["n"]) == ("cases.jsonl", "retrieval", 3)
    assert first["metrics"]["R@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}
    assert first["by_language"]["zh"]["R@1"]["n"] == 1
    assert first["latency_ms"]["p95"] > 0
    assert first["settings"]["embedder"] == "none:"


def test_abstention_removes_passages_and_prints_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "abstention", str(written(tmp_path, ROWS)), "--embedder", "none:"]) == 0
    row = capsys.readouterr().out.splitlines()[0]
    assert row.startswith("cases.jsonl  n=3  AUROC ")
    assert "answered" in row


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*ROWS, {"kind": "riddle"}], "line 7: kind 'riddle'"),
        ([*ROWS, {"kind": "question", "text": "?"}], "line 7: id is missing"),
        ([ROWS[0], {**ROWS[3], "relevant": ["p9"]}], "no passage has the id 'p9'"),
        ([ROWS[0]], "1 passages and 0 questions"),
    ],
)
def test_a_file_of_another_format_is_refused_with_its_line(
    tmp_path: Path, rows: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(MynaError, match=told.replace("?", r"\?")):
        read_cases(written(tmp_path, rows))


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"kind": "passage"', encoding="utf-8")
    with pytest.raises(MynaError, match="line 1"):
        read_cases(file)


def test_a_limit_draws_the_same_questions_each_time(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS)
    once, again = (read_cases(file, seed=3, limit=2) for _ in range(2))
    assert once.questions == again.questions
    assert len(once.questions) == 2
    assert len(once.passages) == 3


def test_a_missing_file_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "retrieval", "/nowhere/cases.jsonl"]) == 1
    assert "no file" in capsys.readouterr().err


def test_scores_count_the_rank_of_the_first_relevant_passage() -> None:
    found = scores(["a", "b", "c", "d"], asked("q", "b", "d"))
    assert found["R@1"] == 0
    assert found["R@5"] == 1
    assert found["recall@10"] == 1
    assert found["MRR@10"] == 0.5
    expected = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    assert found["nDCG@10"] == pytest.approx(expected)


def test_half_of_the_questions_lose_their_passages(tmp_path: Path) -> None:
    passages = [{"kind": "passage", "id": f"p{at}", "title": "t", "text": "x"} for at in range(20)]
    questions = [
        {"kind": "question", "id": f"q{at}", "text": "x", "relevant": [f"p{at % 20}"]} for at in range(60)
    ]
    cases = read_cases(written(tmp_path, [*passages, *questions]))
    removed = taken_out(cases, 7)
    left = sum(1 for one in cases.questions if one.relevant - removed)
    assert left == 30
    assert removed == taken_out(cases, 7)
    assert removed != taken_out(cases, 8)


def test_nothing_is_removed_where_the_file_says_what_is_answerable(tmp_path: Path) -> None:
    rows = [*ROWS, {"kind": "question", "id": "q4", "text": "weather", "relevant": [], "answerable": False}]
    assert taken_out(read_cases(written(tmp_path, rows)), 7) == frozenset()


def test_figures_tell_wrong_answers_from_missing_ones() -> None:
    outcomes = [
        Outcome(asked("1", "a"), True, 0.9, True, True),
        Outcome(asked("2", "a"), True, 0.8, True, False),
        Outcome(asked("3", "a"), True, 0.2, False, True),
        Outcome(asked("4"), False, 0.7, True, False),
        Outcome(asked("5"), False, 0.1, False, False),
    ]
    found = {name: one.value for name, one in figures(outcomes).items()}
    assert found["answered"] == pytest.approx(2 / 3)
    assert found["answered_right"] == pytest.approx(1 / 3)
    assert found["wrong"] == 0.5
    assert found["wrong_of_answers"] == pytest.approx(2 / 3)
    assert found["AUROC"] == pytest.approx(5 / 6)
    assert found["precision"] == 0.5
    assert curve(outcomes)[0] == {"coverage": 0.2, "risk": 0.0}
    assert curve(outcomes)[-1]["risk"] == pytest.approx(3 / 5)


def test_intervals_hold_the_mean_and_repeat() -> None:
    values = [1.0] * 30 + [0.0] * 10
    once, again = mean(values), mean(values)
    assert once == again
    assert once.low < 0.75 < once.high
    assert once.value == 0.75


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([0.5, 0.5]), np.array([True, False])).value == 0.5


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_can_be_loaded(name: str) -> None:
    kind(name).declare(argparse.ArgumentParser())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(MynaError, match="luck"):
        kind("luck")
