"""Plugins: packages that add to the server in its own process. For trusted code only; anything else is a bot of its own.

A package names an object (or a class without parameters) under the entry point group `myna.plugins`. Each of these is optional:

* `async moderate(case) -> Verdict | None` (or `judge`) looks at every message before it is stored, after the shipped
  filter; the strictest verdict counts, None says nothing. In the tree: `myna_bots.shipped.RunawayBots`.
* `concerns(case) -> bool` says, without waiting, which messages `moderate` wants to look at: all others are spared the time.
* `routes() -> APIRouter` adds HTTP routes under `/plugins/<name>`. In the tree: `myna_bots.shipped.BotDirectory`.
* `tools() -> Sequence[Tool]` brings tools that agents may declare. In the tree: `myna_bots.shipped.Clock`.
* `sources() -> Sequence[PluggedSource]` reads sources of knowledge. In the tree: `myna_bots.shipped.Feeds`.
* `kinds() -> Sequence[Kind]` adds kinds of messages. In the tree: `myna_bots.shipped.Meetings`.
* `panels() -> Sequence[Panel]` adds panels beside a conversation in the dashboard. In the tree: `myna_bots.shipped.BotDirectory`.

A plugin that cannot be loaded or fails is logged and counts as silent: it stops neither the start nor a message. What the last
four add is supervised by `myna_bots.plugged`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from myna.model.moderation import Action, Case, Reason, Verdict
from myna.ports.moderator import Judged, Moderator

GROUP = "myna.plugins"
JUDGE_S = 0.1
"""How long one plugin may look at a message; all of them together stay below the deadline of moderation."""
_STRICTNESS = (Action.ALLOW, Action.FLAG, Action.HOLD, Action.BLOCK)

ADDS = ("tools", "sources", "kinds", "panels")
"""The hooks that give lists of things, each with a name."""

logger = logging.getLogger(__name__)
Judge = Callable[[Case], Awaitable[Verdict | None]]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A loaded plugin; what it does not have is None."""

    name: str
    judge: Judge | None = None
    routes: Callable[[], Any] | None = None
    concerns: Callable[[Case], bool] | None = None
    """Which messages it judges; None: all."""
    wait_s: float = JUDGE_S
    """How long it may look at a message."""
    tools: Callable[[], Sequence[Any]] | None = None
    sources: Callable[[], Sequence[Any]] | None = None
    kinds: Callable[[], Sequence[Any]] | None = None
    panels: Callable[[], Sequence[Any]] | None = None


def load_plugins(wanted: str, found: Sequence[EntryPoint] | None = None) -> list[Plugin]:
    """The plugins that are installed and wanted: `*` for all, or names separated by commas; by name, so always in one order."""
    names = {each.strip() for each in wanted.split(",") if each.strip()}
    points = entry_points(group=GROUP) if found is None else found
    loaded: list[Plugin] = []
    for point in sorted(points, key=lambda each: each.name):
        if "*" not in names and point.name not in names:
            continue
        try:
            made = point.load()
            made = made() if isinstance(made, type) else made
        except Exception:
            logger.exception("the plugin %s could not be loaded and is left out", point.name)
            continue
        hook = getattr(made, "moderate", None) or getattr(made, "judge", None)
        concerns = getattr(made, "concerns", None)
        adds: dict[str, Any] = {each: getattr(made, each, None) for each in ADDS}
        loaded.append(Plugin(point.name, hook, getattr(made, "routes", None), concerns, **adds))
    missing = names - {"*"} - {each.name for each in loaded}
    if missing:
        logger.error("there is no plugin %s", ", ".join(sorted(missing)))
    return loaded


class PluginModerator:
    """The shipped filter with the plugins' judgement after it; the strictest verdict counts."""

    def __init__(
        self, inner: Moderator, plugins: Sequence[Plugin], failures: Counter[str] | None = None
    ) -> None:
        self._inner = inner
        self.failures: Counter[str] = Counter() if failures is None else failures
        """How often each plugin failed or was late, as `plugin.NAME`."""
        self._plugins = [each for each in plugins if each.judge is not None]

    def judge_many(self, cases: Sequence[Case]) -> list[Judged]:
        """See `Moderator`."""
        found: list[Judged] = []
        for case, judged in zip(cases, self._inner.judge_many(cases), strict=True):
            asked = self._asked(case)
            found.append(self._with_plugins(case, judged, asked) if asked else judged)
        return found

    def _asked(self, case: Case) -> list[Plugin]:
        """The plugins that this message concerns. One that cannot say so looks at it, and fails there."""
        if not self._plugins or (case.policy is not None and not case.policy.on("plugins")):
            return []
        return [each for each in self._plugins if _concerned(each, case)]

    async def _with_plugins(self, case: Case, judged: Judged, asked: Sequence[Plugin]) -> Verdict:
        strictest = judged if isinstance(judged, Verdict) else await judged
        for plugin in asked:
            assert plugin.judge is not None
            try:
                async with asyncio.timeout(plugin.wait_s):
                    verdict = await plugin.judge(case)
            except Exception as wrong:
                late = isinstance(wrong, TimeoutError)
                # Where the time went is in no trace of a timeout, and an overloaded server must not write one per message.
                logger.error(
                    "the plugin %s %s",
                    plugin.name,
                    "took too long to judge a message" if late else "failed to judge a message",
                    exc_info=None if late else wrong,
                )
                self.failures[f"plugin.{plugin.name}"] += 1
                if case.policy is None or case.policy.fails != "closed":
                    continue
                reason = Reason("moderation.failed", f"plugin {plugin.name}", 1.0)
                verdict = Verdict(Action.HOLD, (reason,), 1.0)
            if verdict is not None and _STRICTNESS.index(verdict.action) > _STRICTNESS.index(
                strictest.action
            ):
                strictest = verdict
        return strictest


def _concerned(plugin: Plugin, case: Case) -> bool:
    try:
        return plugin.concerns is None or plugin.concerns(case)
    except Exception:
        logger.exception("the plugin %s could not say whether a message concerns it", plugin.name)
        return True


def plugin_routes(plugins: Sequence[Plugin]) -> list[tuple[str, Any]]:
    """The plugins' routers with the path that each goes under."""
    made: list[tuple[str, Any]] = []
    for each in plugins:
        if each.routes is None:
            continue
        try:
            made.append((f"/plugins/{each.name}", each.routes()))
        except Exception:
            logger.exception("the plugin %s gave no routes", each.name)
    return made
