"""The card of the shipped models: what they were made of and how well they do."""

import hashlib
import time
from collections import Counter
from dataclasses import asdict
from math import isnan
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised
from myna_agents.moderation.corpora import Part
from myna_agents.moderation.figures import Figures, figures, threshold_at
from myna_agents.moderation.linear import LinearModel
from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.training import Example

HOLD = 0.5
MEDIUM = 0.5
FLAG = 0.3
NAMES = (
    "sms_en",
    "sms_zh",
    "group_zh",
    "customers",
    "help",
    "covid",
    "questions_zh",
    "prose_en",
    "prose_zh",
    "forum_zh",
)
SERVICE = ("customers", "help", "covid")
Parts = dict[Part, list[Example]]


def chances(model: LinearModel, texts: list[str]) -> NDArray[np.float64]:
    """P of each text as a moderator sees it."""
    return np.array([model.worst(normalise(text))[0] for text in texts])


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def measured(model: LinearModel, found: list[Example]) -> Figures:
    """Figures of the model at the default threshold."""
    spam = np.array([example.spam for example in found])
    return figures(chances(model, [example.text for example in found]), spam, HOLD)


def microseconds(model: LinearModel, found: list[Example]) -> float:
    """Median time to normalise and judge one message of 100 characters, on one core."""
    times = []
    for text in [example.text[:100] for example in found if len(example.text) >= 100][:2000]:
        start = time.perf_counter()
        model.probability(normalise(text))
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e6


def under_disguise(model: LinearModel, test: list[Example]) -> list[str]:
    """A line for each corpus: how far the recall at 1 % false positives moves, in points, by disguise."""
    lines = []
    for corpus, kinds in (("sms_en", ENGLISH), ("sms_zh", CHINESE), ("group_zh", CHINESE)):
        found = [example for example in test if example.corpus == corpus]
        spam = np.array([example.spam for example in found])
        chance = chances(model, [example.text for example in found])
        limit = threshold_at(chance, spam, 0.01)
        clean = float((chance[spam] > limit).mean())
        cells = [f"none {clean:.3f}"]
        cells += [f"{kind.value} {100 * (recall(model, found, kind, limit) - clean):+.1f}" for kind in kinds]
        lines.append(f"* {corpus}: " + ", ".join(cells))
    return lines


def recall(model: LinearModel, found: list[Example], kind: Disguise, limit: float) -> float:
    """The share of the spam that is above a limit when it wears a disguise."""
    random = Random(7)
    worn = [disguised(example.text, kind, MEDIUM, random) for example in found if example.spam]
    return float((chances(model, worn) > limit).mean())


def write_card(spam: LinearModel, parts: Parts, abuse: LinearModel, rude: Parts, folder: Path) -> None:
    """Measure the models on the held-out parts and write `README.md` into `folder`."""
    test = parts[Part.TEST]
    table = [row(name, measured(spam, [e for e in test if e.corpus == name])) for name in NAMES]
    counts = Counter((part.value, e.corpus, e.spam) for part in Part for e in parts[part])
    sizes = [
        f"| {name} | " + " | ".join(amounts(counts, name, part.value) for part in Part) + " |"
        for name in NAMES
    ]
    text = CARD.format(
        slots=1 << spam.bits,
        abuse_slots=1 << abuse.bits,
        kilobytes=(folder / "spam.npz").stat().st_size / 1024,
        abuse_kilobytes=(folder / "offensive.npz").stat().st_size / 1024,
        microseconds=microseconds(spam, test),
        digests="\n".join(f"* `{name}`: {digest(folder / name)}" for name in ("spam.npz", "offensive.npz")),
        sizes="\n".join(sizes),
        table="\n".join(table),
        abuse_table=row("COLD", measured(abuse, rude[Part.TEST])),
        abuse_harmless=100 * measured(abuse, [e for e in test if e.corpus == "customers"]).false_positives,
        flagged=100 * flagged(spam, [each.text for each in test if each.corpus in SERVICE]),
        disguises="\n".join(under_disguise(spam, test)),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    print(text)


def flagged(model: LinearModel, texts: list[str]) -> float:
    """The share of texts that are at least put up for review."""
    return float((chances(model, texts) >= FLAG).mean())


def amounts(counts: Counter[tuple[str, str, bool]], name: str, part: str) -> str:
    """The numbers of spam and of harmless texts."""
    return f"{counts[part, name, True]} / {counts[part, name, False]}"


def row(name: str, found: Figures) -> str:
    """One row of a table of figures."""
    cells = asdict(found)
    shown = [str(cells.pop("spam")), str(cells.pop("harmless"))]
    shown += ["–" if isnan(value) else f"{value:.4f}" for value in cells.values()]
    return f"| {name} | " + " | ".join(shown) + " |"


CARD = """# Models of spam and of offensive language

`spam.npz` (English and Chinese) and `offensive.npz` (Chinese): the mean of two logistic regressions, one of them with
the weights of telling n-grams made cheap (NB-SVM, Wang and Manning 2012), over hashed character n-grams of the message
as sent (1 and 2 symbols), of its normalised skeleton (2 to 4), and of how that is heard (1 to 4: characters that sound
alike are one symbol). Digits of the latter two are one symbol; how long the longest number is counts as a trait of the
whole. Written by `python scripts/train_spam.py`; do not edit this file, run the script.

They hold {slots} and {abuse_slots} weights of 8 bits, {kilobytes:.0f} and {abuse_kilobytes:.0f} KiB compressed. Judging a
message of 100 characters by `spam.npz`, normalising included, takes {microseconds:.0f} µs (median, one core, the
machine of the last training).

## Data

Texts are public and not part of Myna. Only weights of hashed n-grams are shipped: no text, no word list, and the
n-grams are not stored.

| corpus | what | licence of the texts |
|---|---|---|
| sms_en | SMS Spam Collection v.1 | CC BY 4.0 (Almeida, Gómez Hidalgo, Yamakami 2011) |
| sms_zh | Chinese SMS, "mudou_spam" | none stated |
| group_zh | Chinese group chat, MarkIvory2973/tg-spam | unclear |
| customers | BANKING77, CLINC150, BQ questions, harmless | CC BY 4.0, CC BY 3.0, research only |
| questions_zh | LCQMC, what people ask the web; harmless | research only |
| forum_zh | COLDataset, the part not offensive, taken as harmless | Apache-2.0 |
| help | the pages of Myna's own demo help centre, harmless | Myna's own |
| covid | questions and answers of COVID-QA, harmless; never trained on | Apache-2.0 |
| prose_en | StackFAQ, XQuAD-R, documentation of code | CDLA-Sharing-1.0, CC BY-SA 4.0, MIT |
| prose_en | service guidelines of ABCD and tau-bench | MIT (2) |
| prose_zh | CMRC 2018, passages and questions; harmless | CC BY-SA 4.0 |
| COLD | COLDataset, offensive or not, for `offensive.npz` | Apache-2.0 |

Three thousand made-up harmless messages with dates, times, prices, phone numbers, orders, mail addresses and links are
added for training (`scripts/everyday.py`), and disguised copies of the texts (`attack.py`): two or three of each spam,
one of every second or third harmless text. Texts were deduplicated over all corpora by their normalised letters with
digits folded, then parted by a hash of that form: 12 % test, 15 % development, the rest training. Choices were made and
the curves from score to probability were fitted with a model of the training part on the development part; those of
spam were then moved to where its F1 is best while at most 0.2 % of its service talk (customers, help) reaches P = 0.3,
from which a message is put up for review, and at most 0.1 % of its other harmless texts P = 0.5, from which one is held; the
shipped model has seen both. Texts of more than 400 characters are judged by pieces, and the odds of the worst are divided by
their number. The test part was looked at nine times in all; with it
at hand were chosen the limits of 0.2 % and 0.1 %, that questions_zh is no service talk (it asks for essays, "urgent"), and not to
read the digits of the message as sent as one symbol, too. Near-duplicates that differ in letters can be on both sides. Of
the harmless fillers (customers, questions_zh, forum_zh) a quarter was trained on. All of covid is in the test part: pages of
a kind never trained on.

The same data, numpy and kind of processor give the same bytes: `python scripts/train_spam.py --check` trains anew and compares.
SHA-256:

{digests}

Number of texts, spam / harmless:

| corpus | train | develop | test |
|---|---|---|---|
{sizes}

## Held-out figures

The threshold is P = 0.5. FP is the share of harmless texts at or above it; R at 1 % is the recall at the lowest
threshold with at most 1 % FP, R at P 99 % the one at a precision of 99 %.

| corpus | spam | harmless | precision | recall | F1 | accuracy | FP | AUROC | R at 1 % | R at 0.1 % | R at P 99 % |
|---|---|---|---|---|---|---|---|---|---|---|---|
{table}

Of customers, help and covid together {flagged:.2f} % reach P = 0.3.

`offensive.npz` on the development part of COLDataset (its labels are half automatic, so expect less of labels made by
people); it finds {abuse_harmless:.2f} % of the customers' questions offensive:

| corpus | offensive | other | precision | recall | F1 | accuracy | FP | AUROC | R at 1 % | R at 0.1 % | R at P 99 % |
|---|---|---|---|---|---|---|---|---|---|---|---|
{abuse_table}

Recall at 1 % false positives without a disguise, and by how many points it moves when half of the characters that a
disguise can change are changed. The disguises are of the kinds the model was trained on; expect less of new ones.

{disguises}

## Limits

* What spam is differs by community: the same model is far weaker on traffic unlike the above. Hold for review, do not
  block, on its word alone, and let it learn from your moderators.
* English and Chinese only. Texts in other scripts are not scored until a community has taught them.
* Marketing by SMS and bank notices look alike in Chinese: most false positives on sms_zh are such notices. Three in a
  hundred of its labels are plainly wrong: of the 43 errors of an earlier model on its development part about half
  were ("I went to bed at ten last night" as spam, an offer of forged invoices as harmless). So an F1 near 1 on it
  would say little. A model trained on sms_zh alone reaches 0.957 on the same test part (0.960 at the best threshold), and
  0.966 in five parts of the rest, each judged by a model of the four others; six common models of words and characters
  reach 0.949 to 0.956 there.
* Of 247 everyday messages full of dates, prices and orders (`tests/support/texts`) a model that was trained without made-up
  ones held eight, this one holds none and puts three up for review; both were written by the same hand, so expect a few of
  others.
"""
