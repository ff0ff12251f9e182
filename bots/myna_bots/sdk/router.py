"""Routers: which handler gets an update. The first that fits gets it, in the order of registration."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from myna_bots.sdk.arguments import signature_of
from myna_bots.sdk.filters import Filter
from myna_bots.sdk.update import Update

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Route:
    """A handler with what it is for."""

    kind: str
    """`command`, `message`, `action`, `form` or an event's type."""
    names: tuple[str, ...]
    handler: Handler
    parameters: dict[str, inspect.Parameter]
    filter: Filter | None = None
    help: str = ""

    def fits(self, update: Update) -> bool:
        """Whether this handler gets the update."""
        if self.kind == "command":
            if update.type != "command.invoked" or update.data["command"]["name"] not in self.names:
                return False
        elif self.kind == "message":
            if not update.spoken:
                return False
        elif self.kind == "action":
            if update.type != "action.clicked" or update.data["action"] not in self.names:
                return False
        elif self.kind == "form":
            if update.type != "form.submitted" or update.data["form"] not in self.names:
                return False
        elif update.type != self.kind:
            return False
        return self.filter is None or self.filter(update)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again, also when the bot was restarted in between."""

    name: str
    every_s: float
    handler: Handler
    parameters: dict[str, inspect.Parameter]


@dataclass(slots=True)
class Router:
    """Collects handlers; include routers in routers to keep parts of a bot apart."""

    routes: list[Route] = field(default_factory=list[Route])
    jobs: list[Job] = field(default_factory=list[Job])
    included: "list[Router]" = field(default_factory=list["Router"])

    def include(self, *routers: "Router") -> "Router":
        """Ask these routers after the own handlers."""
        self.included.extend(routers)
        return self

    def command(self, *names: str, help: str = "", filter: Filter | None = None) -> Callable[[H], H]:
        """`/name`: the handler's further parameters are what stood behind it, converted to their types."""
        return self._on("command", tuple(name.lower() for name in names), filter, help)

    def message(self, filter: Filter | None = None) -> Callable[[H], H]:
        """What somebody says, commands without a handler of their own included."""
        return self._on("message", (), filter)

    def action(self, *names: str) -> Callable[[H], H]:
        """A click on a button with this action; the handler may name `action` and `value`."""
        return self._on("action", names, None)

    def form(self, *ids: str) -> Callable[[H], H]:
        """A form with this id; the handler may name `values`."""
        return self._on("form", ids, None)

    def on(self, type_: str, filter: Filter | None = None) -> Callable[[H], H]:
        """Any other event, by its type, for example `member.joined`."""
        return self._on(type_, (), filter)

    def inline(self, hint: str) -> Callable[[H], H]:
        """`@bot words` in any conversation: the handler may name `query` and `offset`, and answers with `ctx.found`. `hint`
        says what can be asked for."""
        return self._on("inline.asked", (), None, hint)

    def every(self, seconds: float, name: str = "") -> Callable[[H], H]:
        """Do it every so many seconds. When it was last done is kept on the server, so a restart does not repeat it."""

        def register(handler: H) -> H:
            self.jobs.append(Job(name or handler.__name__, seconds, handler, signature_of(handler)))
            return handler

        return register

    def route(self, update: Update) -> Route | None:
        """The handler of an update, or None."""
        return next((each for each in self.all_routes() if each.fits(update)), None)

    def all_routes(self) -> Iterator[Route]:
        """Own handlers, then those of included routers."""
        yield from self.routes
        for router in self.included:
            yield from router.all_routes()

    def all_jobs(self) -> Iterator[Job]:
        """Own jobs, then those of included routers."""
        yield from self.jobs
        for router in self.included:
            yield from router.all_jobs()

    def _on(
        self, kind: str, names: tuple[str, ...], filter_: Filter | None, help_: str = ""
    ) -> Callable[[H], H]:
        def register(handler: H) -> H:
            route = Route(kind, names, handler, signature_of(handler), filter_, help_)
            self.routes.append(route)
            return handler

        return register
