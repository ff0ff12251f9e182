"""Writes the question sets that `bench/fit_prior.py` learns from. Nothing of the files that judge Myna is among them.

    python bench/prior_sets.py FOLDER ../shared/data

BANKING77 (five wordings of each intent as a FAQ, others asked), LCQMC (one side of each pair of paraphrases as a FAQ, the other
asked), CMRC 2018's trial part, and the wordings of the demo's FAQ asked of its pages alone, in either language.
"""

import csv
import json
import random
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WORDINGS, ASKED, PAIRS, PAGES = 5, 7, 250, 48
"""Pages of CMRC's trial part: each is cut into several pieces, and embedding them takes most of the time."""


def faq(key, title, variants, lang):
    return {
        "kind": "passage",
        "id": key,
        "title": title,
        "text": "",
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


def lcqmc(data, draw):
    lines = (data / "retrieval" / "lcqmc" / "dev.txt").read_text("utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line.endswith("\t1")]
    draw.shuffle(pairs)
    seen, kept = set(), []
    for one, other, _ in pairs:
        if one != other and not {one, other} & seen:
            seen |= {one, other}
            kept.append((one, other))
    known = [faq(f"f{at}", one, [], "zh") for at, (one, _) in enumerate(kept[:PAIRS])]
    return known + [question(at, other, [f"f{at}"], "zh") for at, (_, other) in enumerate(kept[:PAIRS])]


def cmrc_trial(data, _draw):
    known, asked = [], []
    for at, row in enumerate(
        json.loads((data / "retrieval" / "cmrc2018" / "trial.json").read_text("utf-8"))["data"][:PAGES]
    ):
        part = row["paragraphs"][0]
        known.append(
            {
                "kind": "passage",
                "id": f"p{at}",
                "title": row.get("title", ""),
                "text": part["context"],
                "lang": "zh",
            }
        )
        asked += [(each["question"], f"p{at}") for each in part["qas"]]
    return known + [question(at, text, [key], "zh") for at, (text, key) in enumerate(asked)]


def help_centre(lang):
    ours = runpy.run_path(str(ROOT / "cross_language.py"))
    rows = ours["cases"](lang, lang)
    wordings = {
        text
        for line in (ours["HELP"] / "faq.jsonl").read_text("utf-8").splitlines()
        for text in (json.loads(line)["question"], *json.loads(line)["variants"])
    }
    return [row for row in rows if row["kind"] == "passage" or row["text"] in wordings]


def main():
    folder, data = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    sets = {
        "banking77.en": banking77(data, random.Random(3)),
        "lcqmc.zh": lcqmc(data, random.Random(3)),
        "cmrc_trial.zh": cmrc_trial(data, random.Random(3)),
        "help.en": help_centre("en"),
        "help.zh": help_centre("zh"),
    }
    for name, rows in sets.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


main()
