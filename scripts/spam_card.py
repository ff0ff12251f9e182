"""The card of the spam model: what it was made of and how well it does."""

import time
from collections import Counter
from dataclasses import asdict
from math import isnan
from pathlib import Path
from random import Random

import numpy as np

from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised
from myna_agents.moderation.corpora import Example, Part
from myna_agents.moderation.figures import Figures, figures
from myna_agents.moderation.linear import LinearModel
from myna_agents.moderation.normalise import normalise

HOLD = 0.5


def measured(model: LinearModel, found: list[Example]) -> Figures:
    """Figures of the model at the default threshold, on the messages as a moderator sees them."""
    chance = np.array([model.worst(normalise(example.text))[0] for example in found])
    return figures(chance, np.array([example.spam for example in found]), HOLD)


def microseconds(model: LinearModel, found: list[Example]) -> float:
    """Median time to normalise and judge one message of at most 100 characters, on one core."""
    texts = [example.text for example in found if len(example.text) <= 100][:2000]
    times = []
    for text in texts:
        start = time.perf_counter()
        model.probability(normalise(text))
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e6


def under_disguise(model: LinearModel, test: list[Example]) -> list[str]:
    lines = []
    for corpus, kinds in (("sms_en", ENGLISH), ("sms_zh", CHINESE), ("group_zh", CHINESE)):
        found = [example for example in test if example.corpus == corpus and example.spam][:400]
        clean = measured(model, found).recall
        cells = [
            f"none {clean:.3f}",
            *(f"{kind.value} {recall_of(model, found, kind):.3f}" for kind in kinds),
        ]
        lines.append(f"* {corpus}: " + ", ".join(cells))
    return lines


def recall_of(model: LinearModel, found: list[Example], kind: Disguise) -> float:
    random = Random(7)
    worn = [Example(disguised(example.text, kind, 0.6, random), True, example.corpus) for example in found]
    return measured(model, worn).recall


def write_card(model: LinearModel, parts: dict[Part, list[Example]], folder: Path, trained_on: int) -> None:
    """Measure the model on the held-out part and write `README.md` into `folder`."""
    test = parts[Part.TEST]
    names = ("sms_en", "sms_zh", "group_zh", "customers", "forum_zh", "prose_en")
    table = [row(name, measured(model, [e for e in test if e.corpus == name])) for name in names]
    counts = Counter((part.value, e.corpus, e.spam) for part in Part for e in parts[part])
    sizes = [
        f"| {name} | " + " | ".join(amounts(counts, name, part.value) for part in Part) + " |"
        for name in names
    ]
    kilobytes = (folder / "spam.npz").stat().st_size / 1024
    text = CARD.format(
        trained_on=trained_on,
        slots=1 << model.bits,
        kilobytes=kilobytes,
        microseconds=microseconds(model, test),
        sizes="\n".join(sizes),
        table="\n".join(table),
        disguises="\n".join(under_disguise(model, test)),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    print(text)


def amounts(counts: Counter[tuple[str, str, bool]], name: str, part: str) -> str:
    return f"{counts[part, name, True]} / {counts[part, name, False]}"


def row(name: str, found: Figures) -> str:
    cells = asdict(found)
    shown = [str(cells.pop("spam")), str(cells.pop("harmless"))]
    shown += ["–" if isnan(value) else f"{value:.4f}" for value in cells.values()]
    return f"| {name} | " + " | ".join(shown) + " |"


CARD = """# Spam model

`spam.npz`: logistic regression over hashed character n-grams (1 to 4, of the message as sent and of its
normalised skeleton) for English and Chinese. Written by `python scripts/train_spam.py`; do not edit this
file, run the script.

It holds {slots} weights of 8 bits, {kilobytes:.0f} KiB compressed. Judging a message of up to 100 characters,
normalising included, takes {microseconds:.0f} µs (median, one core, the machine of the last training).

## Data

Texts are public and not part of Myna. Only weights of hashed n-grams are shipped: no text, no word list,
and the n-grams are not stored. {trained_on} texts were trained on, disguised copies included.

| corpus | what | licence of the texts |
|---|---|---|
| sms_en | SMS Spam Collection v.1 | CC BY 4.0 (Almeida, Gómez Hidalgo, Yamakami 2011) |
| sms_zh | Chinese SMS, "mudou_spam" | none stated |
| group_zh | Chinese group chat, MarkIvory2973/tg-spam | unclear |
| customers | BANKING77, CLINC150, BQ, LCQMC questions, harmless | CC BY 4.0, CC BY 3.0, research only (2) |
| forum_zh | COLDataset, the part not offensive, taken as harmless | Apache-2.0 |
| prose_en | FAQ questions, encyclopaedia, code; harmless | Apache-2.0, CDLA-Sharing-1.0, CC BY-SA 4.0, MIT |

A thousand made-up harmless messages with phone numbers, orders, mail addresses and links are added for
training. Texts were deduplicated over all corpora by their normalised letters with digits folded, then
parted by a hash of that form: 72 % training, 8 % calibration, 20 % test. Near-duplicates that differ in
letters can be on both sides.

Number of texts, spam / harmless:

| corpus | train | calibrate | test |
|---|---|---|---|
{sizes}

## Held-out figures

P(spam) is calibrated for communities where one message in ten is spam; the threshold is 0.5. FP is the
share of harmless texts at or above it; R at 1 % is the recall at the lowest threshold with at most 1 % FP.

| corpus | spam | harmless | precision | recall | F1 | FP | AUROC | R at 1 % | R at 0.1 % |
|---|---|---|---|---|---|---|---|---|---|
{table}

Recall at the same threshold when 60 % of the characters that a disguise can change are changed (up to 400
spam each). The disguises are of the kinds the model was trained on, so expect less of new ones.

{disguises}

## Limits

* What spam is differs by community: the same model is far weaker on traffic unlike the above. Hold for
  review, do
  not block, on its word alone.
* English and Chinese only. Texts in other scripts are not scored.
* Marketing by SMS and bank notices look alike in Chinese: most false positives on sms_zh are such notices.
"""
