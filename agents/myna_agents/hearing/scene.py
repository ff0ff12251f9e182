"""What an agent hears: the conversation's newest messages as one immutable value that every rule reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Turn
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.hearing.addressed import mentions, without_call
from myna_agents.hearing.hearing import FOR_THE_AGENT, Heard, Hearing, hear, wants_nothing
from myna_agents.hearing.replies import says_yes
from myna_agents.hearing.smalltalk import small_talk
from myna_agents.text.clauses import clauses
from myna_agents.text.language import conversation_language

COVERS = "covers"
"""Key in the body of an agent's message: the seq of the newest message that it answers. Two turns can overlap (a customer
writes on while an answer is in the making); this tells what was taken in, which the order of messages cannot."""


PASSED = "agent.passed_on"
"""Code of the notice that another agent answers."""
WHISPERED = "whispered"
"""Key in the body of a message that answers one asker of a group alone: the conversation and seq it is about."""
FILLED = "filled"
"""Key in the body of a customer's message that is a form filled in: the form's name, the seq of its message, the values."""
FORM, FORM_SENT = "form", "form_sent"
"""Keys in the body of an agent's message: a form that can be filled in, and one that was."""
RESOLVED = "ticket.resolved"
"""Code of the notice that a conversation was resolved."""
BURST_S = 120.0
"""In a group, messages of one person with a longer pause between them are no longer one question."""
WHISPERED_BURST_S = 5.0
"""The same where the agent whispers."""


class Speaker(StrEnum):
    """Who said something, as far as an agent cares."""

    SELF = "self"
    ASKER = "asker"
    PERSON = "person"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Said:
    """One text message."""

    seq: int
    sender: int
    speaker: Speaker
    text: str
    reply_to: int | None = None
    cited: tuple[str, ...] = ()
    """Titles of the sources that an agent's answer cites."""
    offers_human: bool = False
    suggestions: tuple[str, ...] = ()
    """Questions that an agent offered to answer instead."""
    covers: int | None = None
    at: float = 0.0
    """Unix seconds."""
    pending: Mapping[str, object] | None = None
    """What an agent asked to be confirmed."""
    form: Mapping[str, object] | None = None
    """The form that the agent asked to be filled in."""
    filled: Mapping[str, object] | None = None
    """The form that the asker filled in."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The state of a conversation at one turn."""

    profile: AgentProfile
    kind: ConversationKind
    earlier: tuple[Said, ...]
    """What came before the burst, oldest first."""
    burst: tuple[Said, ...]
    """What the asker said since the agent last answered: one question may come in several messages."""
    covered: bool = False
    """Whether the agent answered the newest of it already."""
    hearing: Hearing = FOR_THE_AGENT
    """How likely the burst is meant for the agent; certain outside groups."""
    from_bot: bool = False
    """Whether the asker is a bot."""
    after: tuple[Said, ...] = ()
    """What others said after the message that triggered the turn."""
    hops: int = 0
    """How many messages of bots stand in a row up to now."""
    asker: User | None = None
    """Who asks, as far as it is known."""
    thread: int | None = None
    """The thread in which the answer belongs; None: the conversation itself."""
    passed: int = 0
    """How often agents passed the newest message on."""
    known: tuple[tuple[str, str], ...] = ()
    """What the asker let agents remember, by name."""
    asks_consent: tuple[str, ...] = ()
    """Names of facts that the asker has just told and was never asked whether they may be remembered."""
    guidance: tuple[str, ...] = ()
    """What operators told the agent here, unseen by the customer."""
    asked: tuple[Said, ...] = ()
    """What the asker said last in a row, answered or not."""
    since: float = 0.0
    """When the conversation was last resolved, unix seconds: what was said before is closed."""

    @property
    def supports(self) -> bool:
        """Whether a human can be brought in: only support conversations have a queue."""
        return self.kind is ConversationKind.SUPPORT

    @property
    def in_group(self) -> bool:
        """Whether others listen, so that not every message is for the agent."""
        return self.kind in {ConversationKind.GROUP, ConversationKind.CHANNEL}

    @property
    def whispers(self) -> bool:
        """Whether what is said in a group goes to the asker alone."""
        return (
            self.in_group
            and self.profile.group.reply == "whisper"
            and self.thread is None
            and self.asker is not None
            and self.asker.kind is not UserKind.BOT
        )

    @property
    def lang(self) -> str:
        """The asker's language, by the newest messages with the earlier ones as memory."""
        own = [said.text for said in (*self.earlier, *self.burst) if said.speaker is Speaker.ASKER]
        return conversation_language(own, self.profile.languages[0])

    @property
    def last_own(self) -> Said | None:
        """What the agent said last."""
        return next((said for said in reversed(self.earlier) if said.speaker is Speaker.SELF), None)

    @property
    def misses(self) -> int:
        """How many of the agent's replies in a row, up to now, offered a human instead of an answer."""
        count = 0
        for said in reversed(self.earlier):
            if said.speaker is Speaker.PERSON and self.supports:
                break
            if said.speaker is Speaker.SELF:
                if not said.offers_human:
                    break
                count += 1
        return count

    @property
    def text(self) -> str:
        """Everything in the burst."""
        return "\n".join(said.text for said in self.burst)

    @property
    def question(self) -> str:
        """What is asked: the burst without messages that are wholly small talk, or the one suggestion just accepted."""
        last = self.last_own
        if last and len(last.suggestions) == 1 and says_yes(self.text):
            return last.suggestions[0]
        texts = [self._bare(said.text) for said in self.burst]
        return "\n".join(text for text in texts if small_talk(text) is None and clauses(text))

    @property
    def previous_question(self) -> str:
        """What the asker asked before this burst, for questions that lean on it; empty when there is none."""
        for said in reversed(self.earlier):
            if said.speaker is Speaker.ASKER and clauses(said.text) and small_talk(said.text) is None:
                return said.text
        return ""

    @property
    def addressed(self) -> bool:
        """Whether the newest message speaks to the agent. In direct and support conversations every message does."""
        return self.hearing.heard and (not self.from_bot or "mention" in self.hearing.clues)

    @property
    def wants_nothing(self) -> bool:
        """Whether, in a group, nobody expects a reply: thanks and smileys."""
        return self.in_group and all(wants_nothing(said.text, self.profile.names) for said in self.burst)

    def _bare(self, text: str) -> str:
        if not self.in_group or not (bare := without_call(text, self.profile.names)):
            return text
        return bare

    @property
    def newest_seq(self) -> int:
        """The seq of the newest message of the burst, 0 when there is none."""
        return self.burst[-1].seq if self.burst else 0


def build_scene(
    turn: Turn, profile: AgentProfile, messages: Sequence[Message], users: Mapping[int, User]
) -> Scene:
    """The scene of a turn from the newest messages of its conversation, in ascending order.

    The asker is whoever sent the message that triggered the turn. Notices, recalled messages and interrupted streams are
    no part of what was said, nor is what came before the conversation was last resolved: that matter is closed.
    """
    closed = _closed(turn, messages)
    messages = [message for message in messages if closed is None or message.seq > closed.seq]
    asker = next((message.sender for message in messages if message.seq == turn.trigger_seq), None)
    said = [_said(message, turn.agent, asker, users) for message in messages if _counts(message)]
    covers = max((one.covers or 0 for one in said if one.speaker is Speaker.SELF), default=0)
    burst: list[Said] = []
    for one in reversed(said):
        if one.seq > turn.trigger_seq and one.sender != asker:
            continue
        # What the agent told of an operator's decision answered no question.
        if one.speaker is Speaker.SELF and one.covers == 0:
            continue
        if one.speaker is not Speaker.ASKER or one.seq <= covers:
            break
        burst.insert(0, one)
    hearing = FOR_THE_AGENT
    if turn.conversation_kind in {ConversationKind.GROUP, ConversationKind.CHANNEL}:
        burst, hearing = _to_the_agent(profile, said, burst, users)
    first = burst[0].seq if burst else turn.trigger_seq
    earlier = tuple(
        one for one in said if one.seq < first or (one.speaker is Speaker.SELF and one.covers is not None)
    )
    return Scene(
        profile,
        turn.conversation_kind,
        earlier,
        tuple(burst),
        covered=covers >= turn.trigger_seq,
        hearing=hearing,
        from_bot=asker is not None and asker in users and users[asker].kind is UserKind.BOT,
        after=tuple(one for one in said if one.seq > turn.trigger_seq and one.sender != asker),
        hops=_hops(said, users),
        asker=None if asker is None else users.get(asker),
        thread=_thread(turn, profile, messages),
        passed=sum(
            message.seq > turn.trigger_seq
            and message.kind is MessageKind.NOTICE
            and message.body.get("code") == PASSED
            for message in messages
        ),
        asked=_last_in_a_row(turn, said),
        since=0.0 if closed is None else closed.created_at,
    )


def _last_in_a_row(turn: Turn, said: Sequence[Said]) -> tuple[Said, ...]:
    found: list[Said] = []
    for one in reversed(said):
        if one.seq > turn.trigger_seq:
            continue
        if one.speaker is not Speaker.ASKER:
            break
        found.insert(0, one)
    return tuple(found)


def _closed(turn: Turn, messages: Sequence[Message]) -> Message | None:
    """The last notice before the trigger that the matter was resolved."""
    return next(
        (
            message
            for message in reversed(messages)
            if message.seq < turn.trigger_seq
            and message.kind is MessageKind.NOTICE
            and message.body.get("code") == RESOLVED
        ),
        None,
    )


def _thread(turn: Turn, profile: AgentProfile, messages: Sequence[Message]) -> int | None:
    trigger = next((message for message in messages if message.seq == turn.trigger_seq), None)
    if trigger is not None and trigger.thread is not None:
        return trigger.thread
    grouped = turn.conversation_kind in {ConversationKind.GROUP, ConversationKind.CHANNEL}
    return turn.trigger_seq if grouped and profile.group.reply == "thread" else None


def transcript(
    messages: Sequence[Message], agent: int, asker: int, users: Mapping[int, User]
) -> tuple[Said, ...]:
    """Everything that was said, oldest first, as an agent hears it."""
    return tuple(_said(message, agent, asker, users) for message in messages if _counts(message))


def _to_the_agent(
    profile: AgentProfile, said: Sequence[Said], burst: Sequence[Said], users: Mapping[int, User]
) -> tuple[list[Said], Hearing]:
    """The part of a group member's burst that is for the agent, and how sure that is; the newest message when none is.

    What follows a message to the agent goes with it, unless it turns to somebody else.
    """
    people = [user for user in users.values() if user.id != profile.user]
    others = [name for user in people for name in (user.name, user.handle) if name]
    others = [name for name in others if not mentions(f"@{name}", profile.names)]
    alone = not any(user.kind is UserKind.BOT for user in people)
    # A whisper leaves nothing here to tell that what was said before has been answered.
    burst = _recent(burst, WHISPERED_BURST_S if profile.group.reply == "whisper" else BURST_S)
    hearings = [hear(_heard(said, one), profile.names, others, alone=alone) for one in burst]
    first = next((at for at, each in enumerate(hearings) if each.heard), None)
    if first is None:
        return list(burst[-1:]), hearings[-1] if hearings else Hearing(0.0)
    kept = [
        one
        for one, each in zip(burst[first:], hearings[first:], strict=True)
        if each.heard or not {"other_named", "reply_to_other"} & set(each.clues)
    ]
    return kept, max(hearings[first:], key=lambda each: each.p)


def _recent(burst: Sequence[Said], pause_s: float) -> Sequence[Said]:
    """The last messages that came without a long pause between them."""
    start = len(burst) - 1
    while start > 0 and burst[start].at - burst[start - 1].at <= pause_s:
        start -= 1
    return burst[max(start, 0) :]


def _heard(said: Sequence[Said], one: Said) -> Heard:
    """A message with what stood before it, as far as that says whom it is for."""
    before = [each for each in said if each.seq < one.seq]
    target = next((each for each in before if each.seq == one.reply_to), None)
    last = next((each for each in reversed(before) if each.sender != one.sender), None)
    after_own = last is not None and last.speaker is Speaker.SELF and _was_for(before, last) == one.sender
    return Heard(
        one.text,
        to_own=target is not None and target.speaker is Speaker.SELF,
        to_other=target is not None and target.speaker is not Speaker.SELF and target.sender != one.sender,
        after_own=after_own,
        own_asked=after_own
        and last is not None
        and (last.text.rstrip().endswith(("?", "？")) or bool(last.suggestions)),
        since_own_s=one.at - last.at if last is not None else 0.0,
    )


def _was_for(said: Sequence[Said], own: Said) -> int | None:
    """Whom a message of the agent answered: the sender of what it covers, or of the message before it."""
    if own.covers is not None:
        covered = next((each for each in said if each.seq == own.covers), None)
        if covered is not None:
            return covered.sender
    before = [each for each in said if each.seq < own.seq and each.speaker is not Speaker.SELF]
    return before[-1].sender if before else None


def _hops(said: Sequence[Said], users: Mapping[int, User]) -> int:
    count = 0
    for one in reversed(said):
        bot = one.speaker in {Speaker.SELF, Speaker.BOT} or (
            one.sender in users and users[one.sender].kind is UserKind.BOT
        )
        if not bot:
            break
        count += 1
    return count


def _counts(message: Message) -> bool:
    return message.kind is MessageKind.TEXT and message.state is MessageState.SENT


def _said(message: Message, agent: int, asker: int | None, users: Mapping[int, User]) -> Said:
    body: Mapping[str, Any] = message.body
    user = users.get(message.sender)
    if message.sender == agent:
        speaker = Speaker.SELF
    elif message.sender == asker:
        speaker = Speaker.ASKER
    elif user is not None and user.kind is UserKind.BOT:
        speaker = Speaker.BOT
    else:
        speaker = Speaker.PERSON
    offers = _objects(body.get("offers"))
    return Said(
        seq=message.seq,
        sender=message.sender,
        speaker=speaker,
        text=str(body.get("text", "")),
        reply_to=message.reply_to,
        cited=tuple(str(one.get("title", "")) for one in _objects(body.get("citations"))),
        offers_human=any(offer.get("action") == "hand_off" for offer in offers),
        suggestions=tuple(str(offer.get("text", "")) for offer in offers if offer.get("action") == "ask"),
        covers=body.get(COVERS) if isinstance(body.get(COVERS), int) else None,
        at=message.created_at,
        pending=_object(body.get("pending")) if message.sender == agent else None,
        form=_object(body.get(FORM) or body.get(FORM_SENT)) if message.sender == agent else None,
        filled=_object(body.get(FILLED)) if message.sender == asker else None,
    )


def _objects(value: object) -> list[Mapping[str, object]]:
    """The JSON objects of a list, whatever else stands in it: bodies come from the log, and old ones may look different."""
    if not isinstance(value, list):
        return []
    return [
        cast("Mapping[str, object]", one) for one in cast("list[object]", value) if isinstance(one, Mapping)
    ]


def _object(value: object) -> Mapping[str, object] | None:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None
