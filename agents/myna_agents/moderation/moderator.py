"""The shipped moderator: lists and rules, each sender's last minutes, and a linear model."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from myna.model import Action, Case, ConversationKind, Reason, UserKind, Verdict
from myna_agents.moderation.lessons import Lessons, Source
from myna_agents.moderation.normalise import Normalised, normalise
from myna_agents.moderation.patterns import Rulebook
from myna_agents.moderation.rules import Finding, Lists, findings
from myna_agents.moderation.window import SenderWindow

if TYPE_CHECKING:
    from myna_agents.moderation.learning import Taught
    from myna_agents.moderation.linear import LinearModel

_SEVERITY: Final = {action: rank for rank, action in enumerate(Action)}
_INLINE_CHARS: Final = 2_000
_BY_MODEL: Final = frozenset({"spam.model", "spam.taught"})
_NO_RULE: Final = frozenset({"injection.suspected", "abuse.offensive"})
_ALLOWED: Final = Verdict(Action.ALLOW)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a community wants done. Probabilities are those of the model card: one spam in ten messages."""

    flag_at: float = 0.3
    """P(spam) from which a message is delivered and put up for review."""
    hold_at: float = 0.5
    """P(spam) from which a message waits for a moderator."""
    block_at: float = 0.98
    """P(spam) from which a message that also broke a rule may be refused."""
    offensive_at: float = 0.98
    """P(offensive) from which a message is delivered and put up for review; Chinese only."""
    may_block: bool = False
    """Whether anything is refused at all; without it the worst is a hold."""


@dataclass(frozen=True, slots=True)
class _Examined:
    findings: list[Finding]
    chance: float
    skeleton: str


class LayeredModerator:
    """Judges what people and visitors write (port `Moderator`).

    Not judged, always allowed: bots of the workspace, whom its administrators installed, and humans in
    support conversations, who are the operators. Text that looks like an order to an agent is flagged with
    the reason `injection.suspected` and is never kept back for that alone.

    Each judged message counts towards its sender's flood and repetition, so judge each message once. The
    score of a verdict is the largest weight among its reasons, or P(spam) when there is none.
    Deterministic: the same cases in the same order give the same verdicts.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        lists: Lists | None = None,
        window: SenderWindow | None = None,
        lessons: Lessons | None = None,
        rulebook: Rulebook | None = None,
        model: Path | None = None,
    ) -> None:
        self.lessons = lessons or Lessons()
        """What the moderators of each workspace taught."""
        self._policy = policy or Policy()
        self._lists = lists or Lists()
        self._rulebook = rulebook or Rulebook()
        self._model = model
        self._window = window or SenderWindow()
        self._models: tuple[LinearModel, LinearModel] | None = None
        self._loading = asyncio.Lock()

    async def prepare(self) -> None:
        """Load the model now, off the event loop; otherwise the first judged message waits for it."""
        await self._loaded()

    async def learn(self, source: Source) -> None:
        """Keep the lessons up to date from now on; never returns."""
        await self.lessons.run(source, (await self._loaded())[0])

    async def judge(self, case: Case) -> Verdict:
        """The verdict on a message before it is stored."""
        if _trusted(case):
            return _ALLOWED
        models = self._models or await self._loaded()
        taught = self.lessons.of(case.workspace, case.at)
        # A usual message takes 0.2 ms; a page of text would hold up everyone else's messages.
        if len(case.text) > _INLINE_CHARS:
            examined = await asyncio.to_thread(self._examine, models, taught, case.text)
        else:
            examined = self._examine(models, taught, case.text)
        found = examined.findings + self._window.note(case, examined.skeleton)
        return self._decide(found, examined.chance)

    async def _loaded(self) -> "tuple[LinearModel, LinearModel]":
        async with self._loading:
            if self._models is None:
                self._models = await asyncio.to_thread(_models, self._model)
            return self._models

    def _examine(
        self, models: "tuple[LinearModel, LinearModel]", taught: "Taught | None", text: str
    ) -> _Examined:
        message = normalise(text)
        found = findings(message, self._lists)
        for broken, words in self._rulebook.found(message.text):
            found.append(Finding(broken.action, Reason("rule", f"{broken.name}: {words[:80]}", 1.0)))
        model, abuse = models
        chance, piece = model.worst(message) if taught is None else taught.worst(model, message)
        if chance >= self._policy.flag_at:
            ngrams = ", ".join(repr(part.ngram) for part in model.explain(piece)) or repr(piece.raw[:40])
            action = Action.HOLD if chance >= self._policy.hold_at else Action.FLAG
            code = "spam.model" if taught is None else "spam.taught"
            found.append(Finding(action, Reason(code, ngrams, round(chance, 4))))
        if not message.skeleton.isascii():
            found += self._offensive(abuse, message)
        return _Examined(found, chance, message.skeleton)

    def _offensive(self, abuse: "LinearModel", message: Normalised) -> Iterator[Finding]:
        rude, piece = abuse.worst(message)
        if rude >= self._policy.offensive_at:
            ngrams = ", ".join(repr(part.ngram) for part in abuse.explain(piece))
            yield Finding(Action.FLAG, Reason("abuse.offensive", ngrams, round(rude, 4)))

    def _decide(self, found: list[Finding], chance: float) -> Verdict:
        if not found:
            return Verdict(Action.ALLOW, score=chance)
        action = max((finding.action for finding in found), key=_SEVERITY.__getitem__)
        codes = {finding.reason.code for finding in found}
        if codes & _BY_MODEL and "contact.solicits" in codes:
            action = max(action, Action.HOLD, key=_SEVERITY.__getitem__)
        if self._policy.may_block and chance >= self._policy.block_at and codes - _BY_MODEL - _NO_RULE:
            action = Action.BLOCK
        reasons = tuple(
            sorted((finding.reason for finding in found), key=lambda reason: (-reason.weight, reason.code))
        )
        return Verdict(action, reasons, score=reasons[0].weight)


def _trusted(case: Case) -> bool:
    return case.sender_kind is UserKind.BOT or (
        case.sender_kind is UserKind.HUMAN and case.conversation_kind is ConversationKind.SUPPORT
    )


def _models(own: Path | None) -> "tuple[LinearModel, LinearModel]":
    from myna_agents.moderation.linear import load  # loads numpy and the weights

    return load(own or "spam"), load("offensive")
