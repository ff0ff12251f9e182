"""The kinds of evaluation. Each lives in a module of its own that is loaded when it is asked for."""

import argparse
import importlib
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, Protocol

from myna.errors import MynaError
from myna_agents.evaluation.report import Report

KINDS: Mapping[str, tuple[str, str]] = {
    "retrieval": ("myna_agents.evaluation.retrieval", "is the right passage found, and how far up"),
    "moderation": (
        "myna_agents.evaluation.moderation",
        "is spam told from what is harmless, disguised or not",
    ),
    "abstention": ("myna_agents.evaluation.abstention", "does it know what it does not know"),
    "answers": (
        "myna_agents.evaluation.answers",
        "do the answers hold the right span and cite the right passage",
    ),
    "interjection": (
        "myna_agents.evaluation.interjection",
        "does it speak in groups when it should, and only then",
    ),
    "safety": (
        "myna_agents.evaluation.safety",
        "what gets through of attacks, and what harmless texts are refused",
    ),
}
"""Module and what it judges, by kind. A module has `KIND`, an object that is a `Kind`."""


class Kind(Protocol):
    """One kind of evaluation."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this kind to those that all kinds have."""
        ...

    def judge(self, file: Path, options: argparse.Namespace) -> Awaitable[Report]:
        """The report on one file.

        Raises:
            MynaError: the file is not of the documented format; says which line and why.
        """
        ...


def kind(name: str) -> Kind:
    """The kind of this name, loaded now.

    Raises:
        MynaError: there is none.
    """
    if name not in KINDS:
        raise MynaError(
            f"There is no evaluation {name!r}: use one of {', '.join(KINDS)}.", code="no_such_kind"
        )
    module: Any = importlib.import_module(KINDS[name][0])
    found: Kind = module.KIND
    return found
