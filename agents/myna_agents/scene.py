"""What an agent hears: the conversation's newest messages as one immutable value that every rule reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from myna.model import ConversationKind, Message, MessageKind, MessageState, Turn, User, UserKind
from myna_agents.addressed import calls, mentions
from myna_agents.agent import AgentProfile
from myna_agents.clauses import clauses
from myna_agents.language import conversation_language
from myna_agents.replies import says_yes
from myna_agents.smalltalk import small_talk

COVERS = "covers"
"""Key in the body of an agent's message: the seq of the newest message that it answers. Two turns can overlap (a customer
writes on while an answer is in the making); this tells what was taken in, which the order of messages cannot."""


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

    @property
    def supports(self) -> bool:
        """Whether a human can be brought in: only support conversations have a queue."""
        return self.kind is ConversationKind.SUPPORT

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
        asking = [said.text for said in self.burst if small_talk(said.text) is None and clauses(said.text)]
        return "\n".join(asking)

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
        if self.kind in {ConversationKind.SUPPORT, ConversationKind.DIRECT}:
            return True
        own = {said.seq for said in self.earlier if said.speaker is Speaker.SELF}
        names = self.profile.names
        return any(
            said.reply_to in own or mentions(said.text, names) or calls(said.text, names)
            for said in self.burst
        )

    @property
    def newest_seq(self) -> int:
        """The seq of the newest message of the burst, 0 when there is none."""
        return self.burst[-1].seq if self.burst else 0


def build_scene(
    turn: Turn, profile: AgentProfile, messages: Sequence[Message], users: Mapping[int, User]
) -> Scene:
    """The scene of a turn from the newest messages of its conversation, in ascending order.

    The asker is whoever sent the message that triggered the turn. Notices, recalled messages and interrupted streams are
    no part of what was said.
    """
    asker = next((message.sender for message in messages if message.seq == turn.trigger_seq), None)
    said = [_said(message, turn.agent, asker, users) for message in messages if _counts(message)]
    covers = max((one.covers or 0 for one in said if one.speaker is Speaker.SELF), default=0)
    burst: list[Said] = []
    for one in reversed(said):
        if one.seq > turn.trigger_seq and one.sender != asker:
            continue
        if one.speaker is not Speaker.ASKER or one.seq <= covers:
            break
        burst.insert(0, one)
    first = burst[0].seq if burst else turn.trigger_seq
    earlier = tuple(
        one for one in said if one.seq < first or (one.speaker is Speaker.SELF and one.covers is not None)
    )
    return Scene(profile, turn.conversation_kind, earlier, tuple(burst), covered=covers >= turn.trigger_seq)


def _counts(message: Message) -> bool:
    return message.kind is MessageKind.TEXT and message.state is MessageState.SENT


def _said(message: Message, agent: int, asker: int | None, users: Mapping[int, User]) -> Said:
    body: Mapping[str, Any] = message.body
    user = users.get(message.sender)
    if message.sender == agent:
        speaker = Speaker.SELF
    elif user is not None and user.kind is UserKind.BOT:
        speaker = Speaker.BOT
    elif message.sender == asker:
        speaker = Speaker.ASKER
    else:
        speaker = Speaker.PERSON
    offers = [offer for offer in body.get("offers") or () if isinstance(offer, Mapping)]
    return Said(
        seq=message.seq,
        sender=message.sender,
        speaker=speaker,
        text=str(body.get("text", "")),
        reply_to=message.reply_to,
        cited=tuple(
            str(one.get("title", "")) for one in body.get("citations") or () if isinstance(one, Mapping)
        ),
        offers_human=any(offer.get("action") == "hand_off" for offer in offers),
        suggestions=tuple(str(offer.get("text", "")) for offer in offers if offer.get("action") == "ask"),
        covers=body.get(COVERS) if isinstance(body.get(COVERS), int) else None,
    )
