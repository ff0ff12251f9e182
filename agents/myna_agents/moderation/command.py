"""The `myna moderation` command: train the filter on one's own messages."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from myna.errors import MynaError
from myna_agents.evaluation.moderation import measured, read_rows
from myna_agents.moderation.corpora import Part, fingerprint, part_of
from myna_agents.moderation.linear import LinearModel
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.training import Example, Rows, curves, fit, quantised, with_disguises

BITS: Final = 20
PENALTY: Final = 2e-7
FEWEST: Final = 50
"""Distinct texts of each kind; fewer are better taught by decisions, on top of the shipped model."""


def declare(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add the subcommands."""
    _ = arguments
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    train = commands.add_parser("train", help="train a spam model on your own messages")
    train.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help='JSON lines of {"text": "…", "spam": true}'
    )
    train.add_argument("--out", type=Path, required=True, help="where the model goes (.npz)")
    train.add_argument("--seed", type=int, default=20, help="seed of the disguises (default 20)")
    train.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, write the model, and print how it does on the texts that it was not trained on."""
    if options.out.suffix != ".npz":
        raise MynaError("--out must end in .npz.", code="bad_usage")
    parts = parted(options.files)
    model = train(parts[Part.TRAIN], parts[Part.DEVELOP], Random(options.seed))  # noqa: S311 - nothing secret
    model.save(options.out)
    test = parts[Part.TEST]
    chance = np.array([model.worst(normalise(example.text))[0] for example in test])
    found = measured(chance, np.array([example.spam for example in test], dtype=np.bool_))
    row = "  ".join(f"{name} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for name, one in found.items())
    sys.stdout.write(f"{options.out}: {len(test)} held-out texts  {row}\n")
    return 0


def parted(files: Sequence[Path]) -> dict[Part, list[Example]]:
    """The distinct texts of the files, parted by a hash of their letters; contradicted ones are left out.

    Raises:
        MynaError: a file is of another format, or there are too few texts of a kind.
    """
    known: dict[str, Example] = {}
    contradicted: set[str] = set()
    for file in files:
        if not file.is_file():
            raise MynaError(f"There is no file {str(file)!r}.", code="no_such_file")
        kind, rows = read_rows(file)
        if kind != "spam":
            raise MynaError(f"{file} is not labelled spam or not spam.", code="bad_cases")
        for row in rows:
            letters = fingerprint(row.text)
            if letters and known.setdefault(letters, Example(row.text, row.bad, "own")).spam != row.bad:
                contradicted.add(letters)
    parts: dict[Part, list[Example]] = {part: [] for part in Part}
    for letters, example in known.items():
        if letters not in contradicted:
            parts[part_of(letters)].append(example)
    spam = sum(example.spam for part in parts.values() for example in part)
    total = sum(map(len, parts.values()))
    if min(spam, total - spam) < FEWEST:
        raise MynaError(
            f"{spam} distinct texts are spam and {total - spam} are not; at least {FEWEST} of each are needed.",
            code="too_few_texts",
        )
    return parts


def train(found: list[Example], develop: list[Example], random: Random) -> LinearModel:
    """A model of the texts and of disguised copies; its curves fit the texts of `develop`, which it did not see."""
    texts = with_disguises(found, random, lambda example: 2.0 if example.spam else 0.5)
    spam = np.array([example.spam for example in texts], dtype=np.bool_)
    rows = Rows.of([example.text for example in texts], BITS)
    model = quantised(*fit(rows, spam, np.ones(len(texts)), BITS, PENALTY), BITS)
    english, chinese = curves(model, develop, np.ones(len(develop)))
    return LinearModel(model.weights, model.scale, model.bias, english, chinese, BITS)
