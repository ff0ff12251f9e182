"""`myna eval moderation` on small files of the documented format."""

import json
from pathlib import Path

import pytest

from myna.cli import main

SPAM = "WINNER!! You have won a £{n}000 cash prize. Call 0906170146{n} to claim now"
HARMLESS = "Where is my order number 2024{n}? It was due on Monday."


NAMES = [f"{letter}{other}{letter}" for letter in "abcdefghijkl" for other in "mnopqrstuvwx"]


def write(file: Path, rows: list[tuple[str, bool]], *, more: bool = False) -> None:
    lines = "".join(json.dumps({"text": text, "spam": spam}) + "\n" for text, spam in rows)
    with file.open("a" if more else "w", encoding="utf-8") as out:
        out.write(lines)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "cases.jsonl"
    rows = [{"text": SPAM.format(n=n), "spam": True} for n in range(1, 9)]
    rows += [{"text": HARMLESS.format(n=n), "spam": False} for n in range(1, 9)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["eval", "moderation", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_spam_and_harmless_rows_give_the_metrics(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, str(cases))
    metrics = found["metrics"]
    assert isinstance(metrics, dict)
    assert found["n"] == 16
    assert metrics["f1"]["value"] == 1.0
    assert metrics["harmless_flagged"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 8}


def test_disguised_rows_are_reported_by_disguise(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, str(cases), "--obfuscate", "0.5")
    details = found["details"]
    assert isinstance(details, dict)
    assert set(details["recall_at_1_percent_by_disguise"]) >= {
        "none",
        "full_width",
        "zero_width",
        "lookalike",
    }


def test_what_a_moderator_decided_first_is_not_scored(
    cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(capsys, str(cases), "--learn", "14", "--seed", "1")
    assert found["n"] == 2


def test_200_decisions_teach_a_model_of_other_traffic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, foreign, own = tmp_path / "mine.jsonl", tmp_path / "foreign.jsonl", tmp_path / "own.npz"
    write(mine, [(f"cheap watches number {name}, order today", True) for name in NAMES])
    write(mine, [(f"the meeting about {name} is on monday", False) for name in NAMES], more=True)
    write(foreign, [(f"日赚{n}元，加群领取第{n}份", True) for n in NAMES])
    write(foreign, [(f"我的快递{n}还没到，第{n}天了", False) for n in NAMES], more=True)
    assert main(["moderation", "train", str(mine), "--out", str(own)]) == 0
    capsys.readouterr()
    metrics = report(capsys, str(foreign), "--own-model", str(own), "--learn", "200")["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["auroc"]["value"] >= 0.9 > metrics["auroc_untaught"]["value"]


def test_a_model_that_cannot_be_read_is_refused(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "moderation", str(cases), "--own-model", str(tmp_path / "none.npz")]) == 1
    assert "no model that can be read" in capsys.readouterr().err


def test_harmless_files_need_no_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pages.jsonl"
    file.write_text('{"text": "How do I get a refund?"}\n', encoding="utf-8")
    metrics = report(capsys, str(file), "--harmless")["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["harmless_held"]["value"] == 0.0
    assert "f1" not in metrics


@pytest.mark.parametrize(
    ("line", "told"),
    [("{", "line 1"), ("[]", "not a JSON object"), ('{"text": "x"}', "line 1"), ("", "must have rows")],
)
def test_a_file_of_another_format_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    assert main(["eval", "moderation", str(file)]) == 1
    assert told in capsys.readouterr().err
