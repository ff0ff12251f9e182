"""How a text is heard: the same for characters that sound alike, for pinyin, for split and mistaken characters."""

import re
from functools import cache, lru_cache
from typing import Final

from myna_agents.moderation import tables

_HAN: Final = re.compile("[\u3400-\u9fff]")
_LETTERS: Final = re.compile("[a-z]{2,64}")
_LONGEST_SYLLABLE: Final = 6
_SENTENCE_SYLLABLES: Final = 4
_READ_LETTERS: Final = 96


def heard(skeleton: str) -> str:
    """A skeleton with every Chinese character, and every syllable of pinyin, as the character that stands for its sound.

    Parts that write a character are joined, and a rare character is taken for the common one that it looks like.
    A text without Chinese gives "" unless it is pinyin throughout. Linear in the length of the text.
    """
    if _HAN.search(skeleton) is None:
        return _spelt_out(skeleton)
    return _LETTERS.sub(_sounded, _joined(skeleton)).translate(_ears())


def pinyin(sounds: str) -> str:
    """What was heard, in syllables that a person can read."""
    known = tables.spelling()
    return " ".join(known.get(char, char) for char in sounds).strip()


def _spelt_out(skeleton: str) -> str:
    if not skeleton.isascii() or len(skeleton) < 2 * _SENTENCE_SYLLABLES:
        return ""
    letters = skeleton.translate(_NO_DIGITS)
    if len(letters) > _READ_LETTERS:
        letters = letters[:_READ_LETTERS]
    return _sounds_of(letters) if letters.isalpha() else ""


_NO_DIGITS: Final = {ord(digit): None for digit in "0123456789"}


def _sounded(match: re.Match[str]) -> str:
    return _sounds_of(match.group()) or match.group()


@lru_cache(maxsize=4096)
def _sounds_of(letters: str) -> str:
    """The sounds of letters that are pinyin from end to end, longest syllables first; "" for other letters."""
    known, end = tables.syllables(), len(letters)
    # From the back: the sounds of letters[start:], or None where no way leads to the end.
    best: list[str | None] = [None] * end + [""]
    stuck = 0
    for start in range(end - 1, -1, -1):
        if (
            stuck == _LONGEST_SYLLABLE
        ):  # no syllable reaches over this: most English ends here after a few letters
            return ""
        stuck += 1
        for size in range(min(_LONGEST_SYLLABLE, end - start), 0, -1):
            rest = best[start + size]
            if rest is None:
                continue
            sound = known.get(letters[start : start + size])
            if sound is not None and (size > 1 or letters[start] in "ae"):
                best[start] = sound + rest
                stuck = 0
                break
    return best[0] or ""


@cache
def _ears() -> dict[int, str]:
    """Code points of characters, rare ones as the common ones they look like, to the sounds' characters."""
    sounds = tables.sounds()
    table: dict[int, str] = {}
    for char, sound in sounds.items():
        table[ord(char)] = sound
    for char, others in tables.shapes().items():
        if not tables.common(char) and tables.common(others[0]):
            table[ord(char)] = sounds.get(others[0], others[0])
    return table


@cache
def _whole() -> dict[str, str]:
    return {parts: char for char, ways in reversed(list(tables.splits().items())) for parts in ways}


@cache
def _first_part() -> re.Pattern[str]:
    firsts, seconds = ("".join(sorted({parts[place] for parts in _whole()})) for place in (0, 1))
    return re.compile(f"[{firsts}](?=[{seconds}])")


def _joined(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _first_part().finditer(text):
        start = match.start()
        char = _whole().get(text[start : start + 2]) if start >= end else None
        if char is not None:
            pieces += (text[end:start], char)
            end = start + 2
    return "".join((*pieces, text[end:])) if end else text
