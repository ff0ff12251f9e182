"""Writes the question sets that `bench/fit_prior.py` learns from. Nothing of the files that judge Myna is among them.

    python bench/prior_sets.py FOLDER ../shared/data

BANKING77 (CC BY 4.0; five wordings of each intent as a FAQ, others asked) and the demo help centre's own FAQ in either language:
its wordings asked of the pages alone, and of entries with one wording each.
"""

import csv
import json
import random
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DEMO = ROOT.parent / "agents" / "myna_agents" / "demo" / "help_centre"
WORDINGS, ASKED = 5, 7


def faq(key, title, variants, lang, answer=""):
    return {
        "kind": "passage",
        "id": key,
        "title": title,
        "text": answer,
        "faq": True,
        "variants": variants,
        "lang": lang,
    }


def question(number, text, relevant, lang):
    return {"kind": "question", "id": f"q{number}", "text": text, "relevant": relevant, "lang": lang}


def banking77(data, draw):
    intents = {}
    with (data / "intents" / "banking77" / "train.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            intents.setdefault(row["category"], []).append(row["text"].strip())
    for texts in intents.values():
        draw.shuffle(texts)
    known = [faq(key, texts[0], texts[1:WORDINGS], "en") for key, texts in sorted(intents.items())]
    asked = [
        (text, key) for key, texts in sorted(intents.items()) for text in texts[WORDINGS : WORDINGS + ASKED]
    ]
    return known + [question(at, text, [key], "en") for at, (text, key) in enumerate(asked)]


def help_centre(lang):
    ours = runpy.run_path(str(ROOT / "cross_language.py"))
    rows = ours["cases"](lang, lang)
    wordings = {
        text
        for line in (DEMO / "faq.jsonl").read_text("utf-8").splitlines()
        for text in (json.loads(line)["question"], *json.loads(line)["variants"])
    }
    return [row for row in rows if row["kind"] == "passage" or row["text"] in wordings]


def one_wording(lang):
    entries = [json.loads(line) for line in (DEMO / "faq.jsonl").read_text("utf-8").splitlines()]
    entries = [each for each in entries if each["lang"] == lang]
    known = [faq(f"f{at}", each["question"], [], lang, each["answer"]) for at, each in enumerate(entries)]
    asked = [(text, f"f{at}") for at, each in enumerate(entries) for text in each["variants"]]
    return known + [question(at, text, [key], lang) for at, (text, key) in enumerate(asked)]


def main():
    folder, data = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    sets = {
        "banking77.en": banking77(data, random.Random(3)),
        "help.en": help_centre("en"),
        "help.zh": help_centre("zh"),
        "faq.en": one_wording("en"),
        "faq.zh": one_wording("zh"),
    }
    for name, rows in sets.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


main()
