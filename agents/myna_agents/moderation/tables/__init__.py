"""Chinese characters that sound alike, look alike, or are written as their parts; confusables of Latin letters and digits."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files


@cache
def sounds() -> dict[str, str]:
    """Each character, to the one that stands for its sound."""
    return {char: group[0] for _syllables, group in _pairs("sounds") for char in group}


@cache
def syllables() -> dict[str, str]:
    """Each syllable of pinyin without its tone, to the character that stands for its sound."""
    return {name: group[0] for names, group in _pairs("sounds") for name in names.split(",") if name}


@cache
def spelling() -> dict[str, str]:
    """The character that stands for a sound, to its first syllable in pinyin."""
    return {group[0]: names.split(",")[0] for names, group in _pairs("sounds") if names}


@cache
def homophones() -> dict[str, str]:
    """Each character, to all with its sound, itself included."""
    return {char: group for _syllables, group in _pairs("sounds") for char in group}


@cache
def shapes() -> dict[str, str]:
    """Each character, to those it is mistaken for, common ones first."""
    return dict(_pairs("shapes"))


@cache
def splits() -> dict[str, tuple[str, ...]]:
    """Each character, to the pairs of parts that write it."""
    found: dict[str, tuple[str, ...]] = {}
    for char, parts in _pairs("splits"):
        found[char] = (*found.get(char, ()), parts)
    return found


@cache
def confusables() -> dict[str, str]:
    """Code points that pass for a Latin letter or a digit (UTS 39), to that letter in lower case or digit."""
    return {shape: plain for plain, shapes in _pairs("confusables") for shape in shapes}


def common(char: str) -> bool:
    """Whether a character is of GB 2312 level 1: the 3,755 that most texts are written with."""
    found = char.encode("gb2312", "ignore")
    return len(found) == 2 and 0xB0 <= found[0] <= 0xD7


def _pairs(name: str) -> Iterator[tuple[str, str]]:
    text = (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        yield key, value
