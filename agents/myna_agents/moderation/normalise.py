"""One canonical form of a text in front of every judgement, so that a disguise gains nothing."""

import re
import unicodedata
from operator import ne
from typing import Final

from zhconv_rs import zhconv

from myna.value import value
from myna_agents.moderation.confusables import (
    BEFORE_NFKC,
    CHINESE_DIGITS,
    INVISIBLE,
    LATIN_SHAPES,
    OTHER_ALPHABETS,
    RARE_ALPHABETS,
)

_PIECE_CHARS: Final = 256
_LOOKALIKE_SHARE: Final = 0.8
_READABLE_SHARE: Final = 0.6
_SPELT_DIGITS: Final = 3
_LEET: Final = str.maketrans("013457@$!", "oleastasi")

_HAN: Final = "\u3400-\u9fff"
_HAS_HAN: Final = re.compile(f"[{_HAN}]")
_READABLE: Final = re.compile(f"[a-z0-9{_HAN}]+")
_OTHER_LETTERS: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_RARE_LETTERS: Final = re.compile(
    "[\u0530-\u1c7f\u1f00-\u1fff\u2c80-\u2ddf\ua4d0-\ua6ff\ua800-\uab2f\uab70-\uabff\U00010280-\U00016fff]"
)
_SIGN_BETWEEN: Final = r"[\s*_~|^·•.。、/\\+\-=]"
# The sign is looked for before what stands before it: signs are rare, so the pattern is tried at few places.
_BETWEEN_HAN: Final = re.compile(
    rf"{_SIGN_BETWEEN}(?<=[{_HAN}].){_SIGN_BETWEEN}{{0,2}}(?=[{_HAN}])", re.DOTALL
)
_SPELT_OUT: Final = re.compile(r"(?<![a-z0-9])(?:[a-z0-9][ ._\-*·|/~^]{1,3}){3,}[a-z0-9](?![a-z0-9])")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_NO_LETTERS: Final = {point: None for point in range(128) if not chr(point).isalnum()}
_IN_WORD: Final = re.compile(r"(?<=[a-z])[*~|^·•`]{1,2}(?=[a-z])")
# What the expensive patterns need to be worth a look; most messages have nothing of it.
_SINGLE: Final = "[ ._\\-*·|/~^][a-z0-9]"
_SINGLES: Final = re.compile(_SINGLE + _SINGLE.replace("]", "]{1,3}", 1) + "[ ._\\-*·|/~^]")
_WORD_JOINS: Final = re.compile("[*~|^·•`]")
_LEET_BY_LETTERS: Final = re.compile("[013457@$!](?:(?<=[a-z].)|(?=[a-z]{2}))")
_NUMBER_WORDS: Final = "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两"
_NUMBER: Final = re.compile(rf"[0-9{_NUMBER_WORDS}](?:[ ._*|~\-·]?[0-9{_NUMBER_WORDS}]){{5,}}")
_DIGIT_WORD: Final = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_SPELT_NUMBER: Final = re.compile(
    rf"\b(?:{_DIGIT_WORD}|[0-9])(?:[ ,.\-]{{1,3}}(?:{_DIGIT_WORD}|[0-9]{{1,4}})\b){{2,}}"
)
_DIGIT_OF: Final[dict[str, str]] = dict(zip(_DIGIT_WORD.split("|"), "00123456789", strict=True))
_WORDS_OF_DIGITS: Final = re.compile(_DIGIT_WORD)
_HAS_DIGIT_WORD: Final = re.compile(rf"\b(?:{_DIGIT_WORD})[ ,.\-]")
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_LEET_IN_WORD: Final = re.compile(
    r"(?<=[a-z])[013457@$!]{1,2}(?=[a-z])|(?<![a-z0-9])[013457$](?=[a-z]{2})|(?<=[a-z]{2})[013457$]{1,2}(?![a-z0-9])"
)
_EACH_ALONE: Final = re.compile(
    f"[\x00-\x7f\u00b7\u2014\u2018-\u201d\u2026\u3000-\u3029\u3030-\u303f{_HAN}\uff01-\uff5e]*"
)
"""Latin, Chinese, their punctuation and full-width forms: nothing that combines with what stands before it."""
_WECHAT_BEGINS: Final = re.compile("[微薇葳徽溦崴威]")
_WECHAT: Final = re.compile("[微薇葳徽溦崴威][信芯]|(?<=[加家嘉佳])[微薇葳徽溦崴](?:[信芯]|亻言)?")


@value
class Normalised:
    """The forms of one text that layers look at."""

    raw: str
    """As sent, lower-cased."""
    text: str
    """As a reader takes it: nothing invisible, plain letters and digits, simplified characters, single
    spaces."""
    skeleton: str
    """Letters and digits of `text` only, leet undone: what stays the same under most disguises."""
    altered: int
    """About how many characters had to be removed or replaced to get `text`; letter case does not count."""

    @property
    def readable(self) -> bool:
        """Whether enough of it is Latin letters, Han characters or digits for a model of English and
        Chinese."""
        skeleton = self.skeleton
        if skeleton.isascii():
            return bool(skeleton)
        return len(skeleton) - len(_READABLE.sub("", skeleton)) >= _READABLE_SHARE * len(skeleton)


def normalise(text: str) -> Normalised:
    """The canonical forms of `text`.

    Deterministic, and linear in the length of the text: every pattern has one way to match, and canonical
    ordering, which is quadratic in the length of a run of combining marks, is done in pieces of 256
    characters.
    """
    raw = text.lower()
    plain = raw if raw.isascii() else _plain(raw)
    altered = (
        0 if plain == raw else sum(map(ne, raw, plain)) if len(raw) == len(plain) else _drift(raw, plain)
    )
    plain = " ".join(plain.split())
    joined = _SPELT_OUT.sub(_letters_only, plain) if _SINGLES.search(plain) else plain
    if _WORD_JOINS.search(joined):
        joined = _IN_WORD.sub("", joined)
    if not joined.isascii():
        joined = _BETWEEN_HAN.sub("", joined)
    if _has_digit_words(joined) and _HAS_DIGIT_WORD.search(joined):
        joined = _SPELT_NUMBER.sub(_spelt_digits, joined)
    joined = _NUMBER.sub(_digits_only, joined)
    altered += len(plain) - len(joined)
    return Normalised(raw=raw, text=joined, skeleton=_skeleton(joined), altered=altered)


def _plain(raw: str) -> str:
    if _EACH_ALONE.fullmatch(raw):
        plain = raw.translate(_ALONE)
        return zhconv(plain, "zh-hans", False) if _HAS_HAN.search(plain) else plain
    pieces = [raw[start : start + _PIECE_CHARS] for start in range(0, len(raw), _PIECE_CHARS)]
    plain = "".join(_plain_piece(piece) for piece in pieces).lower()
    # A text really written in another alphabet has many letters that pass for no Latin one: leave it.
    for letters, alphabet in ((_OTHER_LETTERS, OTHER_ALPHABETS), (_RARE_LETTERS, RARE_ALPHABETS)):
        others = letters.findall(plain)
        if others and sum(ord(letter) in alphabet for letter in others) >= _LOOKALIKE_SHARE * len(others):
            plain = plain.translate(alphabet)
    return zhconv(plain, "zh-hans", False) if _HAS_HAN.search(plain) else plain


def _plain_piece(piece: str) -> str:
    apart = unicodedata.normalize("NFKD", piece.translate(BEFORE_NFKC)).translate(INVISIBLE)
    return unicodedata.normalize("NFC", apart).translate(LATIN_SHAPES)


class _Alone(dict[int, str]):
    """What becomes of code points that no neighbour changes, each worked out when it comes first."""

    def __missing__(self, point: int) -> str:
        made = self[point] = _plain_piece(chr(point)).lower()
        return made


_ALONE: Final = _Alone()


def _drift(raw: str, plain: str) -> int:
    """About how many characters differ between texts of unequal length."""
    return abs(len(raw) - len(plain)) + len(set(plain) - set(raw))


def _letters_only(match: re.Match[str]) -> str:
    return _NOT_WORD.sub("", match.group())


def _digits_only(match: re.Match[str]) -> str:
    return _NOT_DIGIT.sub("", match.group().translate(CHINESE_DIGITS))


def _spelt_digits(match: re.Match[str]) -> str:
    words = match.group()
    if len(_WORDS_OF_DIGITS.findall(words)) < _SPELT_DIGITS:
        return words
    return _NOT_DIGIT.sub("", _WORDS_OF_DIGITS.sub(lambda word: _DIGIT_OF[word.group()], words))


def _has_digit_words(text: str) -> bool:
    # Plain look-ups take a third of the time of the pattern, which has to look at the beginning of each word.
    return (
        "one" in text
        or "two" in text
        or "three" in text
        or "four" in text
        or "five" in text
        or "six" in text
        or "seven" in text
        or "eight" in text
        or "nine" in text
        or "zero" in text
        or "oh" in text
    )


def _skeleton(text: str) -> str:
    plain = _LEET_IN_WORD.sub(_unleet, text) if _LEET_BY_LETTERS.search(text) else text
    if plain.isascii():
        return plain.translate(_NO_LETTERS)
    letters = _NOT_WORD.sub("", plain)
    return _WECHAT.sub("微信", letters) if _WECHAT_BEGINS.search(letters) else letters


def _unleet(match: re.Match[str]) -> str:
    return match.group().translate(_LEET)
