"""`myna moderation train` on a small file."""

import json
from pathlib import Path

import pytest

from myna.cli import main
from myna_agents.moderation.linear import load
from myna_agents.moderation.normalise import normalise

ORDINALS = [f"{one}{two}" for one in "abcdefghij" for two in "klmnopqr"]


def written(path: Path, rows: list[tuple[str, bool]]) -> Path:
    path.write_text(
        "".join(json.dumps({"text": text, "spam": spam}) + "\n" for text, spam in rows), encoding="utf-8"
    )
    return path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    rows = [(f"cheap {name} watches, order from {name} today", True) for name in ORDINALS]
    rows += [(f"the meeting about {name} is on monday, bring {name}", False) for name in ORDINALS]
    return written(tmp_path / "mine.jsonl", rows)


def test_a_model_of_ones_own_tells_ones_own_spam(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.npz"
    assert main(["moderation", "train", str(mine), "--out", str(out)]) == 0
    assert "held-out texts" in capsys.readouterr().out
    model = load(out)
    assert model.probability(normalise("cheap zz watches, order from zz today")) > 0.5
    assert model.probability(normalise("the meeting about zz is on monday, bring zz")) < 0.5
    first = out.read_bytes()
    assert main(["moderation", "train", str(mine), "--out", str(out)]) == 0
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("rows", "told"),
    [([("cheap watches", True), ("hello", False)], "at least 50"), ([], "must have rows")],
)
def test_too_few_texts_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[str, bool]], told: str
) -> None:
    few = written(tmp_path / "few.jsonl", rows)
    assert main(["moderation", "train", str(few), "--out", str(tmp_path / "x.npz")]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()


def test_the_model_is_an_npz_file(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["moderation", "train", str(mine), "--out", "x.bin"]) == 1
    assert ".npz" in capsys.readouterr().err
