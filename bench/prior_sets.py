"""Writes the question sets that `bench/fit_prior.py` learns from. Nothing of the files that judge Myna is among them.

    python bench/prior_sets.py FOLDER ../shared/data

BANKING77 (CC BY 4.0; five wordings of each intent as a FAQ, others asked), CLINC150's training part (CC BY 3.0; in the same way,
with its questions out of scope), CMRC 2018's trial part (CC BY-SA 4.0; questions of passages), and the demo help centre's own FAQ
in either language: its wordings asked of the pages alone, and of entries with one wording each.
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


def clinc150(data, draw):
    """Every third intent, and what people asked of the same assistant that it cannot do."""
    rows = json.loads((data / "intents" / "clinc150" / "train_val.json").read_text("utf-8"))
    intents = {}
    for text, intent in rows["train"]:
        intents.setdefault(intent, []).append(text)
    chosen = sorted(intents)[::3]
    for key in chosen:
        draw.shuffle(intents[key])
    known = [faq(key, intents[key][0], intents[key][1:WORDINGS], "en") for key in chosen]
    asked = [(text, [key]) for key in chosen for text in intents[key][WORDINGS : WORDINGS + ASKED]]
    asked += [(text, []) for text, _ in rows["oos_train"]]
    return known + [question(at, text, keys, "en") for at, (text, keys) in enumerate(asked)]


def cmrc_trial(data):
    """Every third passage of the trial part: none of them is in the part that judges."""
    rows = json.loads((data / "retrieval" / "cmrc2018" / "trial.json").read_text("utf-8"))
    known, asked = [], []
    for row in rows["data"][::3]:
        for part in row["paragraphs"]:
            key = part["id"]
            known.append({"kind": "passage", "id": key, "title": "", "text": part["context"], "lang": "zh"})
            asked += [(each["question"], key) for each in part["qas"]]
    return known + [question(at, text, [key], "zh") for at, (text, key) in enumerate(asked)]


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
        "clinc150.en": clinc150(data, random.Random(3)),
        "cmrc_trial.zh": cmrc_trial(data),
        "help.en": help_centre("en"),
        "help.zh": help_centre("zh"),
        "faq.en": one_wording("en"),
        "faq.zh": one_wording("zh"),
    }
    for name, rows in sets.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


main()
