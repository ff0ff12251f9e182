"""What an agent is: a bot whose turns are made by an engine with knowledge and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from myna.model.workspace import User


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """When an agent speaks in a group."""

    speak: Literal["addressed", "answerable"] = "addressed"
    """`addressed`: only when spoken to. `answerable`: also to a question to everybody that the knowledge answers with
    confidence and that no person has answered for `quiet_s`."""
    quiet_s: float = 45.0
    cool_down_s: float = 300.0
    """Least time between two unasked answers in one conversation."""
    least_confidence: float = 0.8
    """For unasked answers, in addition to the calibrated threshold."""
    reply: Literal["conversation", "thread", "whisper"] = "conversation"
    """Where answers go; whoever asks in a thread is always answered there. `whisper`: to the asker alone, in their direct
    conversation with the agent."""
    max_hops: int = 2
    """How many messages of bots in a row an agent goes on with when a bot mentions it."""


@dataclass(frozen=True, slots=True)
class HandoffPolicy:
    """When a person must take over, whatever the agent knows."""

    anger: bool = True
    topics: tuple[str, ...] = ()
    """Words and phrases that only people answer, in any language."""
    value_limit: float | None = None
    """An amount of money, in whatever currency, from which people answer."""
    vips: tuple[int, ...] = ()
    """Visitors who always get a person."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What an agent's models may cost in one day of UTC, in the currency of the prices; None sets no limit.

    Once it is spent the agent quotes instead, and what it cannot quote goes to the queue.
    """

    day: float | None = None
    customer_day: float | None = None
    """Of each customer."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What another agent knows better."""

    agent: int
    words: tuple[str, ...]
    """Words and phrases of any language; one of them in a message passes it on."""


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """How one agent answers. Everything that a turn needs to know about its agent, as one immutable value."""

    user: int
    """The agent's user id: messages of this sender are its own."""
    name: str
    handle: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names it answers to in groups, e.g. its Chinese name."""
    bases: tuple[int, ...] = ()
    """Knowledge bases that it may retrieve from."""
    languages: tuple[str, ...] = ("en", "zh")
    """Languages of its own sentences, the first is the default; quotes stay in their passage's language."""
    persona: str = ""
    """Added to the model's system prompt; the offline engine has no use for it."""
    threshold: float | None = None
    """Least confidence to answer at; None takes the calibrated threshold of the retrieval."""
    near_miss: float = 0.4
    """Share of the threshold from which an agent asks back with similar questions instead of only declining."""
    misses_before_hand_off: int = 2
    """How many unanswered questions in a row bring a human in."""
    passages: int = 6
    """How many passages one retrieval asks for."""
    group: GroupPolicy = GroupPolicy()
    """When it speaks in groups."""
    handoff: HandoffPolicy = HandoffPolicy()
    """When it must hand over."""
    version: int = 0
    """Number of the bundle that this is, 0 before the first."""
    model: str = ""
    """Which of the server's models it asks first; empty: the server's order; `offline:` none."""
    budget: Budget = Budget()
    """What its models may cost."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """What it can do besides answering, as declared."""
    topics: tuple[Topic, ...] = ()
    """What it passes on to other agents, in support conversations."""
    remember: bool = False
    """Whether it remembers, across conversations, what customers who agreed say of themselves."""
    mask: bool = False
    """Whether models see placeholders in place of the customer's addresses and numbers."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that addresses this agent, longest first so that a name never hides a longer one."""
        own = {self.name, self.handle or "", *self.aliases} - {""}
        return tuple(sorted(own, key=lambda name: (-len(name), name)))


def profile_of(user: User, bases: Sequence[int], stored: Mapping[str, Any]) -> AgentProfile:
    """The profile of an agent from its user and its stored settings; unknown keys, as of a newer version, are passed over."""
    known = {each.name for each in fields(GroupPolicy)}
    group = {key: value for key, value in stored.get("group", {}).items() if key in known}
    rules = dict(stored.get("handoff", {}))
    handoff = HandoffPolicy(
        anger=bool(rules.get("anger", True)),
        topics=tuple(rules.get("topics", ())),
        value_limit=rules.get("value_limit"),
        vips=tuple(int(user) for user in rules.get("vips", ())),
    )
    own = {key: stored[key] for key in ("threshold", "near_miss", "misses_before_hand_off") if key in stored}
    return AgentProfile(
        user.id,
        user.name,
        user.handle,
        tuple(stored.get("aliases", ())),
        tuple(bases),
        tuple(stored.get("languages", ("en", "zh"))),
        persona=stored.get("persona", ""),
        group=GroupPolicy(**group),
        handoff=handoff,
        version=int(stored.get("version", 0)),
        model=stored.get("model", ""),
        budget=Budget(**{key: stored.get("budget", {}).get(key) for key in ("day", "customer_day")}),
        tools=tuple(stored.get("tools", ())),
        topics=tuple(Topic(int(each["agent"]), tuple(each["words"])) for each in stored.get("topics", ())),
        remember=bool(stored.get("remember", False)),
        mask=bool(stored.get("mask", False)),
        **own,
    )
