"""`myna kb`: knowledge bases from the command line."""

import asyncio
import json
from pathlib import Path

import pytest

from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.cli import main
from myna.first_start import ensure_workspace
from myna.settings import Settings
from myna.wiring.backends import open_database


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources beside a data folder with a workspace."""
    monkeypatch.setenv("MYNA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MYNA_EMBEDDER", "none:")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "returns.md").write_text("# Returns\n\nGoods go back within 45 days.\n", encoding="utf-8")
    (folder / "faq.csv").write_text("question,answer\nWhen do you open?,At nine.\n", encoding="utf-8")
    return folder


@pytest.fixture
def workspace(shop: Path) -> None:
    """The workspace that a first start makes."""
    settings = Settings.from_env()

    async def first() -> None:
        database = await open_database(settings)
        await ensure_workspace(SqlAccounts(database), settings.data_dir, "Shop")
        await database.close()

    asyncio.run(first())


def test_without_a_workspace_it_says_what_to_do(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kb", "list"]) == 1
    assert "myna serve" in capsys.readouterr().err


def test_a_folder_is_added_listed_searched_and_exported(
    shop: Path, capsys: pytest.CaptureFixture[str], workspace: None
) -> None:
    assert main(["kb", "add", "Shop", str(shop)]) == 0
    assert capsys.readouterr().out.splitlines() == ["done  faq.csv", "done  returns.md"]
    assert main(["kb", "list", "--json"]) == 0
    (base,) = json.loads(capsys.readouterr().out)
    assert (base["name"], base["sources"], base["state"]) == ("Shop", 2, "ready")
    assert main(["kb", "list", "Shop"]) == 0
    assert "returns" in capsys.readouterr().out.lower()
    assert main(["kb", "search", base["id"], "how many days to send goods back", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "45 days" in found["passages"][0]["text"]
    assert main(["kb", "search", "Shop", "how many days to send goods back"]) == 0
    assert "confidence" in capsys.readouterr().out
    file = shop / "cases.jsonl"
    assert main(["kb", "export", "Shop", "--to", str(file)]) == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {row["title"] for row in rows} == {"Returns", "When do you open?"}
    assert any(row.get("faq") for row in rows)
    capsys.readouterr()
    assert main(["kb", "eval", "Shop"]) == 0
    assert "threshold" in capsys.readouterr().out


def test_what_cannot_be_read_fails_the_command(
    shop: Path, capsys: pytest.CaptureFixture[str], workspace: None
) -> None:
    (shop / "broken.json").write_text("{", encoding="utf-8")
    assert main(["kb", "add", "Shop", str(shop)]) == 1
    assert "failed  broken.json" in capsys.readouterr().out
    assert main(["kb", "add", "Shop", str(shop / "missing.md")]) == 1
    assert main(["kb", "search", "Nowhere", "x"]) == 1
    assert "Nowhere" in capsys.readouterr().err
