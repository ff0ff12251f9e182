"""Commands that the guides tell people to type exist."""

import re
import subprocess

import pytest

from myna.cli import main
from support.backends import ROOT

GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(guide.read_text() for guide in GUIDES)
CODE = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.S) + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", TEXT))
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_each_make_target_is_explained_by_make_help() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20)
    assert set(re.findall(r"^  make ([a-z-]+) +\S", shown.stdout, re.M)) == TARGETS


def test_the_guides_name_only_targets_that_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", CODE))
    assert named
    assert named <= TARGETS


@pytest.mark.parametrize("command", sorted(set(re.findall(r"(?:^|\s)myna ([a-z]+)", CODE))))
def test_the_guides_name_only_commands_that_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert command in capsys.readouterr().out


def test_links_between_guides_lead_somewhere() -> None:
    for guide in GUIDES:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", guide.read_text()):
            if "://" not in target:
                assert (guide.parent / target).exists(), f"{guide.name} -> {target}"
