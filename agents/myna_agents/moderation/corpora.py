"""The public texts that the shipped model is trained and measured on, from a folder that is no part of
Myna."""

import csv
import json
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from myna_agents.moderation.normalise import normalise
from myna_agents.moderation.training import Example

_FOLD_DIGITS: Final = str.maketrans("123456789", "000000000")
_TEST_PERCENT: Final = 12
_DEVELOPMENT_PERCENT: Final = 15
_PIECE_CHARS: Final = 400
_MOST_PIECES: Final = 2
_TEST_ONLY: Final = frozenset({"covid"})
"""Pages that are kept apart as a whole, to see how pages of a kind that was not trained on are taken."""


class Part(StrEnum):
    """What an example may be used for."""

    TRAIN = "train"
    DEVELOP = "develop"
    """Choices are made and curves are fitted on it; then it is trained on, too."""
    TEST = "test"


def fingerprint(text: str) -> str:
    """Equal for texts that differ in disguise, spacing, punctuation or the digits of numbers only."""
    return normalise(text).skeleton.translate(_FOLD_DIGITS)


def examples(folder: Path) -> dict[Part, list[Example]]:
    """All texts under `folder`, in a fixed order, parted by a hash of their fingerprint.

    A fingerprint occurs once over all corpora and parts; one that is spam here and harmless there is left
    out, and so are texts without a letter or digit.
    """
    parts: dict[Part, list[Example]] = {part: [] for part in Part}
    for print_, example in _distinct(_everything(folder)):
        parts[Part.TEST if example.corpus in _TEST_ONLY else part_of(print_)].append(example)
    return parts


def offensive(folder: Path) -> dict[Part, list[Example]]:
    """The offensive and the other texts of COLDataset; its own development part is the test part here."""
    rows = {
        name: [
            Example(row["text"], bool(row["offensive"]), f"cold_{name}")
            for row in _json_lines(folder / "spam" / f"offensive_zh_{name}.jsonl")
        ]
        for name in ("dev", "train")
    }
    parts: dict[Part, list[Example]] = {part: [] for part in Part}
    for print_, example in _distinct([*rows["dev"], *rows["train"]]):
        part = part_of(print_)
        if example.corpus == "cold_dev":
            part = Part.TEST
        parts[Part.TRAIN if example.corpus == "cold_train" and part is Part.TEST else part].append(example)
    return parts


def _distinct(found: Iterable[Example]) -> Iterator[tuple[str, Example]]:
    first: dict[str, Example] = {}
    contradicted: set[str] = set()
    for example in found:
        print_ = fingerprint(example.text)
        if first.setdefault(print_, example).spam != example.spam:
            contradicted.add(print_)
    return ((key, example) for key, example in first.items() if key and key not in contradicted)


def part_of(print_: str) -> Part:
    """The part that a text of this fingerprint belongs to."""
    percent = zlib.crc32(print_.encode("utf-8", "surrogatepass")) % 100
    if percent < _TEST_PERCENT:
        return Part.TEST
    return Part.DEVELOP if percent < _TEST_PERCENT + _DEVELOPMENT_PERCENT else Part.TRAIN


def _everything(folder: Path) -> Iterator[Example]:
    for name in ("sms_en", "sms_zh", "group_zh"):
        for row in _json_lines(folder / "spam" / f"{name}.jsonl"):
            yield Example(row["text"], bool(row["spam"]), name)
    for text in _customer_questions(folder):
        yield Example(text, spam=False, corpus="customers")
    for text in _web_questions(folder):
        yield Example(text, spam=False, corpus="questions_zh")
    for name in ("train", "dev"):
        for row in _json_lines(folder / "spam" / f"offensive_zh_{name}.jsonl"):
            if not row["offensive"]:
                yield Example(row["text"], spam=False, corpus="forum_zh")
    for corpus, texts in (
        ("covid", _passages(folder, "covid_faq.en")),
        ("prose_en", _english_prose(folder)),
        ("prose_zh", _passages(folder, "cmrc2018_dev.zh")),
        ("help", _help_pages()),
    ):
        yield from (Example(piece, spam=False, corpus=corpus) for text in texts for piece in _pieces(text))


def _customer_questions(folder: Path) -> Iterator[str]:
    with (folder / "intents" / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        yield from (row["text"] for row in csv.DictReader(file))
    groups = json.loads((folder / "intents" / "clinc150" / "train_val.json").read_text(encoding="utf-8"))
    for name in sorted(groups):
        yield from (text for text, _intent in groups[name])
    with (folder / "retrieval" / "bq" / "dev.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield from (row["sentence1"], row["sentence2"])


def _web_questions(folder: Path) -> Iterator[str]:
    """What people ask the web; some of it is asked of nobody's customer service ("an essay of 5,000 words, urgent")."""
    for line in (folder / "retrieval" / "lcqmc" / "dev.txt").read_text(encoding="utf-8").splitlines():
        yield from line.split("\t")[:2]


def _english_prose(folder: Path) -> Iterator[str]:
    for name in ("stackfaq.en", "xquad_r.en", "anthropic_contextual.en"):
        yield from _passages(folder, name)
    guidelines = json.loads((folder / "service" / "abcd" / "guidelines.json").read_text(encoding="utf-8"))
    yield from _sentences(guidelines)
    for name in ("airline_wiki", "retail_wiki"):
        yield from _paragraphs((folder / "service" / "tau" / f"{name}.md").read_text(encoding="utf-8"))


def _passages(folder: Path, name: str) -> Iterator[str]:
    for row in _json_lines(folder / "eval" / f"{name}.jsonl"):
        yield row.get("text") or row.get("title") or ""


def _sentences(found: object) -> Iterator[str]:
    """All texts in a tree of objects and lists."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for each in cast("dict[str, object]", found).values():
            yield from _sentences(each)
    elif isinstance(found, list):
        for each in cast("list[object]", found):
            yield from _sentences(each)


def _help_pages() -> Iterator[str]:
    """The pages of the demo's help centre, whole and by paragraph."""
    pages = files("myna_agents") / "demo" / "help_centre"
    for lang in ("en", "zh"):
        for page in sorted((pages / lang).iterdir(), key=lambda each: each.name):
            text = page.read_text(encoding="utf-8")
            yield text
            yield from _paragraphs(text)


def _paragraphs(text: str) -> list[str]:
    return [each.strip() for each in text.split("\n\n")]


def _pieces(text: str) -> Iterator[str]:
    """A text as it would be judged, piece by piece, but for what comes far behind."""
    for start in range(0, min(len(text), _MOST_PIECES * _PIECE_CHARS), _PIECE_CHARS):
        yield text[start : start + _PIECE_CHARS]


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
