"""The shipped moderator: lists and rules, each sender's last minutes, and a linear model."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from myna.model.conversation import ConversationKind
from myna.model.filtering import NOTHING, FilterPolicy
from myna.model.moderation import Action, Case, Reason, Standing, Verdict
from myna.model.workspace import UserKind
from myna.ports.moderator import Judged
from myna.value import value
from myna_agents.moderation.campaigns import Campaigns
from myna_agents.moderation.leaks import leaks, pretends
from myna_agents.moderation.lessons import Lessons, Source
from myna_agents.moderation.look import UNREAD, Look, Models
from myna_agents.moderation.near import mark_of
from myna_agents.moderation.normalise import Normalised, normalise
from myna_agents.moderation.patterns import Rulebook
from myna_agents.moderation.places import Compiled, Decided, limits_of
from myna_agents.moderation.policy import Policy
from myna_agents.moderation.rules import (
    Finding,
    Lists,
    contacts_of,
    denied,
    injection,
    invites,
    named_by_codes,
    pitches,
    repeats,
)
from myna_agents.moderation.window import SenderWindow

_SEVERITY: Final = {action: rank for rank, action in enumerate(Action)}
_INLINE_CHARS: Final = 2_000
_BY_MODEL: Final = frozenset({"spam.model", "spam.taught"})
_NO_RULE: Final = frozenset({"injection.suspected", "abuse.offensive", "privacy.leak"})
_ALLOWED: Final = Verdict(Action.ALLOW)
_DECIDED: Final = frozenset(
    {"sender.listed", "link.listed", "phone.listed", "handle.listed", "phrase.listed", "rule"}
)
_ADVERTISES: Final = frozenset(
    {"spam.model", "spam.taught", "contact.solicits", "link.many", "link.pretends", "code.invites"}
)
_ALIKE: Final = "duplicate.senders"
_NEWCOMER: Final = 5
_OFFENDER: Final = 2

logger = logging.getLogger(__name__)


@value
class _Examined:
    findings: list[Finding]
    chance: float
    contacts: bool


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
        self._campaigns, self._compiled = Campaigns(), Compiled()
        self._models: Models | None = None
        self._loading = asyncio.Lock()
        self._compiling = asyncio.Lock()
        self.failures: Counter[str] = Counter()
        """How often each layer failed since the start."""
        self.standing: Callable[[Case], Awaitable[Standing | None]] = _unknown
        """What is known of a sender; asked only about who advertises, so that nobody else's message waits for it."""
        self.own: Callable[[Case, int], Awaitable[bool]] = _foreign
        """Whether a message with this mark is a text of the workspace itself; asked only about what many send alike."""

    @property
    def server(self) -> FilterPolicy:
        """What holds where nobody said anything else, in the words of policies."""
        mine = self._policy
        limits = (mine.flag_at, mine.hold_at, mine.block_at, mine.offensive_at, mine.may_block)
        return FilterPolicy("standard", {}, *limits)

    async def prepare(self) -> None:
        """Load the model now, off the event loop; otherwise the first judged message waits for it."""
        await self._loaded()

    async def learn(self, source: Source) -> None:
        """Keep the lessons up to date from now on; never returns."""
        await self.lessons.run(source, (await self._loaded())[0])

    async def judge(self, case: Case) -> Verdict:
        """The verdict on a message before it is stored."""
        (found,) = self.judge_many([case])
        return found if isinstance(found, Verdict) else await found

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        """The verdicts on some messages, in one pass of the models; for each that must wait for something, a coroutine.

        Each is judged as if it came alone, in the order of the cases.
        """
        models = self._models
        if models is None:
            return [_ALLOWED if _trusted(case) else self._when_loaded(case) for case in cases]
        found: list[Judged] = [_ALLOWED] * len(cases)
        looks: list[tuple[int, Look]] = []
        for place, case in enumerate(cases):
            if _trusted(case):
                continue
            decided = self._compiled.ready(case.filtering)
            # A usual message takes 0.1 ms; a page of text would hold up everyone else's messages.
            if decided is None or len(case.text) > _INLINE_CHARS:
                found[place] = self._apart(models, case)
            else:
                looks.append((place, self._look(models, case, decided, normalise(case.text))))
        self._read_together(models, [look for _, look in looks])
        for place, look in looks:
            found[place] = self._judged(look, self._examine(look))
        return found

    async def _when_loaded(self, case: Case) -> Verdict:
        await self._loaded()
        return await self.judge(case)

    async def _apart(self, models: "Models", case: Case) -> Verdict:
        """Judge a message whose list is not compiled yet, or whose text is long, beside the event loop."""
        async with self._compiling:
            decided = await asyncio.to_thread(self._compiled.of, case.filtering)

        def examine() -> tuple[Look, _Examined]:
            look = self._look(models, case, decided, normalise(case.text))
            return look, self._examine(look)

        found = self._judged(*await asyncio.to_thread(examine))
        return found if isinstance(found, Verdict) else await found

    def _look(self, models: "Models", case: Case, decided: Decided, message: Normalised) -> Look:
        place = case.policy or NOTHING
        limits, taught = limits_of(self._policy, place), self.lessons.of(case.workspace, case.at)
        lists, named = decided.with_allowed(self._lists), contacts_of(message.text)
        if case.codes:
            named = list(dict.fromkeys([*named, *named_by_codes(case.codes)]))
        return Look(case, place, limits, message, models, taught, decided, lists, named)

    def _read_together(self, models: "Models", looks: Sequence[Look]) -> None:
        """Let the models read the short messages together; what is left is read by the layers, where each fails alone."""
        from myna_agents.moderation import batch  # loads numpy

        short = [look for look in looks if batch.fits(look.message)]
        try:
            for start in range(0, len(short), batch.MOST):
                batch.read(short[start : start + batch.MOST], models)
        except Exception:
            logger.exception("messages are read one by one")

    def _judged(self, look: Look, examined: _Examined) -> Judged:
        found = examined.findings + self._of_sender(look, examined)
        copied = any(each.reason.code == _ALIKE for each in found)
        read_harder = look.place.on("reputation") and any(
            each.reason.code in _ADVERTISES for each in examined.findings
        )
        if copied or (read_harder and look.case.standing is None):
            return self._looked_up(look, examined, found, copied=copied, read_harder=read_harder)
        if read_harder and look.case.standing is not None:
            found += _of_standing(look.case.standing)
        return _decide(found, examined.chance, look.limits)

    async def _looked_up(
        self, look: Look, examined: _Examined, found: list[Finding], *, copied: bool, read_harder: bool
    ) -> Verdict:
        """The verdict on a message for which the database must be asked."""
        if copied:
            try:
                if await self.own(look.case, look.mark or 0):
                    found = [each for each in found if each.reason.code != _ALIKE]
            except Exception:
                found += self._failed("campaign", look.place)
        if read_harder:
            try:
                standing = look.case.standing or await self.standing(look.case)
            except Exception:
                found += self._failed("reputation", look.place)
            else:
                found += [] if standing is None else _of_standing(standing)
        return _decide(found, examined.chance, look.limits)

    async def _loaded(self) -> "Models":
        async with self._loading:
            if self._models is None:
                self._models = await asyncio.to_thread(_models, self._model)
            return self._models

    def _examine(self, look: Look) -> _Examined:
        case, message, limits, models = look.case, look.message, look.limits, look.models
        chances = [0.0]

        def model() -> Iterator[Finding]:
            linear, taught, piece = models[0], look.taught, message
            if look.chance is not None:
                chance = look.chance
            elif taught is None:
                chance, piece = linear.worst(message)
            else:
                chance, piece = taught.worst(linear, message)
            chances.append(chance)
            if chance >= limits.flag_at:
                ngrams = ", ".join(repr(part.ngram) for part in linear.explain(piece)) or repr(piece.raw[:40])
                action = Action.HOLD if chance >= limits.hold_at else Action.FLAG
                code = "spam.model" if taught is None else "spam.taught"
                yield Finding(action, Reason(code, ngrams, round(chance, 4)))

        def rules() -> Iterator[Finding]:
            yield from pitches(message.text, look.named, look.lists)
            yield from repeats(message)
            yield from invites(case.codes)
            yield from pretends(message, look.named)
            yield from leaks(message, case.conversation_kind)
            for broken, words in self._rulebook.found(message.text):
                yield Finding(broken.action, Reason("rule", f"{broken.name}: {words[:80]}", 1.0))

        def listed() -> Iterator[Finding]:
            yield from denied(look.named, look.lists)
            yield from look.decided.found(case, message, look.named)

        layers: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
            ("lists", listed),
            ("rules", rules),
            ("injection", lambda: injection(message.text)),
            ("model", model),
        ]
        if not message.skeleton.isascii():
            layers.append(("offensive", lambda: _offensive(look)))
        found = [each for name, layer in layers for each in self._layer(name, look.place, layer)]
        return _Examined(found, chances[-1], bool(look.named))

    def _of_sender(self, look: Look, examined: _Examined) -> list[Finding]:
        """What the sender did lately, and what others wrote alike."""
        case, place = look.case, look.place
        doubtful = examined.contacts or examined.chance >= look.limits.flag_at / 2
        if look.mark == UNREAD:
            look.mark = mark_of(look.message.skeleton)
        mark = look.mark

        def alike() -> Iterator[Finding]:
            yield from self._campaigns.note(case, mark, suspicious=doubtful)
            if self.lessons.kept_out(case.workspace, mark):
                yield Finding(Action.HOLD, Reason("duplicate.kept_out", "like a text that was kept out", 0.8))

        return [
            *self._layer("sender", place, lambda: self._window.note(case, mark)),
            *self._layer("campaign", place, alike),
        ]

    def _layer(self, name: str, place: FilterPolicy, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
        """What a layer finds. When it fails, that is counted, and the others decide unless the policy says otherwise."""
        if not place.on(name):
            return []
        try:
            return list(look())
        except Exception:
            return self._failed(name, place)

    def _failed(self, name: str, place: FilterPolicy) -> list[Finding]:
        self.failures[name] += 1
        logger.exception("the layer %s failed to judge a message", name)
        closed = place.fails == "closed"
        return [Finding(Action.HOLD, Reason("moderation.failed", name, 1.0))] if closed else []


def _offensive(look: Look) -> Iterator[Finding]:
    abuse, piece = look.models[1], look.message
    rude = look.rude
    if rude is None:
        rude, piece = abuse.worst(look.message)
    if rude >= look.limits.offensive_at:
        ngrams = ", ".join(repr(part.ngram) for part in abuse.explain(piece))
        yield Finding(Action.FLAG, Reason("abuse.offensive", ngrams, round(rude, 4)))


def _of_standing(standing: Standing) -> list[Finding]:
    """Who is new here, or had messages kept out, is read harder: what would be flagged as advertising is held."""
    if standing.kept_out >= _OFFENDER:
        detail = f"{standing.kept_out} messages were kept out lately"
        return [Finding(Action.HOLD, Reason("sender.kept_out", detail, 0.2))]
    if standing.said < _NEWCOMER:
        return [Finding(Action.HOLD, Reason("sender.new", f"message {standing.said + 1} here", 0.2))]
    return []


async def _foreign(_: Case, __: int) -> bool:
    return False


async def _unknown(_: Case) -> Standing | None:
    return None


def _decide(found: list[Finding], chance: float, limits: Policy) -> Verdict:
    if not found:
        return Verdict(Action.ALLOW, score=chance)
    listed = [each for each in found if each.reason.code in _DECIDED]
    action = max((finding.action for finding in found), key=_SEVERITY.__getitem__)
    strictest = max((each.action for each in listed), key=_SEVERITY.__getitem__, default=None)
    reasons = tuple(
        sorted((finding.reason for finding in found), key=lambda reason: (-reason.weight, reason.code))
    )
    if strictest is Action.ALLOW:
        return Verdict(Action.ALLOW, reasons, score=chance)
    codes = {finding.reason.code for finding in found}
    if codes & _BY_MODEL and "contact.solicits" in codes:
        action = max(action, Action.HOLD, key=_SEVERITY.__getitem__)
    if limits.may_block and chance >= limits.block_at and codes - _BY_MODEL - _NO_RULE:
        action = Action.BLOCK
    return Verdict(action, reasons, score=reasons[0].weight)


def _trusted(case: Case) -> bool:
    return case.sender_kind is UserKind.BOT or (
        case.sender_kind is UserKind.HUMAN and case.conversation_kind is ConversationKind.SUPPORT
    )


def _models(own: Path | None) -> "Models":
    from myna_agents.moderation.linear import load  # loads numpy and the weights

    return load(own or "spam"), load("offensive")
