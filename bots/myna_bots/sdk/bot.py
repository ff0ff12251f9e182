"""A bot that runs: it reads its log, hands each event to a handler, and confirms what was dealt with."""

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from typing import Any, Self

from myna.errors import Forbidden, MynaError, Unauthorised
from myna_bots.client.backoff import Backoff
from myna_bots.client.ports import Connect, Http
from myna_bots.sdk.arguments import WrongArguments, bound, usage
from myna_bots.sdk.calls import BotCalls
from myna_bots.sdk.context import Context
from myna_bots.sdk.feeds import Feed, PollFeed, SocketFeed
from myna_bots.sdk.router import Job, Route, Router
from myna_bots.sdk.talks import Talk, Talks
from myna_bots.sdk.update import Update

PARALLEL = 64
"""Events that are handled at once; those of one conversation one after another."""
KNOWN = {"ctx", "update", "text", "user", "conversation", "action", "value", "values", "data"}
"""Names that a handler may ask for; a command's own arguments have other names."""

logger = logging.getLogger("myna.bot")


class Bot:
    """A bot's program. `Bot.from_env().include(router).run()` is all of a `main`.

    An event is confirmed when its handler has returned or waits for somebody. So a bot that dies gets the events again
    that it had not finished, and since everything it says carries a key of its event, nothing is said twice.
    """

    def __init__(
        self, url: str, token: str, *, http: Http | None = None, connect: Connect | None = None
    ) -> None:
        self.url, self._token = url.rstrip("/"), token
        self._http = http
        self._connect = connect
        self._poll = http is not None and connect is None
        self.router = Router()
        self.translations: dict[str, dict[str, str]] = {}
        self._tails: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(PARALLEL)
        self._calls: BotCalls | None = None
        self._talks: Talks | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open: set[int] = set()
        self._done: set[int] = set()
        self._cursor = 0

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """A bot whose server and key stand in BOT_URL (default http://127.0.0.1:8000) and BOT_TOKEN.

        Raises:
            MynaError: there is no key.
        """
        env = os.environ if env is None else env
        token = env.get("BOT_TOKEN", "")
        if not token:
            raise MynaError("Set BOT_TOKEN to the bot's key; `myna bots new` makes both.", code="bad_setting")
        return cls(env.get("BOT_URL", "http://127.0.0.1:8000"), token)

    @property
    def calls(self) -> BotCalls:
        """The API as this bot, for what happens outside handlers."""
        if self._calls is None:
            from myna_bots.client.client import default_http

            self._http = self._http or default_http(self.url)
            self._calls = BotCalls(self._http, self._token)
        return self._calls

    def include(self, *routers: Router) -> Self:
        """Add handlers."""
        self.router.include(*routers)
        return self

    def translate(self, language: str, texts: Mapping[str, str]) -> Self:
        """Add texts for `ctx.t`."""
        self.translations.setdefault(language.lower(), {}).update(texts)
        return self

    def run(self) -> None:
        """Run until Ctrl-C; the key being refused ends it with an error."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            asyncio.run(self.serve())
        except KeyboardInterrupt:
            return

    async def serve(self) -> None:
        """Handle events until cancelled.

        Raises:
            Unauthorised, Forbidden: the server will never let this bot in.
        """
        me = await self._greet()
        self._talks = Talks(self.calls)
        self._cursor = int(me["cursor"])
        hints = [each.help for each in self.router.all_routes() if each.kind == "inline.asked"]
        await self.calls.publish_commands(self._commands(), hints[0] if hints else None)
        logger.info("%s is listening at %s", me["bot"]["name"], self.url)
        feed = self._feed()
        try:
            async with asyncio.TaskGroup() as group:
                for job in self.router.all_jobs():
                    group.create_task(self._repeat(job))
                group.create_task(self._listen(feed))
        except* (Unauthorised, Forbidden) as refused:
            raise refused.exceptions[0] from None
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await feed.close()
            if self._http is not None:
                await self._http.close()

    async def _greet(self) -> dict[str, Any]:
        backoff = Backoff()
        while True:
            try:
                return await self.calls.me()
            except MynaError as failed:
                if not failed.temporary:
                    raise
                logger.warning("%s", failed.message)
                await asyncio.sleep(backoff.next_s())

    def _feed(self) -> Feed:
        if self._poll:
            return PollFeed(self.calls)
        return SocketFeed(self.url, self._token, self._connect)

    async def _listen(self, feed: Feed) -> None:
        while True:
            for raw in await feed.next(self._cursor):
                update = Update.of(raw)
                if update.seq > self._cursor and update.seq not in self._done | self._open:
                    await self._room.acquire()
                    self._queue(update, feed)

    def _queue(self, update: Update, feed: Feed) -> None:
        """Handle it after those of its conversation that came before."""
        place = update.conversation or ""
        before = self._tails.get(place)
        self._open.add(update.seq)
        task = asyncio.get_running_loop().create_task(self._handle(update, before, feed))
        self._tails[place] = task
        self._keep(task)
        task.add_done_callback(lambda done: self._forget(place, done))

    async def _handle(self, update: Update, before: "asyncio.Task[None] | None", feed: Feed) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            await self._answer(update)
        except MynaError as failed:
            logger.error("%s could not be handled: %s", update.type, failed.message)
        except Exception:
            logger.exception("a handler of %s failed", update.type)
        finally:
            self._room.release()
        await self._confirm(update.seq, feed)

    async def _answer(self, update: Update) -> None:
        assert self._talks is not None
        talk = await self._talks.resume(update, self._again)
        if talk is None:
            route = self.router.route(update)
            if route is None:
                return
            talk = await self._talks.begin(update)
            if talk is None:
                return
            self._again(update, talk)
        running = next((task for task in self._tasks if task.get_name() == f"talk {talk.id}"), None)
        if running is None:
            return
        parked = asyncio.get_running_loop().create_task(talk.parked.wait())
        try:
            await asyncio.wait([running, parked], return_when=asyncio.FIRST_COMPLETED)
        finally:
            parked.cancel()

    def _again(self, update: Update, talk: Talk) -> None:
        self._keep(asyncio.get_running_loop().create_task(self._run(update, talk), name=f"talk {talk.id}"))

    async def _run(self, update: Update, talk: Talk) -> None:
        assert self._talks is not None
        route = self.router.route(update)
        try:
            if route is not None:
                context = Context(self.calls, update, talk, self.translations)
                await self._call(route, context)
                if update.type == "action.clicked" and not talk.answered:
                    await context.notify()
                await talk.end()
        except MynaError as failed:
            logger.error("a handler of %s failed: %s", update.type, failed.message)
        except Exception:
            logger.exception("a handler of %s failed", update.type)
        finally:
            self._talks.forget(talk)

    async def _call(self, route: Route, context: Context) -> None:
        update = context.update
        known: dict[str, Any] = {"ctx": context, "update": update, "text": update.text, "data": update.data}
        known |= {"user": update.user, "conversation": update.conversation}
        named = ("action", "value", "values", "query", "offset")
        known |= {name: update.data[name] for name in named if name in update.data}
        typed = update.data["command"]["args"] if route.kind == "command" else None
        try:
            arguments = bound(route.parameters, known, typed)
        except WrongArguments as wrong:
            name = update.data["command"]["name"] if route.kind == "command" else ""
            await context.reply(f"{wrong}\n{usage(name, route.parameters, KNOWN)}")
            return
        await route.handler(**arguments)

    async def _confirm(self, seq: int, feed: Feed) -> None:
        """Confirm up to the last event before which nothing is open."""
        self._open.discard(seq)
        self._done.add(seq)
        upto = min(self._open) - 1 if self._open else max(self._done)
        finished = [each for each in self._done if each <= upto]
        if finished and max(finished) > self._cursor:
            self._cursor = max(finished)
            self._done -= set(finished)
            try:
                await feed.confirm(self._cursor)
            except MynaError as failed:
                logger.warning("the cursor was not confirmed: %s", failed.message)

    async def _repeat(self, job: Job) -> None:
        while True:
            last = await self.calls.recall("jobs", job.name)
            wait_s = 0.0 if last is None else float(last) + job.every_s - time.time()
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, 3600.0))
                continue
            await self.calls.remember("jobs", job.name, time.time())
            try:
                await job.handler(**({"bot": self} if "bot" in job.parameters else {}))
            except Exception:
                logger.exception("the job %s failed", job.name)

    def _commands(self) -> list[dict[str, str]]:
        return [
            {"name": name, "help": route.help or usage(name, route.parameters, KNOWN)}
            for route in self.router.all_routes()
            if route.kind == "command"
            for name in route.names
        ]

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self, place: str, task: asyncio.Task[None]) -> None:
        if self._tails.get(place) is task:
            del self._tails[place]
