"""Words of a text for search: what goes into the index, what a query asks of it, and where it was found.

Chinese, Japanese and Korean are written without spaces, so each character and each pair of neighbours is a term; a longer
run is found by its pairs and then checked. Other words are terms as they are and by their English stem (Porter 2).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import snowballstemmer

MAX_WORD_CHARS = 64
MAX_TERMS = 20
"""Words of a query that are looked at."""
SNIPPET_CHARS = 160
STEM = "0s"
"""Before a stem, so that stems and words are different terms."""
_CJK = re.compile(
    "[\u3040-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ASCII = re.compile(r"[0-9A-Za-z]+")
_QUERY = re.compile(r'"([^"]*)"|(\S+)')
# The package has no types of its own, so its one function is named here.
_stem = lru_cache(50_000)(cast(Callable[[str], str], snowballstemmer.stemmer("english").stemWord))  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for: all of `terms`; for each of `choices` one of its terms, or a word that begins with its prefix.

    `exact` are runs that the folded text must contain: quoted phrases, and what is longer than a pair.
    """

    terms: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    """(stem, prefix) of words."""
    exact: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.terms and not self.choices


def fold(text: str) -> str:
    """Text in which upper and lower case, and full and half width, are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms_of(text: str) -> list[str]:
    """The index terms of a text, each once. Numbers and codes have no stem: finding one would cost most of the work."""
    found: dict[str, None] = {}
    for word, cjk in _words(fold(text)):
        if cjk:
            found.update(dict.fromkeys(word))
            found.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
        else:
            found[word] = None
            if word.isalpha():
                found[STEM + _stem(word)] = None
    return list(found)


def wanted_of(query: str) -> Wanted:
    """What a query asks for. Words match by stem or as a beginning, quoted phrases exactly."""
    terms: dict[str, None] = {}
    choices: dict[tuple[str, str], None] = {}
    exact: list[str] = []
    for quoted, plain in _QUERY.findall(query):
        text = fold(quoted or plain)
        if quoted.strip():
            exact.append(" ".join(text.split()))
        for word, cjk in _words(text):
            if not cjk:
                choices[(STEM + _stem(word), word)] = None
            elif len(word) == 1:
                terms[word] = None
            else:
                terms.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
                if len(word) > 2:
                    exact.append(word)
    return Wanted(tuple(terms)[: MAX_TERMS * 2], tuple(choices)[:MAX_TERMS], tuple(exact))


def holds(text: str, wanted: Wanted) -> bool:
    """Whether a text contains every run that must be in it exactly."""
    if not wanted.exact:
        return True
    folded = " ".join(fold(text).split())
    return all(each in folded for each in wanted.exact)


def snippet(text: str, wanted: Wanted) -> list[dict[str, object]]:
    """The part of a text around the first hit, as pieces of `text` that are a `hit` or not."""
    hits = list(_hits(text, wanted))
    start = max(0, (hits[0][0] if hits else 0) - SNIPPET_CHARS // 3)
    end = min(len(text), start + SNIPPET_CHARS)
    start = max(0, end - SNIPPET_CHARS)
    pieces: list[dict[str, object]] = []
    at = start
    for begin, stop in hits:
        if begin < at or begin >= end:
            continue
        if begin > at:
            pieces.append({"text": text[at:begin], "hit": False})
        pieces.append({"text": text[begin : min(stop, end)], "hit": True})
        at = min(stop, end)
    if at < end:
        pieces.append({"text": text[at:end], "hit": False})
    if start > 0 and pieces:
        pieces[0]["text"] = f"…{pieces[0]['text']}"
    if end < len(text) and pieces:
        pieces[-1]["text"] = f"{pieces[-1]['text']}…"
    return pieces


def _hits(text: str, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """Places of what was asked for in the text as it was written, in order and not overlapping."""
    pairs = set(wanted.terms)
    at = 0
    while at < len(text):
        if not _is_word(text[at]):
            at += 1
            continue
        end = at
        while (
            end < len(text)
            and _is_word(text[end])
            and bool(_CJK.match(text[end])) == bool(_CJK.match(text[at]))
        ):
            end += 1
        if _CJK.match(text[at]):
            yield from _runs(text, at, end, pairs)
        else:
            word = fold(text[at:end])
            stem = STEM + _stem(word)
            if any(word.startswith(prefix) or stem == wish for wish, prefix in wanted.choices):
                yield at, end
        at = end


def _runs(text: str, start: int, end: int, pairs: set[str]) -> Iterator[tuple[int, int]]:
    marked = [False] * (end - start)
    for at in range(start, end):
        if fold(text[at]) in pairs:
            marked[at - start] = True
        if fold(text[at : at + 2]) in pairs and at + 1 < end:
            marked[at - start] = marked[at + 1 - start] = True
    at = 0
    while at < len(marked):
        stop = at
        while stop < len(marked) and marked[stop]:
            stop += 1
        if stop > at:
            yield start + at, start + stop
        at = max(stop, at + 1)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of letters, digits and marks, split where CJK begins or ends; with whether the run is CJK."""
    if text.isascii():
        for plain in _ASCII.findall(text):
            yield plain[:MAX_WORD_CHARS], False
        return
    run: list[str] = []
    inside = False
    for each in (*text, " "):
        cjk = bool(_CJK.match(each))
        word = _is_word(each)
        if run and (not word or cjk != inside):
            joined = "".join(run)
            yield (joined if inside else joined[:MAX_WORD_CHARS]), inside
            run = []
        if word:
            run.append(each)
            inside = cjk


def _is_word(each: str) -> bool:
    return unicodedata.category(each)[0] in "LNM"


def found_words(texts: Sequence[str]) -> str:
    """Texts of one message, joined for the index."""
    return " ".join(each for each in texts if each)
