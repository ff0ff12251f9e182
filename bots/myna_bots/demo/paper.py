"""What the demonstration prints: who speaks, what is said, and where it comes from."""

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import TextIO

MARGIN = 14
"""Columns for the speaker's name."""
MAX_WIDTH = 100
_HANGING = frozenset({"Po", "Pe", "Pf"})
"""Closing marks stay with what they close, even beyond the edge."""


class Paper:
    """Prints a conversation, wrapped to the terminal; in colour only where somebody looks at one."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colour = self._out.isatty()
        self._width = min(MAX_WIDTH, shutil.get_terminal_size().columns) - MARGIN

    def heading(self, text: str) -> None:
        """A new part of the story."""
        self._line(f"\n{self._paint('1', f'— {text}')}")

    def says(self, name: str, text: str) -> None:
        """A whole message."""
        first, *rest = list(self._wrapped(text)) or [""]
        self._line(self._paint("1", _padded(name)) + first)
        for line in rest:
            self._line(" " * MARGIN + line)

    def aside(self, text: str) -> None:
        """What happened, or where something comes from."""
        for line in self._wrapped(text):
            self._line(" " * MARGIN + self._paint("2", line))

    def _wrapped(self, text: str) -> Iterator[str]:
        for paragraph in text.splitlines():
            if _columns(paragraph) <= self._width:
                yield paragraph
            elif paragraph.isascii():
                yield from textwrap.wrap(paragraph, self._width)
            else:
                yield from _wide_wrapped(paragraph, self._width)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _line(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


def _columns(text: str) -> int:
    """Terminal columns; Chinese characters take two (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _wide_wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of text that may break after any wide character, and elsewhere at spaces."""
    line, used = "", 0
    for char in text:
        size = _columns(char)
        if used + size > width and unicodedata.category(char) not in _HANGING:
            kept, _, moved = line.rpartition(" ") if line[-1:].isascii() and " " in line else (line, "", "")
            yield kept
            line, used = moved, _columns(moved)
        line += char
        used += size
    yield line


def _padded(name: str) -> str:
    short = name if _columns(name) < MARGIN - 2 else name[: MARGIN - 3] + "…"
    return f"{short}:" + " " * max(1, MARGIN - 1 - _columns(short))
