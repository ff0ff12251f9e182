"""How well messages are judged: spam, offensive language, disguises, and what a moderator's decisions teach."""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from myna.errors import MynaError
from myna.model.conversation import ConversationKind
from myna.model.moderation import Action, Case, Standing
from myna.model.workspace import UserKind
from myna_agents.evaluation.report import Measured, Report, auroc, mean, percentiles
from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised
from myna_agents.moderation.figures import figures, threshold_at
from myna_agents.moderation.learning import Taught, teach
from myna_agents.moderation.linear import LinearModel, is_chinese, load
from myna_agents.moderation.moderator import LayeredModerator
from myna_agents.moderation.normalise import normalise

HOLD: Final = 0.5
_RESAMPLES: Final = 200
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """One judged text of a file."""

    text: str
    bad: bool


class Moderation:
    """The kind `moderation` of `myna eval`."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Add what only this kind has."""
        parser.add_argument(
            "--obfuscate",
            type=_strength,
            metavar="STRENGTH",
            help="also disguise the bad rows: 0..1 of the characters that a disguise can change (0.5 is medium)",
        )
        parser.add_argument(
            "--learn",
            type=int,
            default=0,
            metavar="N",
            help="let a moderator decide N rows of a seeded shuffle first; they are not scored",
        )
        parser.add_argument(
            "--own-model",
            type=Path,
            metavar="NPZ",
            help="judge by a model that `myna moderation train` wrote instead of the shipped one",
        )
        parser.add_argument("--harmless", action="store_true", help="every row is harmless, whatever it says")

    async def judge(self, file: Path, options: argparse.Namespace) -> Report:
        """The report on one file.

        Raises:
            MynaError: a line is not `{"text", "spam"}` or `{"text", "offensive"}`; says which and why.
        """
        kind, rows = read_rows(file, harmless=options.harmless)
        Random(options.seed).shuffle(rows)  # noqa: S311 - nothing secret
        decided, rows = rows[: options.learn], rows[options.learn :][: options.limit]
        if not rows:
            raise MynaError(f"{file} has no row left to score.", code="bad_cases")
        model = _model(kind, options.own_model)
        taught = teach(model, [(row.text, row.bad) for row in decided]) if decided else None
        if decided and taught is None:
            raise MynaError(
                "--learn needs at least five rows of each kind among the first N.", code="bad_cases"
            )
        took: list[float] = []
        scores = np.array([_chance(model, taught, row.text, took) for row in rows])
        bad = np.array([row.bad for row in rows])
        metrics = measured(scores, bad)
        details: dict[str, Any] = {"threshold": HOLD}
        if kind == "spam":
            metrics |= await verdicts(rows, options.own_model)
        if taught is not None:
            before = np.array([_chance(model, None, row.text, []) for row in rows])
            metrics["auroc_untaught"] = auroc(before, bad)
        if options.obfuscate is not None and bad.any():
            metrics |= attacked(model, taught, rows, scores, options.obfuscate, details)
        return Report(
            str(file),
            "moderation",
            len(rows),
            {name: one for name, one in metrics.items() if not math.isnan(one.value)},
            latency_ms={name: round(value, 3) for name, value in percentiles(took).items()},
            settings={
                "model": kind if options.own_model is None else str(options.own_model),
                "seed": options.seed,
                "learn": options.learn,
                "obfuscate": options.obfuscate,
                "harmless": options.harmless,
            },
            details=details,
        )


KIND = Moderation()


def _model(kind: Any, own: Path | None) -> LinearModel:
    if own is None:
        return load(kind)
    try:
        return load(own)
    except (OSError, ValueError, KeyError) as wrong:
        raise MynaError(f"{own} is no model that can be read: {wrong}.", code="bad_cases") from None


def _strength(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def read_rows(file: Path, *, harmless: bool = False) -> tuple[Any, list[Row]]:
    """Which model a file is about (`spam` or `offensive`), and its rows.

    Raises:
        MynaError: a line is not of the documented format.
    """
    kinds: set[str] = set()
    rows: list[Row] = []
    for number, found in _objects(file):
        text = found.get("text", found.get("title") if harmless else None)
        label = next((name for name in ("spam", "offensive") if name in found), None)
        if not isinstance(text, str) or (not harmless and not isinstance(found.get(label or ""), bool)):
            raise MynaError(
                f'{file}, line {number}: wanted {{"text": "…", "spam": true}} or "offensive".',
                code="bad_cases",
            )
        kinds.add(label or "spam")
        rows.append(Row(text, not harmless and bool(found.get(label or ""))))
    if not rows or len(kinds) > 1:
        raise MynaError(f"{file} must have rows, all labelled spam or all offensive.", code="bad_cases")
    return kinds.pop(), rows


def _objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    found: Any = json.loads(line)
                except ValueError as wrong:
                    raise MynaError(f"{file}, line {number}: {wrong}.", code="bad_cases") from None
                if not isinstance(found, dict):
                    raise MynaError(f"{file}, line {number}: not a JSON object.", code="bad_cases")
                yield number, found


def _chance(model: LinearModel, taught: Taught | None, text: str, took: list[float]) -> float:
    start = time.perf_counter()
    message = normalise(text)
    chance = model.worst(message)[0] if taught is None else taught.worst(model, message)[0]
    took.append((time.perf_counter() - start) * 1000)
    return chance


def measured(scores: Floats, bad: Bools) -> dict[str, Measured]:
    """The metrics of the model at its threshold and over all thresholds; those that the labels do not allow are NaN."""
    found, called = figures(scores, bad, HOLD), scores >= HOLD
    metrics = {
        "accuracy": mean((called == bad).astype(np.float64)),
        "precision": mean(bad[called].astype(np.float64)) if bad.any() else _nan(),
        "recall": mean(called[bad].astype(np.float64)),
        "false_positives": mean(called[~bad].astype(np.float64)),
        "auroc": auroc(scores, bad),
    }
    for name in ("f1", "recall_at_1_percent", "recall_at_1_permille", "recall_at_99_precision"):
        metrics[name] = _resampled(scores, bad, name, getattr(found, name))
    return metrics


def _resampled(scores: Floats, bad: Bools, name: str, value: float) -> Measured:
    """A figure with its 95 % percentile-bootstrap interval."""
    if math.isnan(value):
        return _nan()
    generator, drawn = np.random.default_rng(7), list[float]()
    for _ in range(_RESAMPLES):
        picks = generator.integers(0, len(scores), size=len(scores))
        one = float(getattr(figures(scores[picks], bad[picks], HOLD), name))
        if not math.isnan(one):
            drawn.append(one)
    low, high = np.quantile(drawn, (0.025, 0.975)) if drawn else (value, value)
    return Measured(value, float(low), float(high), len(scores))


def _nan() -> Measured:
    return Measured(math.nan, math.nan, math.nan, 0)


async def verdicts(rows: Sequence[Row], own: Path | None = None) -> dict[str, Measured]:
    """How often harmless rows are flagged or held by all layers that see one message alone, each the first of a newcomer."""
    flagged: list[float] = []
    held: list[float] = []
    moderator = LayeredModerator(model=own)
    for at, row in enumerate(row for row in rows if not row.bad):
        # Another sender and an hour later each time: what is judged is the text.
        case = Case(1, 1, ConversationKind.SUPPORT, at + 1, UserKind.VISITOR, row.text, at * 3600.0)
        case = replace(case, standing=Standing(0, 0))
        action = (await moderator.judge(case)).action
        flagged.append(float(action is not Action.ALLOW))
        held.append(float(action in {Action.HOLD, Action.BLOCK}))
    return {"harmless_flagged": mean(flagged), "harmless_held": mean(held)}


def attacked(
    model: LinearModel,
    taught: Taught | None,
    rows: Sequence[Row],
    scores: Floats,
    strength: float,
    details: dict[str, Any],
) -> dict[str, Measured]:
    """Recall at 1 % false positives of clean texts, without a disguise and under each; the worst one as a metric."""
    bad = np.array([row.bad for row in rows])
    limit = threshold_at(scores, bad, 0.01)
    if math.isnan(limit):
        raise MynaError("--obfuscate needs harmless rows: they set the threshold.", code="bad_cases")
    clean = float((scores[bad] > limit).mean())
    recalls: dict[str, float] = {}
    for kind in dict.fromkeys((*ENGLISH, *CHINESE)):
        worn = [
            row.text for row in rows if row.bad and kind in (CHINESE if is_chinese(row.text) else ENGLISH)
        ]
        plain = np.array(
            [
                score
                for score, row in zip(scores, rows, strict=True)
                if row.bad and kind in (CHINESE if is_chinese(row.text) else ENGLISH)
            ]
        )
        if worn:
            found = caught(model, taught, worn, kind, strength, limit)
            recalls[kind.value] = clean + found - float((plain > limit).mean())
    worst = min(recalls, key=recalls.__getitem__)
    details["recall_at_1_percent_by_disguise"] = {"none": clean} | recalls
    details["worst_disguise"] = worst
    fall = clean - recalls[worst]
    return {"attack_fall_worst": Measured(fall, fall, fall, int(bad.sum()))}


def caught(
    model: LinearModel,
    taught: Taught | None,
    texts: Sequence[str],
    kind: Disguise,
    strength: float,
    limit: float,
) -> float:
    """The share of texts above the limit when they wear a disguise."""
    random = Random(7)  # noqa: S311 - nothing secret
    worn = [disguised(text, kind, strength, random) for text in texts]
    return sum(_chance(model, taught, text, []) > limit for text in worn) / len(worn)
