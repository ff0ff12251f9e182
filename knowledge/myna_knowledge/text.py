"""Words, sentences and languages: what a text looks like to the lexical index and to the chunker."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase
from typing import Protocol

import snowballstemmer
import zhconv_rs

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_RUN = re.compile(f"[{HAN}]+")
_WORD = re.compile(f"[{HAN}]+|[^\\W{HAN}_]+(?:['’][^\\W\\d{HAN}_]+)?", re.UNICODE)
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[-_./:@+#][a-z0-9]+)+", re.ASCII)
_SENTENCE_END = re.compile(r"(?<=[。！？；!?])(?=\S)|(?<=[.!?])[ \t]+(?=[^\sa-z])|\n+")
_LATIN = re.compile(r"[^\W\d_]", re.UNICODE)

HAN_SHARE = 0.15
"""From this share of Chinese characters among all letters a text counts as Chinese: one Chinese character says about
as much as four Latin letters, and Chinese questions quote Latin product names more often than the other way round."""

LEAST_SPELT = 5
"""Shorter words are too near to each other to tell what was meant."""

STOP_WORDS = frozenset(
    re.split(
        r"\s+",
        "a about after all also am an and any are as at be because been before being both but by can could did do "
        "does doing done each for from get got had has have having he hello help her here hi him his how i if in "
        "into is it its just know let like may me might my need no nor not now of off on once only or other our "
        "out over own please possible same shall she should so some such tell than thank thanks that the their "
        "them then there these they this those through to too under until up us very via want was we were what "
        "when where which while who whom whose why will with would you your yes again don't i'm i'd i've can't "
        "won't isn't doesn't it's what's there's",
    )
)
"""Words that carry no topic: left out of coverage, kept in BM25 where their idf already weighs them down."""

STOP_PHRASES = re.compile(
    "请问|您好|你好|谢谢|麻烦|怎么样|怎么办|怎么|怎样|如何|什么时候|为什么|什么|多少|多久|哪些|哪里|哪个|几个|是不是|能不能|"
    "可不可以|有没有|可以|可否|能否|是否|需要|应该|想要|我们|你们|他们|我想|一下|这个|那个|一个|如果|的话|[的了吗呢啊吧呀嘛么是我你您他她它在有和与或及把被就都也还要会能给让对为从到个]"
)
"""The Chinese counterpart, cut out before coverage is taken."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


@lru_cache(maxsize=1)
def _stemmer() -> _Stemmer:
    made: _Stemmer = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # untyped library
    return made


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return _stemmer().stemWord(word)


def normalise(text: str) -> str:
    """The text in one form: NFKC, lower case, simplified Chinese. Spans in it do not match the original."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    if _HAN_RUN.search(text):
        text = zhconv_rs.zhconv(text, "zh-hans")
    return text


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, repeats kept.

    Chinese gives characters and pairs of neighbours (measured as good as a segmenter or better), Latin words their
    English stem, and identifiers such as `AB-1234` or `a@b.example` themselves besides their parts.
    """
    return _terms_of(normalise(text))


def topic_terms(text: str) -> list[str]:
    """The terms that say what a question is about: `terms` without function words, without single characters where
    a pair exists, each once."""
    plain = normalise(text)
    kept = [
        term
        for term in _terms_of(STOP_PHRASES.sub(" ", plain), singles=False)
        if term not in STOP_WORDS and term not in _STOP_STEMS
    ]
    return list(dict.fromkeys(kept))


def spellable(text: str) -> dict[str, str]:
    """The Latin words of a text that are long enough to tell what a slip of the keys was meant for, by their terms."""
    words = (match.group() for match in _WORD.finditer(normalise(text)))
    return {
        _stem(word): word for word in words if len(word) >= LEAST_SPELT and word.isascii() and word.isalpha()
    }


def slips(word: str) -> Iterator[str]:
    """The terms of the words that a misspelt one may stand for, without those it cannot.

    Two neighbours changed places, a letter too many, or one too few (Damerau 1964; with one wrong letter, which more often makes
    another word, as `stove` of `store`, these are four fifths of all slips). The first letter stands, and none is added to
    the end or taken from it: that is grammar.
    """
    for at in range(1, len(word) - 1):
        yield _stem(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    stem = _stem(word)
    for at in range(1, len(stem)):
        if at + 1 < len(stem):
            yield stem[:at] + stem[at + 1 :]
        yield from (stem[:at] + letter + stem[at:] for letter in ascii_lowercase)


def _terms_of(plain: str, *, singles: bool = True) -> list[str]:
    found: list[str] = []
    for match in _WORD.finditer(plain):
        word = match.group()
        if _HAN_RUN.match(word):
            if singles or len(word) == 1:
                found.extend(word)
            found.extend(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(_stem(word.removesuffix("'s")))
    found.extend(_IDENTIFIER.findall(plain))
    return found


_STOP_STEMS = frozenset(_stem(word.removesuffix("'s")) for word in STOP_WORDS)


def language(text: str) -> str:
    """`zh` or `en`, by script. Right on single words too, where statistical detectors err (they err on 1 to 4 words)."""
    han = sum(len(run) for run in _HAN_RUN.findall(text))
    if not han:
        return "en"
    letters = len(_LATIN.findall(text))
    return "zh" if han >= HAN_SHARE * letters else "en"


def token_cost(text: str) -> int:
    """About how many tokens an embedding model sees: 1.3 per Latin word, 0.75 per Chinese character (measured on
    XLM-R's vocabulary), at least one per eight other characters."""
    han = sum(len(run) for run in _HAN_RUN.findall(text))
    words = len(re.findall(r"[^\s]+", _HAN_RUN.sub(" ", text)))
    return int(0.75 * han + max(1.3 * words, (len(text) - han) / 8)) + 1


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences, in order; together with the white space between them they are the whole text."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[start:end]
        left, right = len(piece) - len(piece.lstrip()), len(piece.rstrip())
        if right > left:
            spans.append((start + left, start + right))
        start = match.end() if match else len(text)
    return spans
