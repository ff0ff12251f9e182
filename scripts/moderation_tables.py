"""Write the tables of Chinese characters that sound alike, look alike, or can be written as their parts, and of confusables.

Run from the top of the checkout: `python scripts/moderation_tables.py [--data ../shared/data]`, with `pypinyin`
(MIT; it only names the sounds) and `confusable-homoglyphs` 3.3.1 (MIT; it carries the data file of Unicode Technical
Standard 39) installed. The same data gives the same bytes. `--only confusables` writes one of them.
"""

import argparse
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "agents" / "myna_agents" / "moderation" / "tables"


def common(char: str) -> bool:
    """Whether a character is of GB 2312 level 1: the 3,755 that most texts are written with."""
    found = char.encode("gb2312", "ignore")
    return len(found) == 2 and 0xB0 <= found[0] <= 0xD7


def sounds(folder: Path) -> list[str]:
    """One line for each sound: the syllables that are read so, and all characters with it."""
    from pypinyin import lazy_pinyin

    rows = [line.split(" ") for line in (folder / "音近字语料库.txt").read_text("utf-8").splitlines() if line]
    groups: dict[str, list[str]] = defaultdict(list)
    for char, *others in rows:
        groups[min(char + "".join(others))].append(char)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for key, chars in groups.items():
        for char in chars:
            votes[lazy_pinyin(char)[0]][key] += 2 if common(char) else 1
    syllables: dict[str, list[str]] = defaultdict(list)
    for syllable, keys in sorted(votes.items()):
        if syllable.isascii() and syllable.isalpha():
            syllables[keys.most_common(1)[0][0]].append(syllable)
    return [f"{','.join(syllables[key])} {''.join(sorted(chars))}" for key, chars in sorted(groups.items())]


def shapes(folder: Path) -> list[str]:
    """One line for each character: what it can be mistaken for, common ones first."""
    lines = []
    for line in (folder / "形近字语料库.txt").read_text("utf-8").splitlines():
        char, _, others = line.strip().partition(" ")
        if char and others:
            lines.append(
                f"{char} {''.join(sorted(set(others), key=lambda other: (not common(other), other)))}"
            )
    return lines


def ordinary(folder: Path) -> set[str]:
    """Two characters that stand beside each other more than once in texts of customers and of an encyclopaedia."""
    seen: Counter[tuple[str, str]] = Counter()
    for name in ("retrieval/lcqmc/dev.txt", "retrieval/bq/dev.csv"):
        seen.update(pairwise((folder / name).read_text("utf-8-sig")))
    for line in (folder / "eval" / "cmrc2018_dev.zh.jsonl").read_text("utf-8").splitlines():
        seen.update(pairwise(json.loads(line)["text"]))
    return {"".join(pair) for pair, count in seen.items() if count > 1}


def splits(folder: Path, words: set[str]) -> list[str]:
    """One line for each common character and each two parts that stand beside each other to write it.

    Parts that ordinary texts have beside each other are left out: they say something else.
    """
    lines = set()
    for line in (folder / "chaizi-jt.txt").read_text("utf-8").splitlines():
        char, *ways = line.split("\t")
        for way in ways if common(char) else ():
            parts = way.split(" ")
            if len(parts) == 2 and all(len(part) == 1 for part in parts) and "".join(parts) not in words:
                lines.add(f"{char} {''.join(parts)}")
    return sorted(lines)


def confusables() -> list[str]:
    """One line for each letter and digit: every code point that passes for it by UTS 39, by itself or with others.

    Left out is what compatibility normalisation folds, what belongs to no alphabet of letters, signs and numbers, and
    characters of Chinese, Japanese and Korean, which are compared by their own shapes.
    """
    import unicodedata
    from importlib.resources import files

    text = (files("confusable_homoglyphs") / "confusables.json").read_text("utf-8")
    found: dict[str, set[str]] = defaultdict(set)
    for plain, others in json.loads(text).items():
        target = plain.lower()
        if len(target) != 1 or not target.isascii() or not target.isalnum():
            continue
        for other in others:
            shape = other["c"]
            folded = unicodedata.normalize("NFKC", shape)
            eastern = len(shape) == 1 and unicodedata.east_asian_width(shape) in "WF"
            kind = unicodedata.category(shape) if len(shape) == 1 else "Nd"
            # Digits of other scripts (Nd) have values of their own.
            # Bars pass for "l" and are frames and separators far more often.
            bar = plain == "l" and kind[0] != "L"
            if kind[0] in "LSN" and kind != "Nd" and not bar and not folded.isascii() and not eastern:
                found[target].add(folded if len(folded) == 1 else shape)
    # What passes for a letter and for a digit (such as those like "l", "1" and "|") is taken for the letter.
    letters = set().union(*(shapes for plain, shapes in found.items() if plain.isalpha()))
    lines = []
    for plain, shapes in sorted(found.items()):
        kept = shapes if plain.isalpha() else shapes - letters
        if kept:
            lines.append(f"{plain} {''.join(sorted(kept))}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", choices=["sounds", "shapes", "splits", "confusables"])
    options = parser.parse_args()
    data = options.data
    folder = data / "similar_char"
    made = {
        "sounds": lambda: sounds(folder),
        "shapes": lambda: shapes(folder),
        "splits": lambda: splits(folder, ordinary(data)),
        "confusables": confusables,
    }
    for name, make in made.items():
        if options.only not in {None, name}:
            continue
        lines = make()
        (TABLES / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines)} lines")


if __name__ == "__main__":
    main()
