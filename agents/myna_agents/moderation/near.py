"""Near-duplicates among many texts by their SimHash, without comparing each with each."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, TypeVar

_FOLD_DIGITS: Final = str.maketrans("123456789", "000000000")
_BANDS: Final = ((0, 11), (11, 11), (22, 11), (33, 11), (44, 10), (54, 10))
"""(shift, width): marks that differ in up to 5 of 64 bits share one of these; of those that differ in 8, nine in ten do."""
MIN_CHARS: Final = 12
"""Letters and digits below which equal texts say nothing ("thank you")."""
MAX_CHARS: Final = 2_000
MAX_DISTANCE: Final = 8
"""Of 64 bits that may differ between near-duplicates; unrelated texts differ in 32 give or take 4."""

T = TypeVar("T")
_NONE: deque[Any] = deque()


def mark_of(skeleton: str) -> int | None:
    """64 bits of which near-duplicate skeletons share most; None for a text too short to say anything."""
    if len(skeleton) < MIN_CHARS:
        return None
    from myna_agents.moderation.features import simhash  # loads numpy

    return simhash(skeleton[:MAX_CHARS].translate(_FOLD_DIGITS))


@dataclass(frozen=True, slots=True)
class Marked(Generic[T]):
    """A mark and what it stands for."""

    mark: int
    what: T


class Near(Generic[T]):
    """The newest marks and what they stand for. When it is full, the oldest is forgotten."""

    def __init__(self, most: int, looked_at: int | None = None) -> None:
        """`looked_at` bounds how many of the newest in each band are compared: what everybody says fills whole bands."""
        self._most, self._looked_at = most, looked_at
        self._all: deque[Marked[T]] = deque()
        self._bands: defaultdict[tuple[int, int], deque[Marked[T]]] = defaultdict(deque)

    def __len__(self) -> int:
        """How many marks are known."""
        return len(self._all)

    def add(self, mark: int, what: T) -> None:
        """Remember a mark."""
        made = Marked(mark, what)
        self._all.append(made)
        for key in _keys(mark):
            self._bands[key].append(made)
        if len(self._all) > self._most:
            self.forget()

    def forget(self) -> None:
        """Forget the oldest mark."""
        gone = self._all.popleft()
        for key in _keys(gone.mark):
            # The oldest of all is the oldest of its bands.
            band = self._bands[key]
            band.popleft()
            if not band:
                del self._bands[key]

    @property
    def oldest(self) -> T | None:
        """What the oldest mark stands for."""
        return self._all[0].what if self._all else None

    def like(self, mark: int) -> Iterator[T]:
        """What near-duplicates of a mark stand for, each once."""
        seen: set[int] = set()
        for key in _keys(mark):
            for each in islice(reversed(self._bands.get(key, _NONE)), self._looked_at):
                if id(each) not in seen and (each.mark ^ mark).bit_count() <= MAX_DISTANCE:
                    seen.add(id(each))
                    yield each.what


def groups(skeletons: Sequence[str]) -> list[list[int]]:
    """Places of near-duplicates, by group of two or more; what is like two others joins them."""
    near: Near[int] = Near(max(1, len(skeletons)))
    first = list(range(len(skeletons)))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for place, skeleton in enumerate(skeletons):
        mark = mark_of(skeleton)
        if mark is None:
            continue
        for other in near.like(mark):
            one, two = sorted((root(place), root(other)))
            first[two] = one
        near.add(mark, place)
    found: dict[int, list[int]] = {}
    for place in range(len(skeletons)):
        found.setdefault(root(place), []).append(place)
    return [group for group in found.values() if len(group) > 1]


def known(marks: Iterable[int | None], most: int) -> "Near[None]":
    """An index of marks alone."""
    near: Near[None] = Near(most)
    for mark in marks:
        if mark is not None:
            near.add(mark, None)
    return near


def _keys(mark: int) -> list[tuple[int, int]]:
    return [(shift, (mark >> shift) & ((1 << width) - 1)) for shift, width in _BANDS]
