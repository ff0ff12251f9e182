"""What a place's policy and a workspace's list mean for judging one message."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from myna.errors import Malformed
from myna.model.filtering import LEVELS, Filtering, FilterPolicy, Listed, Listing
from myna.model.moderation import Action, Case, Reason
from myna_agents.moderation.normalise import Normalised, normalise
from myna_agents.moderation.patterns import Rule, Rulebook, phrase, rule
from myna_agents.moderation.policy import Policy
from myna_agents.moderation.rules import Finding, Lists, Named

MAX_COMPILED: Final = 64
"""Workspaces whose lists are kept compiled; the one not needed for longest is compiled again when it is needed."""


def limits_of(server: Policy, place: FilterPolicy) -> Policy:
    """The thresholds of a place: its own, those of its level, or the server's."""
    own = (place.flag_at, place.hold_at, place.block_at, place.offensive_at)
    return _limits(server, place.level, own, place.may_block)


@lru_cache(maxsize=256)
def _limits(
    server: Policy, level: str | None, own: tuple[float | None, ...], may_block: bool | None
) -> Policy:
    flag_at, hold_at = LEVELS.get(level or "", (server.flag_at, server.hold_at))
    wider = (flag_at, hold_at, server.block_at, server.offensive_at)
    given = [there if here is None else here for here, there in zip(own, wider, strict=True)]
    blocks = server.may_block if may_block is None else may_block
    return Policy(given[0], given[1], given[2], given[3], blocks)


def check_listing(listing: Listing) -> None:
    """Let what can be compared pass.

    Raises:
        Malformed: a rule that could run away, or a phrase too short to mean anything; nothing was stored.
    """
    try:
        _compiled(listing)
    except Malformed as wrong:
        raise Malformed(wrong.message, code="bad_rule") from None


@dataclass(frozen=True, slots=True)
class Decided:
    """A workspace's list, ready to be looked up."""

    exact: dict[tuple[Listed, str], Listing] = field(default_factory=dict[tuple[Listed, str], Listing])
    phrases: Rulebook = field(default_factory=Rulebook)
    rules: Rulebook = field(default_factory=Rulebook)
    allowed: frozenset[str] = field(default=frozenset())
    """Hosts that are always wanted."""

    @classmethod
    def of(cls, filtering: Filtering) -> "Decided":
        """The list of a workspace. An entry that cannot be compiled any more is left out: entering it was checked."""
        exact: dict[tuple[Listed, str], Listing] = {}
        phrases: list[Rule] = []
        rules: list[Rule] = []
        for each in filtering.listings:
            if each.kind not in {Listed.PHRASE, Listed.RULE}:
                exact[(each.kind, each.value)] = each
                continue
            try:
                made = _compiled(each)
            except Malformed:
                continue
            if made is not None:
                (phrases if each.kind is Listed.PHRASE else rules).append(made)
        links = (each for (kind, _), each in exact.items() if kind is Listed.LINK)
        allowed = frozenset(each.value for each in links if each.decision == "allow")
        return cls(exact, Rulebook.of(phrases), Rulebook.of(rules), allowed)

    def found(self, case: Case, message: Normalised, named: Named) -> Iterator[Finding]:
        """What is listed of the message, its sender and what it names; allowed ones as findings to allow."""
        if not (self.exact or self.phrases.size or self.rules.size):
            return
        sender = self.exact.get((Listed.SENDER, str(case.sender)))
        if sender is not None:
            yield _finding(sender, "sender.listed", sender.name or sender.value)
        if self.exact:
            for kind, value in named:
                listed = self._listed(kind, value)
                if listed is not None and listed.decision != "allow":
                    yield _finding(listed, f"{kind.value}.listed", value)
        for code, book, text in (
            ("phrase.listed", self.phrases, message.skeleton),
            ("rule", self.rules, message.text),
        ):
            for broken, words in book.found(text):
                yield Finding(broken.action, Reason(code, f"{broken.name}: {words[:80]}", 1.0))

    def _listed(self, kind: Listed, value: str) -> Listing | None:
        if kind is not Listed.LINK:
            return self.exact.get((kind, value))
        labels = value.split(".")
        for start in range(max(0, len(labels) - 8), len(labels)):
            found = self.exact.get((kind, ".".join(labels[start:])))
            if found is not None:
                return found
        return None

    def with_allowed(self, lists: Lists) -> Lists:
        """The server's lists, and the hosts that this workspace allows."""
        return replace(lists, allow_hosts=lists.allow_hosts | self.allowed) if self.allowed else lists


class Compiled:
    """The lists of workspaces, compiled once for each state that they have."""

    def __init__(self) -> None:
        self._made: OrderedDict[int, tuple[Filtering, Decided]] = OrderedDict()

    def of(self, filtering: Filtering | None) -> Decided:
        """The list of a workspace as it is now. Compiling 10,000 entries takes a second or two: call it off the loop."""
        if filtering is None or not filtering.listings:
            return _EMPTY
        made = self.ready(filtering)
        if made is None:
            made = Decided.of(filtering)
            self._made[filtering.workspace] = (filtering, made)
            if len(self._made) > MAX_COMPILED:
                self._made.popitem(last=False)
        return made

    def ready(self, filtering: Filtering | None) -> Decided | None:
        """The list if it is compiled."""
        if filtering is None or not filtering.listings:
            return _EMPTY
        known = self._made.get(filtering.workspace)
        return known[1] if known is not None and known[0] is filtering else None


_EMPTY: Final = Decided()


def _compiled(listing: Listing) -> Rule | None:
    name = listing.name or listing.value[:40]
    if listing.kind is Listed.RULE:
        return rule(name, listing.value, Action(listing.decision))
    if listing.kind is Listed.PHRASE:
        return phrase(name, normalise(listing.value).skeleton, Action(listing.decision))
    return None


def _finding(listing: Listing, code: str, detail: str) -> Finding:
    return Finding(Action(listing.decision), Reason(code, detail, 1.0))
