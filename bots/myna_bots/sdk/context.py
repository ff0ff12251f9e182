"""What a handler works with: say, ask, fill in a form, stream, look up, remember, hand over."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from myna.errors import Conflict, MynaError
from myna_bots.client.wire import User
from myna_bots.sdk.calls import BotCalls
from myna_bots.sdk.model import Model
from myna_bots.sdk.parts import Buttons, Card, Filled, Form, Result, rows
from myna_bots.sdk.update import Update

if TYPE_CHECKING:
    from myna_bots.sdk.talks import Talk

FLUSH_CHARS = 40
"""Pieces are sent when so much has gathered, or when the handler lets others run."""
ASK_S = 3600.0


class Stopped(Exception):
    """The user does not want the answer any more; raised by `write`, swallowed by `ctx.stream()`."""


class Context:
    """One update being handled.

    Everything that changes something carries a key made from the event and a counter. So a handler that runs again after
    a crash says nothing twice, and one that asked something goes on where it was: its earlier questions return the
    answers they had. Obligation: what a handler does between two questions must be harmless to do again (`once` helps).
    """

    def __init__(
        self, calls: BotCalls, update: Update, talk: "Talk", translations: Mapping[str, Any]
    ) -> None:
        self.calls, self.update, self._talk = calls, update, talk
        self._translations = translations
        self._count = 0

    @property
    def text(self) -> str:
        """What was said."""
        return self.update.text

    @property
    def user(self) -> User:
        """Who did it."""
        found = self.update.user
        assert found is not None
        return found

    @property
    def conversation(self) -> str:
        """Where it happened."""
        assert self.update.conversation is not None
        return self.update.conversation

    @property
    def knowledge(self) -> "Knowledge":
        """The workspace's public knowledge bases."""
        return Knowledge(self.calls)

    @property
    def model(self) -> Model:
        """An agent of the workspace, to answer with; `ctx.model.named("other")` for another one than the first."""
        return Model(self.calls, self.update.id.partition(".")[0])

    @property
    def state(self) -> "State":
        """What the bot remembers of this conversation, on the server."""
        return State(self.calls, f"c.{self.conversation}")

    @property
    def my(self) -> "State":
        """What the bot remembers of this user, on the server."""
        return State(self.calls, f"u.{self.user.id}")

    async def reply(
        self, what: "str | Card", *, buttons: Buttons = (), quote: bool = False
    ) -> dict[str, Any]:
        """Say something here; the ack. `quote` makes it an answer to the message that is being handled."""
        text, parts = (what, dict[str, Any]()) if isinstance(what, str) else ("", what.json())
        if buttons:
            parts["buttons"] = rows(buttons)
        reply_to = self.update.message.get("seq") if quote else None
        return await self._say(text, parts, reply_to)

    async def ask(self, question: "str | Card", *, timeout_s: float = ASK_S) -> str:
        """Say something and wait for this user's next message here, also across a restart of the bot.

        Raises:
            TimedOut: no answer came.
        """
        number = self._talk.next_question()
        if (known := self._talk.answer(number)) is not None:
            self._count += 1
            return str(known)
        await self._talk.expect(f"{self.conversation}:{self.user.id}", timeout_s)
        await self.reply(question)
        return str(await self._talk.wait(number, timeout_s))

    async def form(self, form: Form, *, timeout_s: float = ASK_S) -> Filled:
        """Show a form to this user and wait until it is sent, also across a restart of the bot.

        Raises:
            TimedOut: it was not sent.
        """
        number = self._talk.next_question()
        if (known := self._talk.answer(number)) is not None:
            self._count += 1
            return Filled(cast(dict[str, Any], known))
        id_ = f"talk.{self._talk.id}.{number}"
        await self._talk.keep(timeout_s)
        await self._say("", form.json(id_, self.user.id), None)
        return Filled(cast(dict[str, Any], await self._talk.wait(number, timeout_s)))

    async def once(self, make: Any) -> Any:
        """The value that `await make()` gives, made once: a handler that runs again gets the first one back."""
        number = self._talk.next_question()
        if (known := self._talk.answer(number)) is not None:
            return known
        made = await make()
        await self._talk.note(number, made)
        return made

    def stream(self, *, quote: bool = False) -> "Stream":
        """An answer in pieces: `async with ctx.stream() as out: await out.write("…")`. The user can press Stop."""
        reply_to = self.update.message.get("seq") if quote else None
        return Stream(self, self._key(), reply_to)

    async def history(self, limit: int = 20) -> list[dict[str, Any]]:
        """The newest messages here, oldest first; needs the scope `messages:read:all`."""
        return await self.calls.history(self.conversation, limit)

    async def handoff(self, reason: str = "bot_asked") -> None:
        """Bring a person into this support conversation."""
        await self.calls.hand_off(self.conversation, reason)

    async def notify(self, text: str | None = None, *, alert: bool = False, url: str | None = None) -> None:
        """Answer a click: show a line, an alert or a page to whoever clicked. Later calls do nothing."""
        self._talk.answered = True
        try:
            await self.calls.answer_click(self.update.seq, text, alert, url)
        except Conflict:
            return

    async def found(self, results: Sequence[Result], next_offset: str = "") -> None:
        """Answer `@bot words` with at most fifty results. With a `next_offset` there are more: it comes back as the `offset`."""
        made = [each.json(str(number)) for number, each in enumerate(results, 1)]
        await self.calls.answer_inline(self.update.seq, made, next_offset)

    def t(self, key: str, **values: object) -> str:
        """The text of a key in the user's language, or in English; the key itself when nobody has translated it."""
        locale = self.user.locale.lower()
        for language in (locale, locale.split("-")[0], "en"):
            found = self._translations.get(language, {}).get(key)
            if found is not None:
                return str(found).format(**values)
        return key

    async def _say(self, text: str, parts: dict[str, Any], reply_to: int | None) -> dict[str, Any]:
        try:
            return await self.calls.say(self.conversation, self._key(), text, parts, reply_to)
        except Conflict as said:
            # This handler ran before and said something here; what was said stands.
            if said.code != "client_id_conflict":
                raise
            return {"duplicate": True}

    def _key(self) -> str:
        self._count += 1
        return f"b{self._talk.id}-{self._count}"


class Stream:
    """An answer in pieces. Leaving the block ends it; an error in the block, or nothing said, breaks it off: the message then
    stands there with what there is, as `interrupted`."""

    def __init__(self, context: Context, key: str, reply_to: int | None) -> None:
        self._context, self._key, self._reply_to = context, key, reply_to
        self._seq = 0
        self._text = self._sent = ""
        self._done = False

    @property
    def text(self) -> str:
        """What was written so far."""
        return self._text

    async def __aenter__(self) -> Self:
        context = self._context
        ack = await context.calls.open_stream(context.conversation, self._key, self._reply_to)
        self._seq = int(ack["seq"])
        return self

    async def write(self, piece: str) -> None:
        """Add a piece.

        Raises:
            Stopped: the user pressed Stop.
        """
        self._text += piece
        if len(self._text) - len(self._sent) >= FLUSH_CHARS or "\n" in piece:
            await self._flush()

    async def _flush(self) -> None:
        context, piece = self._context, self._text[len(self._sent) :]
        if not piece or self._done:
            return
        try:
            await context.calls.delta(context.conversation, self._seq, len(self._sent), piece)
        except Conflict as ended:
            if ended.code != "no_stream":
                raise
            self._done = True
            raise Stopped from ended
        self._sent = self._text

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        context = self._context
        if not self._done:
            self._done = True
            try:
                if error is None and self._text.strip():
                    await context.calls.finish(context.conversation, self._seq, self._text, {})
                    return False
                if piece := self._text[len(self._sent) :]:
                    await context.calls.delta(context.conversation, self._seq, len(self._sent), piece)
                await context.calls.break_off(context.conversation, self._seq)
            except Conflict:
                return isinstance(error, Stopped)
            except MynaError:
                if error is None:
                    raise
        return isinstance(error, Stopped)


class Knowledge:
    """The workspace's public knowledge."""

    def __init__(self, calls: BotCalls) -> None:
        self._calls = calls

    async def search(self, text: str, k: int = 4) -> Sequence[dict[str, Any]]:
        """The best passages with title, text and score; needs the scope `knowledge:read`."""
        return await self._calls.search(text, k)


class State:
    """Values by key, kept on the server."""

    def __init__(self, calls: BotCalls, space: str) -> None:
        self._calls, self._space = calls, space

    async def get(self, key: str, default: Any = None) -> Any:
        """A value, or the default."""
        found = await self._calls.recall(self._space, key)
        return default if found is None else found

    async def set(self, key: str, value: Any, ttl_s: float | None = None) -> None:
        """Keep a value, for ever or for so long."""
        await self._calls.remember(self._space, key, value, ttl_s)

    async def delete(self, key: str) -> None:
        """Forget a value."""
        await self._calls.remember(self._space, key, None)
