"""Handlers that ask and wait, across restarts.

A talk is a handler's run with the answers that it got. Before a handler waits, the talk is kept on the server; when the
answer comes and the handler is not there any more, it is run again from its beginning and gets its earlier answers back, so
it arrives at the same question. What it said before has the same keys, so the server knows it and says nothing twice.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from myna_bots.client.errors import TimedOut
from myna_bots.sdk.calls import BotCalls
from myna_bots.sdk.update import Update

ASKED, TALK, ANSWERED = "asked", "talk", "answered"
KEPT_S = 24 * 3600.0
"""How long a talk that has ended is remembered, so that an event that comes again finds it."""


class Talk:
    """One run of a handler; `id` is the seq of the event that began it."""

    def __init__(self, calls: BotCalls, update: Update, answers: dict[int, Any]) -> None:
        self.id = update.seq
        self.answered = False
        """Whether a click was answered by the handler itself."""
        self.parked = asyncio.Event()
        """Set when the handler waits for somebody, so that other events can be handled."""
        self._calls, self._update = calls, update
        self._answers = answers
        self._questions = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._place: str | None = None

    def next_question(self) -> int:
        """The number of the question that is asked now."""
        self._questions += 1
        return self._questions

    def answer(self, number: int) -> Any:
        """The answer that a question had in an earlier run."""
        return self._answers.get(number)

    async def expect(self, place: str, timeout_s: float) -> None:
        """Let the server bring this user's next message here, whatever the privacy mode."""
        await self.keep(timeout_s)
        self._place = place
        await self._calls.remember(ASKED, place, {"talk": self.id, "question": self._questions}, timeout_s)

    async def keep(self, timeout_s: float) -> None:
        """Keep what is known so far, for longer than the answer may take."""
        await self._calls.remember(TALK, str(self.id), self.json(done=False), timeout_s + KEPT_S)

    async def note(self, number: int, value: Any) -> None:
        """Keep a value as if it had been answered."""
        self._answers[number] = value
        await self.keep(KEPT_S)

    async def wait(self, number: int, timeout_s: float) -> Any:
        """The answer to a question.

        Raises:
            TimedOut: none came.
        """
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        self.parked.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await waiting
        except TimeoutError:
            if self._place is not None:
                await self._calls.remember(ASKED, self._place, None)
            raise TimedOut(f"No answer came within {timeout_s:g} s.") from None
        finally:
            self._waiting.pop(number, None)

    async def take(self, number: int, value: Any) -> bool:
        """Take an answer; whether the handler is here to go on with it."""
        self._answers[number] = value
        await self.keep(KEPT_S)
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return False
        self.parked.clear()
        waiting.set_result(value)
        return True

    async def end(self) -> None:
        """The handler has returned; only talks that were kept are remembered as done."""
        if self._questions:
            await self._calls.remember(TALK, str(self.id), self.json(done=True), KEPT_S)

    def json(self, *, done: bool) -> dict[str, Any]:
        """As it is kept."""
        answers = {str(number): value for number, value in self._answers.items()}
        return {"event": self._update.json(), "answers": answers, "done": done}


class Talks:
    """The talks of a running bot, and those that an earlier run left behind."""

    def __init__(self, calls: BotCalls) -> None:
        self._calls = calls
        self._here: dict[int, Talk] = {}

    async def begin(self, update: Update) -> Talk | None:
        """The talk of an event; None when its handler came to its end before.

        An event comes again when the bot died before it could say that it has it: the handler then gets back what it
        was answered, and what it made once.
        """
        kept = await self._calls.recall(TALK, str(update.seq))
        if kept is not None and kept["done"]:
            return None
        answers = {} if kept is None else {int(key): each for key, each in kept["answers"].items()}
        made = self._here[update.seq] = Talk(self._calls, update, answers)
        return made

    def forget(self, talk: Talk) -> None:
        """The talk's handler is not running any more."""
        if self._here.get(talk.id) is talk:
            del self._here[talk.id]

    async def resume(self, update: Update, again: Callable[[Update, Talk], Any]) -> Talk | None:
        """The talk that this event answers, going on; None when it answers none.

        `again` runs a handler whose talk was left behind by an earlier run.
        """
        found = await self._question(update)
        if found is None:
            return None
        id_, number, value = found
        talk = self._here.get(id_)
        if talk is not None and await talk.take(number, value):
            return talk
        kept = await self._calls.recall(TALK, str(id_))
        if kept is None:
            return None
        begun = Update.of(kept["event"])
        talk = Talk(self._calls, begun, {int(key): each for key, each in kept["answers"].items()})
        if kept["done"]:
            talk.parked.set()
            return talk
        await talk.take(number, value)
        self._here[id_] = talk
        again(begun, talk)
        return talk

    async def _question(self, update: Update) -> tuple[int, int, Any] | None:
        if update.type == "form.submitted":
            kind, _, rest = str(update.data["form"]).partition(".")
            id_, _, number = rest.partition(".")
            if kind != "talk" or not (id_.isdecimal() and number.isdecimal()):
                return None
            return int(id_), int(number), update.data["values"]
        if not (update.spoken and update.expected):
            return None
        return await self._asked(update)

    async def _asked(self, update: Update) -> tuple[int, int, Any] | None:
        seen = await self._calls.recall(ANSWERED, str(update.seq))
        if seen is None:
            place = f"{update.conversation}:{update.user.id if update.user else ''}"
            seen = await self._calls.recall(ASKED, place)
            if seen is None:
                return None
            # First what this message is, then that nobody is asked any more: a crash in between loses nothing.
            await self._calls.remember(ANSWERED, str(update.seq), seen, KEPT_S)
            await self._calls.remember(ASKED, place, None)
        return int(seen["talk"]), int(seen["question"]), update.text
