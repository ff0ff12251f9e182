"""Writes the case "asked in one language, answered in the other" from the parallel pages of the demo help centre.

    python bench/cross_language.py
    myna eval retrieval agents/myna_agents/evaluation/data/zh_asks_en.jsonl agents/myna_agents/evaluation/data/en_asks_zh.jsonl

A passage is a section of a page in the one language; all FAQ are left out. A question is one of the test set or of the wordings
of the FAQ in the other language, and every section of the pages that answer it is relevant.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import myna_agents

ROOT = Path(myna_agents.__file__).parent
HELP = ROOT / "demo" / "help_centre"
TO = ROOT / "evaluation" / "data"
WAYS = (("zh", "en"), ("en", "zh"))

Row = dict[str, Any]


def cases(asked: str, told: str) -> list[Row]:
    """The lines of the file in which questions in `asked` are answered by pages in `told`."""
    passages = [row for page in sorted((HELP / told).glob("*.md")) for row in _sections(page, told)]
    questions: list[Row] = []
    for text, slugs in _questions(asked):
        relevant = [row["id"] for row in passages if row["id"].split("#")[0] in slugs]
        if relevant:
            row = {"kind": "question", "id": f"q{len(questions)}", "text": text, "relevant": relevant}
            questions.append({**row, "lang": asked})
    return [*passages, *questions]


def _sections(page: Path, lang: str) -> Iterator[Row]:
    _, front, body = page.read_text("utf-8").split("---\n", 2)
    title = next(line.removeprefix("title: ") for line in front.splitlines() if line.startswith("title: "))
    for number, part in enumerate(re.split(r"(?m)^## ", body.strip())):
        heading, _, text = part.partition("\n") if number else ("", "", part)
        shown = f"{title}: {heading}" if heading else title
        yield {
            "kind": "passage",
            "id": f"{page.stem}#{number}",
            "title": shown,
            "text": text.strip(),
            "lang": lang,
        }


def _questions(lang: str) -> Iterator[tuple[str, list[str]]]:
    for line in (HELP / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["lang"] == lang and row["answerable"] and not row.get("mixed"):
            yield row["text"], row["slugs"]
    for line in (HELP / "faq.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["lang"] == lang:
            for text in (row["question"], *row["variants"]):
                yield text, [row["page"]]


def written(asked: str, told: str) -> str:
    """The whole file."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in cases(asked, told))


if __name__ == "__main__":
    for asked, told in WAYS:
        (TO / f"{asked}_asks_{told}.jsonl").write_text(written(asked, told), "utf-8")
