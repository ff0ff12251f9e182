"""An agent's world in memory: a platform that leases turns and fences them, and a knowledge base of given passages."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from myna.errors import StaleTurn
from myna.model.conversation import ConversationKind
from myna.model.message import Message, MessageKind, MessageState
from myna.model.ticket import Turn, TurnDecision
from myna.model.workspace import User, UserKind
from myna_agents.agent import AgentProfile
from myna_agents.answers.engine import Engine
from myna_agents.engines.offline import OfflineEngine
from myna_agents.turns.world import World
from myna_knowledge.model import Passage, Retrieval
from myna_knowledge.text import language, topic_terms

AGENT, ANN, BOB, OTHER_BOT = 7, 1, 2, 8
PROFILE = AgentProfile(user=AGENT, name="Myna", handle="myna", aliases=("小八",), bases=(1,))


def passage(text: str, chunk: int = 1, **changes: Any) -> Passage:
    """A passage whose matched piece is all of it."""
    made = Passage(
        chunk, 1, chunk, 1, f"Page {chunk}", "", text, 0, len(text), language(text), "text", score=1.0
    )
    return replace(made, **changes)


def faq(question: str, answer: str, chunk: int = 1) -> Passage:
    """A FAQ entry as the knowledge base cuts it."""
    text = f"{question}\n\n{answer}"
    return passage(
        text, chunk, kind="faq", title=question, question=question, answer=answer, start=len(question) + 2
    )


RETURNS = faq(
    "How long can I return a lamp?", "You can return a lamp within 30 days. The parcel must be insured.", 1
)
SHIPPING = passage(
    "We ship to all of Europe. A parcel to France costs 9.90 EUR. It takes 3 days.", 2, title="Shipping"
)


@dataclass(slots=True)
class Library:
    """Retrieves the passages that share the most topic words with a query; sure when half of them are shared."""

    passages: Sequence[Passage] = (RETURNS, SHIPPING)
    queries: list[str] = field(default_factory=list)
    fails: BaseException | None = None

    async def retrieve(
        self, bases: Sequence[int], query: str, *, k: int = 6, lang: str | None = None
    ) -> Retrieval:
        self.queries.append(query)
        if self.fails:
            raise self.fails
        wanted = set(topic_terms(query))
        shares = [
            len(wanted & set(topic_terms(f"{one.title} {one.text}"))) / max(len(wanted), 1)
            for one in self.passages
        ]
        order = sorted(range(len(shares)), key=lambda at: -shares[at])[:k]
        best = shares[order[0]] if order else 0.0
        return Retrieval(tuple(self.passages[at] for at in order), best, 0.5, best >= 0.5)


@dataclass(slots=True)
class Ended:
    """How a turn ended."""

    how: str
    decision: TurnDecision
    body: Mapping[str, Any] | None = None
    reason: str | None = None
    summary: str | None = None


class Platform:
    """Turns, log and accounts of one conversation. `take_over` moves the epoch; `lose_lease` gives the turn away."""

    def __init__(self, kind: ConversationKind = ConversationKind.SUPPORT) -> None:
        self.kind, self.log, self.epoch, self.now = kind, list[Message](), 1, 0.0
        self.queue: asyncio.Queue[Turn] = asyncio.Queue(100)
        self.ended: list[Ended] = []
        self.shown: list[str] = []
        self.renewed = 0
        self.deferred: list[float] = []
        self.leases: dict[int, int] = {}
        self.on_delta: Callable[[], None] | None = None
        self.refuses: BaseException | None = None
        self._streams: dict[int, int] = {}

    def says(self, sender: int, text: str, *, reply_to: int | None = None, **body: Any) -> Message:
        """Put a message into the log, without a turn."""
        message = Message(
            1, len(self.log) + 1, sender, f"c{len(self.log)}", MessageKind.TEXT, MessageState.SENT,
            {"text": text, **body}, self.now, reply_to,
        )  # fmt: skip
        self.log.append(message)
        return message

    def asks(self, text: str, *, sender: int = ANN, reply_to: int | None = None) -> Turn:
        """Put a message into the log and queue the turn that follows from it."""
        seq = self.says(sender, text, reply_to=reply_to).seq
        turn = Turn(100 + seq, 1, 1, self.kind, AGENT, seq, self.epoch, 1)
        self.leases[turn.id] = turn.attempt
        self.queue.put_nowait(turn)
        return turn

    def take_over(self) -> None:
        """An operator owns the conversation from now on."""
        self.epoch += 1

    def lose_lease(self, turn: Turn) -> None:
        """Another worker has the turn from now on."""
        self.leases[turn.id] += 1

    def _check(self, turn: Turn) -> None:
        if self.refuses:
            raise self.refuses
        if turn.epoch != self.epoch or self.leases.get(turn.id) != turn.attempt:
            raise StaleTurn("The turn is not yours.")

    async def lease(self, worker: str, wait_s: float) -> Turn | None:
        try:
            async with asyncio.timeout(min(wait_s, 0.02)):
                return await self.queue.get()
        except TimeoutError:
            return None

    async def renew(self, turn: Turn) -> None:
        self._check(turn)
        self.renewed += 1

    async def typing(self, turn: Turn, on: bool) -> None:
        return None

    async def open_stream(self, turn: Turn, body: Mapping[str, Any] | None = None) -> int:
        self._check(turn)
        message = self.says(turn.agent, "")
        self.log[-1] = replace(message, state=MessageState.STREAMING)
        self._streams[turn.id] = message.seq
        return message.seq

    async def delta(self, turn: Turn, piece: str) -> None:
        assert turn.id in self._streams
        self.shown.append(piece)
        if self.on_delta:
            self.on_delta()

    async def finish(self, turn: Turn, body: Mapping[str, Any], decision: TurnDecision) -> None:
        self._end(turn, Ended("finish", decision, body))

    async def hand_off(
        self,
        turn: Turn,
        reason: str,
        summary: str | None,
        body: Mapping[str, Any] | None,
        decision: TurnDecision,
    ) -> None:
        self._end(turn, Ended("hand_off", decision, body, reason, summary))
        self.epoch += 1

    async def pass_on(
        self, turn: Turn, agent: User, decision: TurnDecision, notice: Mapping[str, Any]
    ) -> None:
        self._end(turn, Ended("pass_on", decision, None, str(agent.id)))
        self.epoch += 1
        said = self.says(turn.agent, "")
        self.log[-1] = replace(said, kind=MessageKind.NOTICE, body=notice)

    async def defer(self, turn: Turn, due_at: float) -> None:
        self._check(turn)
        self.deferred.append(due_at)

    async def skip(self, turn: Turn, decision: TurnDecision) -> None:
        self._end(turn, Ended("skip", decision))

    def _end(self, turn: Turn, ended: Ended) -> None:
        self._check(turn)
        del self.leases[turn.id]
        self.ended.append(ended)
        seq = self._streams.pop(turn.id, None)
        if ended.body is None:
            return
        if seq is None:
            self.says(turn.agent, **ended.body)
        else:
            self.log[seq - 1] = replace(self.log[seq - 1], body=ended.body, state=MessageState.SENT)

    async def messages(
        self, conversation: int, *, floor: int, before: int | None, after: int | None, limit: int
    ) -> list[Message]:
        return self.log[-limit:]

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        known = {
            AGENT: User(AGENT, 1, UserKind.BOT, "Myna", "myna", agent=True),
            OTHER_BOT: User(OTHER_BOT, 1, UserKind.BOT, "Otto"),
            ANN: User(ANN, 1, UserKind.VISITOR, "Ann"),
            BOB: User(BOB, 1, UserKind.HUMAN, "Bob"),
        }
        return [known[user] for user in users if user in known]


def world_of(
    platform: Platform,
    library: Library | None = None,
    engine: Engine | None = None,
    *,
    answer_s: float = 20.0,
    profile: AgentProfile = PROFILE,
    clock: Callable[[], float] = lambda: 0.0,
    **more: Any,
) -> World:
    """A world that answers offline unless another engine is given."""
    offline = OfflineEngine()

    async def profiles(agent: int) -> AgentProfile | None:
        return profile if agent == profile.user else None

    return World(
        turns=platform,
        history=platform,
        people=platform,
        knowledge=library or Library(),
        profiles=profiles,
        engine=engine or offline,
        fallback=offline,
        answer_s=answer_s,
        clock=clock,
        **more,
    )
