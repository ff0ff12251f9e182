"""Whether a text is the workspace's own: customers paste its pages and answers, and that is no campaign."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from myna.model.moderation import Case
from myna_agents.moderation.normalise import normalise

OWN_SHARE: Final = 0.9
"""The share of a message that must stand in the workspace's texts: whoever adds more has something of their own to say."""
SHINGLE_CHARS: Final = 8
PROBES: Final = 3
PROBE_CHARS: Final = 24
SHORTEST_PROBE: Final = 6
FRESH_S: Final = 60.0
MAX_FOREIGN: Final = 512
"""Texts known not to be the workspace's; the one not seen for longest is looked up again."""
_SENTENCE_ENDS: Final = re.compile(r"[\n\r。！？]|[.!?:] ")

Alike = Callable[[int, int, Sequence[str]], Awaitable[Sequence[str]]]
"""Of a workspace and a conversation, the workspace's own texts that contain one of some pieces, a few of them."""


class OwnTexts:
    """Looks a message up among pages, prepared replies and what agents and operators answered in its conversation.

    Asked only about what looks like a campaign, so what it costs is rare; a campaign that goes on is looked up once a minute.
    """

    def __init__(self, alike: Alike, clock: Callable[[], float] = time.monotonic) -> None:
        self._alike, self._clock = alike, clock
        self._foreign: OrderedDict[tuple[int, int], float] = OrderedDict()

    async def include(self, case: Case, mark: int) -> bool:
        """Whether nine tenths of a message with this `near.mark_of` stand in the workspace's texts."""
        key, now = (case.workspace, mark), self._clock()
        if now - self._foreign.get(key, -FRESH_S) < FRESH_S:
            return False
        texts = await self._alike(case.workspace, case.conversation, probes(case.text))
        # Only the answer no is remembered: a text with the same mark may differ in what matters.
        if texts and await asyncio.to_thread(contained, case.text, texts) >= OWN_SHARE:
            return True
        self._foreign[key] = now
        self._foreign.move_to_end(key)
        if len(self._foreign) > MAX_FOREIGN:
            self._foreign.popitem(last=False)
        return False


def probes(text: str) -> list[str]:
    """The middles of the longest sentences, which stand in a page as they were pasted, whatever its markup."""
    sentences = sorted(
        {each.strip() for each in _SENTENCE_ENDS.split(text)}, key=lambda each: (-len(each), each)
    )
    found: list[str] = []
    for each in sentences[:PROBES]:
        start = max(0, (len(each) - PROBE_CHARS) // 2)
        found.append(each[start : start + PROBE_CHARS])
    return [each for each in found if len(each) >= SHORTEST_PROBE]


def contained(text: str, others: Iterable[str]) -> float:
    """The share, 0..1, of a text's runs of eight letters that stand in other texts."""
    mine = _shingles(text)
    theirs = set[str]().union(*(_shingles(other) for other in others))
    return len(mine & theirs) / max(1, len(mine))


def _shingles(text: str) -> set[str]:
    skeleton = normalise(text).skeleton
    return {
        skeleton[start : start + SHINGLE_CHARS] for start in range(max(1, len(skeleton) - SHINGLE_CHARS + 1))
    }
