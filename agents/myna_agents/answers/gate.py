"""Lets a stream of text through sentence by sentence, once each is known to be founded. Pure."""

from collections.abc import Sequence

from myna_agents.answers.engine import Shelf
from myna_agents.answers.grounding import leaks, unsupported
from myna_agents.answers.guard import MARK, marks, violations
from myna_knowledge.model import Passage
from myna_knowledge.text import sentences


class Gate:
    """What may be shown of an answer while it is still being made.

    A sentence passes when the shelf says what it says and all its facts, and when it repeats nothing of the instructions
    `secret`; the first that fails shuts the gate for good, so what was
    shown is always the beginning of the text. Nothing passes before the first citation mark: an answer that never cites is
    never shown.
    """

    def __init__(self, shelf: Shelf, secret: str = "") -> None:
        self._shelf, self._secret = shelf, secret
        self._waiting = ""
        self._cites = False
        self._shut = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now, possibly empty."""
        self._waiting += piece
        if self._shut:
            return ""
        spans = sentences(self._waiting)
        return self._pass(spans[-1][0] if len(spans) > 1 else 0)

    def rest(self) -> str:
        """What may still be shown after the last piece."""
        return "" if self._shut else self._pass(len(self._waiting))

    def restart(self) -> None:
        """Forget what was held back."""
        self._waiting = ""

    def _pass(self, upto: int) -> str:
        """Show the waiting text up to a sentence's start; the last sentence may go on, or its mark may follow."""
        ready = self._waiting[:upto]
        self._cites = self._cites or MARK.search(ready) is not None
        if not ready or not self._cites:
            return ""
        passages = self._cited(ready)
        if (
            violations(ready, passages)
            or unsupported(ready, passages)
            or leaks(ready, self._secret, passages)
        ):
            self._shut = True
            return ""
        self._waiting = self._waiting[upto:]
        return ready

    def _cited(self, text: str) -> Sequence[Passage]:
        """The passages that a text names, as the last check of the whole answer will see it; all of them when it names none."""
        known = self._shelf.passages
        return [known[number - 1] for number in marks(text) if 1 <= number <= len(known)] or known
