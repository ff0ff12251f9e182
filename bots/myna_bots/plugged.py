"""What plugins add to a running server, supervised: whatever goes wrong in one is counted, logged, and stays its own affair."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from myna.errors import Malformed, MynaError, NotFound
from myna.rights import Principal
from myna_agents.tools.tool import Caller, Tool, ToolFailed, ToolSpec
from myna_agents.tools.toolbox import check_spec
from myna_bots.api.parts import CardPart
from myna_bots.host.platform import BotPlatform
from myna_bots.plugins import ADDS, Plugin
from myna_knowledge.formats.blocks import Unreadable
from myna_knowledge.model import SourceDraft
from myna_knowledge.plugged import PluggedSource
from myna_knowledge.reading.fetching import Fetcher

PANEL_S = 1.0
"""How long a panel may take; all panels of a conversation are asked at once."""
_NAME = re.compile(r"^[a-z0-9_-]{1,32}$")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Special:
    """A message of a kind that a plugin adds, as it is stored and as every client shows it."""

    text: str
    """What it says: this is judged, searched, and shown by clients that know no cards."""
    content: Mapping[str, Any]
    """What it holds, for programs: `body.special.content`."""
    card: Mapping[str, Any] | None = None
    """How people see it; of the shape in docs/bots/messages.md."""


class Kind(Protocol):
    """A kind of message."""

    @property
    def name(self) -> str:
        """What it is called by, 1 to 32 of a-z, 0-9, _ and -."""
        ...

    def made(self, content: Mapping[str, Any]) -> Special:
        """The message of this content. Called before anything is stored, and without waiting.

        Raises:
            Malformed: the content is not right; says what is wrong.
        """
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Which conversation a panel stands beside, and who looks: they may see it."""

    conversation: int
    asker: Principal
    platform: BotPlatform


class Panel(Protocol):
    """Something that is shown beside a conversation in the dashboard."""

    @property
    def name(self) -> str:
        """What it is called by, 1 to 32 of a-z, 0-9, _ and -."""
        ...

    async def show(self, place: Place) -> Mapping[str, Any] | None:
        """A card of the shape in docs/bots/messages.md; None shows nothing here."""
        ...


@dataclass(slots=True)
class Plugged:
    """What all loaded plugins add, by name. Of two with one name the plugin that comes first by name has it."""

    plugins: Sequence[Plugin] = ()
    failures: Counter[str] = field(default_factory=Counter[str])
    """How often something of a plugin failed, as `PLUGIN.HOOK`."""
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    sources: dict[str, PluggedSource] = field(default_factory=dict[str, PluggedSource])
    kinds: dict[str, tuple[str, Kind]] = field(default_factory=dict[str, tuple[str, Kind]])
    """With the plugin that each is of."""
    panels: dict[str, tuple[str, Panel]] = field(default_factory=dict[str, tuple[str, Panel]])

    def __post_init__(self) -> None:
        for plugin in self.plugins:
            for hook in ADDS:
                for each in self._given(plugin, hook):
                    try:
                        self._add(plugin.name, hook, each)
                    except Exception as wrong:
                        self._failed(f"{plugin.name}.{hook}", wrong)

    def _given(self, plugin: Plugin, hook: str) -> Sequence[Any]:
        give: Callable[[], Sequence[Any]] | None = getattr(plugin, hook)
        if give is None:
            return ()
        try:
            return list(give())
        except Exception as wrong:
            self._failed(f"{plugin.name}.{hook}", wrong)
            return ()

    def _add(self, plugin: str, hook: str, each: Any) -> None:
        name: str = check_spec(each.spec).name if hook == "tools" else each.name
        if hook != "tools" and not _NAME.match(name):
            raise Malformed(f"{hook}: the name {name!r} must be 1 to 32 of a-z, 0-9, _ and -.")
        kept: Any = (plugin, each)
        if hook == "tools":
            kept = SupervisedTool(each, plugin, self._failed)
        elif hook == "sources":
            kept = SupervisedSource(each, plugin, self._failed)
        store: dict[str, Any] = getattr(self, hook)
        if store.setdefault(name, kept) is not kept:
            raise Malformed(f"{hook}: another plugin has {name!r}.")

    def _failed(self, where: str, wrong: BaseException) -> None:
        logger.error("the plugin %s failed", where, exc_info=wrong)
        self.failures[where] += 1

    def special(self, kind: str, content: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Text and further parts of a message of this kind.

        Raises:
            NotFound: no plugin has this kind. Malformed: the content is not right.
            MynaError: the plugin failed; nothing was stored.
        """
        if kind not in self.kinds:
            known = ", ".join(sorted(self.kinds)) or "none"
            raise NotFound(f"No plugin here has the kind {kind!r}; there are: {known}.", code="no_such_kind")
        plugin, found = self.kinds[kind]
        try:
            made = found.made(content)
            parts: dict[str, Any] = {"special": {"kind": kind, "content": dict(made.content)}}
            if made.card is not None:
                parts["card"] = CardPart.model_validate(made.card).model_dump(exclude_defaults=True)
            return made.text, parts
        except MynaError:
            raise
        except Exception as wrong:
            self._failed(f"{plugin}.kinds", wrong)
            raise MynaError(f"The kind {kind!r} failed.", status=502, code="plugin_failed") from wrong

    async def shown(self, place: Place) -> list[dict[str, Any]]:
        """The panels of a conversation that have something to show; of one that failed only that it did."""
        found = await asyncio.gather(*(self._panel(name, place) for name in sorted(self.panels)))
        return [each for each in found if each is not None]

    async def _panel(self, name: str, place: Place) -> dict[str, Any] | None:
        plugin, panel = self.panels[name]
        try:
            async with asyncio.timeout(PANEL_S):
                card = await panel.show(place)
            if card is None:
                return None
            return {"name": name, "card": CardPart.model_validate(card).model_dump(exclude_defaults=True)}
        except Exception as wrong:
            self._failed(f"{plugin}.panels", wrong)
            return {"name": name, "failed": True}

    def about(self, judging: Mapping[str, int]) -> list[dict[str, Any]]:
        """Each plugin with its hooks and how often they failed; `judging` are the failures of moderation."""
        return [
            {
                "name": each.name,
                "hooks": [
                    hook
                    for hook, has in (
                        ("moderate", each.judge),
                        ("routes", each.routes),
                        *((one, getattr(each, one)) for one in ADDS),
                    )
                    if has is not None
                ],
                "failures": judging.get(f"plugin.{each.name}", 0)
                + sum(self.failures[f"{each.name}.{hook}"] for hook in ADDS),
            }
            for each in self.plugins
        ]


@dataclass(frozen=True, slots=True)
class SupervisedTool:
    """A plugin's tool. Whatever it raises becomes `ToolFailed`, which agents know how to answer."""

    inner: Tool
    plugin: str
    failed: Callable[[str, BaseException], None]

    @property
    def spec(self) -> ToolSpec:
        """What it is."""
        return self.inner.spec

    async def use(self, arguments: Mapping[str, Any], caller: Caller, key: str) -> str:
        """Do it; see `Tool`."""
        try:
            return str(await self.inner.use(arguments, caller, key))
        except ToolFailed:
            raise
        except Exception as wrong:
            self.failed(f"{self.plugin}.tools", wrong)
            broken = ToolFailed(f"{self.spec.name} failed.")
            broken.temporary = False
            raise broken from wrong


@dataclass(frozen=True, slots=True)
class SupervisedSource:
    """A plugin's source. Whatever it raises becomes `Unreadable`, which fails the job and nothing else."""

    inner: PluggedSource
    plugin: str
    failed: Callable[[str, BaseException], None]

    @property
    def name(self) -> str:
        """What it is called by."""
        return self.inner.name

    def check(self, address: str) -> None:
        """See `PluggedSource`."""
        try:
            self.inner.check(address)
        except MynaError:
            raise
        except Exception as wrong:
            raise self._broken(wrong) from wrong

    async def documents(self, address: str, web: Fetcher) -> AsyncIterator[SourceDraft]:
        """See `PluggedSource`."""
        try:
            async for each in self.inner.documents(address, web):
                yield each
        except MynaError:
            raise
        except Exception as wrong:
            raise self._broken(wrong) from wrong

    def _broken(self, wrong: Exception) -> Unreadable:
        self.failed(f"{self.plugin}.sources", wrong)
        return Unreadable(f"The plugin that reads {self.name!r} failed.", code="plugin_failed")
