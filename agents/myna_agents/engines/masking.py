"""Personal data out of what a model reads and back into what it says: `[EMAIL_1]` stands for an address meanwhile. Pure.

What the knowledge base itself says (a hotline, a product's number) is public already and stays as it is.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from myna.personal_data import Kind, replaced
from myna_agents.answers.engine import Request
from myna_agents.answers.guidance import GUIDANCE
from myna_knowledge.model import Passage

MOST: Final = 9_999
_PLACEHOLDER: Final = re.compile(r"\[(?:EMAIL|RESIDENT|ACCOUNT|CARD|PHONE|NUMBER)_[0-9]{1,4}\]")
_BEGINS: Final = re.compile(r"\[(?:[A-Z]{1,8}(?:_[0-9]{0,4})?)?$")
"""The end of a piece of text that may be the beginning of a placeholder."""
_ABOUT_SOMEBODY: Final = frozenset({"tool", GUIDANCE})
"""Kinds of passages that are about the customer and not from the knowledge base."""


@dataclass(slots=True)
class Masks:
    """The placeholders of one answer. The same value has the same placeholder wherever it stands, so that a model can tell
    that two are one. Overflow rule: after `MOST` values of a kind a value is left out altogether."""

    on: bool = True
    """Whether anything is replaced."""
    public: str = ""
    """What was said to everybody: nothing of it is replaced."""
    _shown: dict[str, str] = field(default_factory=dict[str, str])
    _values: dict[str, str] = field(default_factory=dict[str, str])
    _numbers: Counter[Kind] = field(default_factory=Counter[Kind])
    _held: str = ""

    def mask(self, text: str) -> str:
        """The text with placeholders in place of personal data."""
        return replaced(text, self._instead) if self.on else text

    def restore(self, text: str) -> str:
        """The text with the values again; a placeholder that stands for nothing is taken out."""
        return _PLACEHOLDER.sub(lambda match: self._values.get(match[0], ""), text) if self.on else text

    def arguments(self, value: Any) -> Any:
        """The same for the arguments of a tool, however deep."""
        match value:
            case str():
                return self.restore(value)
            case Mapping():
                return {name: self.arguments(each) for name, each in cast(Mapping[str, Any], value).items()}
            case list():
                return [self.arguments(each) for each in cast(Sequence[Any], value)]
            case _:
                return value

    def feed(self, piece: str) -> str:
        """What can be shown once this piece has come: what may be the beginning of a placeholder waits for the rest."""
        text = self._held + piece
        begun = _BEGINS.search(text) if self.on else None
        at = begun.start() if begun is not None else len(text)
        self._held = text[at:]
        return self.restore(text[:at])

    def rest(self) -> str:
        """What still waited when the text ended; feeding may begin anew."""
        held, self._held = self._held, ""
        return held

    def passage(self, passage: Passage) -> Passage:
        """A passage as a model reads it: from the knowledge base as it is, about the customer without personal data."""
        if passage.kind not in _ABOUT_SOMEBODY:
            return passage
        return replace(passage, text=self.mask(passage.text))

    def request(self, request: Request) -> Request:
        """A request as a model reads it, but for its shelf."""
        return replace(
            request,
            question=self.mask(request.question),
            history=tuple(replace(said, text=self.mask(said.text)) for said in request.history),
            known=tuple((name, self.mask(value)) for name, value in request.known),
            corrections=tuple(self.mask(each) for each in request.corrections),
        )

    def _instead(self, kind: Kind, value: str) -> str:
        if value in self.public:
            return value
        shown = self._shown.get(value)
        if shown is None:
            self._numbers[kind] += 1
            if self._numbers[kind] > MOST:
                return "[…]"
            shown = f"[{kind.upper()}_{self._numbers[kind]}]"
            self._shown[value], self._values[shown] = shown, value
        return shown


def masks_of(request: Request) -> Masks:
    """The masks of one answer, as the agent's policy wants them."""
    known = (each for each in request.shelf.passages if each.kind not in _ABOUT_SOMEBODY)
    public = "\n".join(f"{each.text}\n{each.question or ''}\n{each.answer or ''}" for each in known)
    return Masks(request.profile.mask, public)
