"""Filters: `F.mentioned | F.direct`, `F.text.contains("refund") & ~F.replied`."""

import re
from collections.abc import Callable

from myna_bots.sdk.update import Update


class Filter:
    """A question about an update; combine with `&`, `|` and `~`."""

    def __init__(self, asked: Callable[[Update], bool], name: str) -> None:
        self._asked, self._name = asked, name

    def __call__(self, update: Update) -> bool:
        """Whether the update passes."""
        return self._asked(update)

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(lambda update: self(update) and other(update), f"({self._name} & {other._name})")

    def __or__(self, other: "Filter") -> "Filter":
        return Filter(lambda update: self(update) or other(update), f"({self._name} | {other._name})")

    def __invert__(self) -> "Filter":
        return Filter(lambda update: not self(update), f"~{self._name}")

    def __bool__(self) -> bool:
        raise TypeError("Combine filters with &, | and ~, not with and, or and not.")

    def __repr__(self) -> str:
        return f"F.{self._name}"


class _TextFilters:
    """Questions about what was said."""

    def contains(self, *words: str) -> Filter:
        """One of the words occurs, whatever their case."""
        wanted = [word.casefold() for word in words]
        return Filter(
            lambda update: any(word in update.text.casefold() for word in wanted), f"text.contains{words}"
        )

    def matches(self, pattern: str) -> Filter:
        """The pattern is found; it is case-insensitive."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return Filter(lambda update: compiled.search(update.text) is not None, f"text.matches({pattern!r})")

    def equals(self, text: str) -> Filter:
        """The whole text, whatever its case and spaces around."""
        wanted = text.strip().casefold()
        return Filter(lambda update: update.text.strip().casefold() == wanted, f"text.equals({text!r})")


class _Filters:
    """The filters there are."""

    text = _TextFilters()
    mentioned = Filter(lambda update: update.mentioned, "mentioned")
    direct = Filter(lambda update: update.direct, "direct")
    replied = Filter(lambda update: update.replied, "replied")

    def user(self, *ids: str) -> Filter:
        """It was one of these users."""
        return Filter(lambda update: update.user is not None and update.user.id in ids, f"user{ids}")

    def conversation(self, *ids: str) -> Filter:
        """It happened in one of these conversations."""
        return Filter(lambda update: update.conversation in ids, f"conversation{ids}")

    def kind(self, *kinds: str) -> Filter:
        """The conversation is of one of these kinds: direct, group, channel, support."""
        return Filter(lambda update: update.data.get("place", {}).get("kind") in kinds, f"kind{kinds}")

    def __call__(self, asked: Callable[[Update], bool]) -> Filter:
        """A filter of one's own."""
        return Filter(asked, getattr(asked, "__name__", "custom"))


F = _Filters()
"""All filters."""
