"""A community's own regular expressions: any number of them, none of which can run away.

A rule must contain a fixed piece of text. All pieces of all rules are looked up together at every place of a message, so a
message costs the same with one rule or with ten thousand; only rules whose piece occurs are tried.
"""

import importlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from myna.errors import Malformed
from myna.model.moderation import Action

# The parser behind `re`: its tree is what must be judged, and what is compiled once repetitions are bounded.
op: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
compiler: Any = importlib.import_module("re._compiler")

MAX_PATTERN_CHARS: Final = 500
MAX_REPEATS: Final = 64
"""What `*`, `+` and `{n,}` stand for at most."""
MAX_WAYS: Final = 2_000
"""Ways in which an expression may match from one place: bounds the work of a matcher that tries them one by one."""
SHORTEST_PIECE: Final = 2
_PIECE_CHARS: Final = 12

_PLAIN: Final[frozenset[Any]] = frozenset({op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT})


@dataclass(frozen=True, slots=True)
class Rule:
    """An expression, and the least that should happen to a message that it is found in."""

    name: str
    pattern: re.Pattern[str]
    piece: str
    """Text that every match contains, at most 12 characters of it."""
    action: Action


def rule(name: str, expression: str, action: Action) -> Rule:
    """A rule that takes time linear in the length of a message.

    `*`, `+` and `{n,}` mean at most 64 repetitions. Letter case does not count.

    Raises:
        Malformed: the expression is too long or no expression, uses back references or looks around, can match in too
            many ways, or has no fixed piece of two characters (one of Chinese).
    """
    if not 0 < len(expression) <= MAX_PATTERN_CHARS:
        raise Malformed(f"Rule {name!r}: an expression has 1 to {MAX_PATTERN_CHARS} characters.")
    try:
        tree = parser.parse(expression.lower() if "\\" not in expression else expression, re.IGNORECASE)
        tree.data = _bounded(tree.data, name)
        ways = _ways(tree.data)
    except (re.error, OverflowError, RecursionError) as wrong:
        raise Malformed(f"Rule {name!r}: {expression!r} is no regular expression: {wrong}.") from None
    if ways > MAX_WAYS:
        raise Malformed(
            f"Rule {name!r}: {expression!r} can match in more than {MAX_WAYS} ways. Bound its repetitions, as in {{0,8}}."
        )
    piece = max(_pieces(tree.data), key=len, default="")
    if len(piece) < SHORTEST_PIECE and not (piece and ord(piece) >= 0x2E80):
        raise Malformed(
            f"Rule {name!r}: {expression!r} needs a fixed piece of at least {SHORTEST_PIECE} characters."
        )
    compiled: re.Pattern[str] = compiler.compile(tree, re.IGNORECASE)
    return Rule(name, compiled, piece[:_PIECE_CHARS], action)


SHORTEST_PHRASE: Final = 4
"""Letters and digits of a phrase; two of Chinese."""


def phrase(name: str, skeleton: str, action: Action) -> Rule:
    """A rule that finds a phrase in skeletons, whatever its disguise.

    Raises:
        Malformed: it has too few letters and digits to mean anything.
    """
    if len(skeleton) < (SHORTEST_PHRASE if skeleton.isascii() else SHORTEST_PHRASE // 2):
        raise Malformed(f"The phrase {name!r} has too few letters: at least 4, or 2 of Chinese.")
    return Rule(name, re.compile(re.escape(skeleton)), skeleton[:_PIECE_CHARS], action)


def _bounded(items: Sequence[Any], name: str) -> list[Any]:
    """The tree with every repetition bounded.

    Raises:
        Malformed: something in it is not allowed.
    """
    made: list[Any] = []
    for code, value in items:
        if code in _PLAIN:
            made.append((code, value))
        elif code is op.BRANCH:
            none, branches = value
            for branch in branches:
                branch.data = _bounded(branch.data, name)
            made.append((code, (none, branches)))
        elif code is op.SUBPATTERN:
            *head, inner = value
            inner.data = _bounded(inner.data, name)
            made.append((code, (*head, inner)))
        elif code in {op.MAX_REPEAT, op.MIN_REPEAT}:
            least, most, inner = value
            inner.data = _bounded(inner.data, name)
            if least > MAX_REPEATS:
                raise Malformed(f"Rule {name!r}: more than {MAX_REPEATS} repetitions are asked for.")
            made.append((code, (least, min(int(most), MAX_REPEATS), inner)))
        else:
            raise Malformed(f"Rule {name!r}: {str(code).lower()} is not allowed.")
    return made


def _ways(items: Sequence[Any]) -> int:
    """How many ways a matcher may try from one place, at most; stops counting beyond `MAX_WAYS`."""
    total = 1
    for code, value in items:
        if code is op.BRANCH:
            total *= sum(_ways(branch.data) for branch in value[1])
        elif code is op.SUBPATTERN:
            total *= _ways(value[-1].data)
        elif code in {op.MAX_REPEAT, op.MIN_REPEAT}:
            least, most, inner = value
            one = _ways(inner.data)
            # Each number of repetitions is a way, and each repetition has its own.
            total *= sum(min(one**count, MAX_WAYS + 1) for count in range(least, most + 1))
        if total > MAX_WAYS:
            return MAX_WAYS + 1
    return total


def _pieces(items: Sequence[Any]) -> list[str]:
    """Runs of characters that every match contains."""
    found, run = list[str](), ""
    for code, value in items:
        if code is op.LITERAL:
            run += chr(value).lower()
            continue
        found.append(run)
        run = ""
        if code is op.SUBPATTERN:
            found += _pieces(value[-1].data)
        elif code in {op.MAX_REPEAT, op.MIN_REPEAT} and value[0] > 0:
            found += _pieces(value[2].data)
    return [piece for piece in (*found, run) if piece]


@dataclass(slots=True)
class Rulebook:
    """Rules that are looked for all at once."""

    size: int = 0
    _by_piece: dict[str, list[Rule]] = field(default_factory=dict[str, list[Rule]])
    _lengths: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Lengths of the pieces that begin with a character, by that character."""

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Rulebook":
        """A book of these rules."""
        book = cls()
        for each in rules:
            book.size += 1
            book._by_piece.setdefault(each.piece, []).append(each)
            lengths = book._lengths.setdefault(each.piece[0], [])
            if len(each.piece) not in lengths:
                lengths.append(len(each.piece))
        return book

    def found(self, text: str) -> list[tuple[Rule, str]]:
        """The rules that a lower-case text breaks, each with what it found, in the order of the text."""
        if not self.size:
            return []
        pieces: dict[str, None] = {}
        for start, char in enumerate(text):
            for length in self._lengths.get(char, ()):
                piece = text[start : start + length]
                if piece in self._by_piece:
                    pieces[piece] = None
        hits: list[tuple[Rule, str]] = []
        for piece in pieces:
            for each in self._by_piece[piece]:
                match = each.pattern.search(text)
                if match is not None:
                    hits.append((each, match.group()))
        return hits
