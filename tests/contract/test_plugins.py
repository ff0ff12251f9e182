"""Plugins: a package that is installed adds to every hook, and whatever fails in one is counted and stays its own affair."""

import tomllib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from myna.model.workspace import WorkspaceRole
from myna_agents.tools.tool import Caller, ToolFailed
from myna_agents.tools.toolbox import Toolbox
from myna_bots.shipped import Clock
from myna_bots.shipped.feeds import entries
from myna_knowledge.formats.blocks import Unreadable
from support.bot_world import Caller as Person
from support.bot_world import World, world
from support.receiver import receiver

HERE = Path(__file__).resolve().parents[2]
CODE = """
from myna_agents.tools.tool import ToolSpec
from myna_bots.plugged import Special
from myna_knowledge.model import SourceDraft, SourceKind

class Tool:
    def __init__(self, name):
        self.spec = ToolSpec(name, "says it loudly", {"type": "object", "properties": {"text": {"type": "string"}}})
    async def use(self, arguments, caller, key):
        return arguments["text"].upper()

class Source:
    name = "acme"
    def check(self, address):
        if address == "odd":
            raise RuntimeError("on purpose")
    async def documents(self, address, web):
        yield SourceDraft(SourceKind.TEXT, title="Acme", content=b"Acme anvils weigh eleven stone.", key="one")
        if address == "breaks":
            raise RuntimeError("on purpose")

class Kind:
    name = "shout"
    def made(self, content):
        return Special(content["text"].upper(), content)

class Panel:
    name = "acme"
    async def show(self, place):
        if place.asker.role == "analyst":
            raise RuntimeError("on purpose")
        return {"title": "Acme", "text": str(place.conversation)}

class Acme:
    async def moderate(self, case):
        if "anvil" in case.text:
            raise RuntimeError("on purpose")
    def tools(self): return [Tool("shout_it"), Tool("not a name")]
    def sources(self): return [Source()]
    def kinds(self): return [Kind(), Kind()]
    def panels(self): return [Panel()]

class Useless:
    def tools(self): raise RuntimeError("on purpose")
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with plugins in the path."""
    folder = tmp_path / "site"
    named = folder / "acme_plugin-1.0.dist-info"
    named.mkdir(parents=True)
    (folder / "acme_plugin.py").write_text(CODE)
    (named / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.0\n")
    (named / "entry_points.txt").write_text(
        "[myna.plugins]\nacme = acme_plugin:Acme\nuseless = acme_plugin:Useless\nabsent = acme_plugin:Absent\n"
    )
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
async def shop(tmp_path: Path, installed: None, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A server that loads them, with the demo's agent where a test asks for it."""
    demo = getattr(request, "param", "") == "with an agent"
    given: dict[str, Any] = {
        "moderation": True,
        "embedder": "none:",
        "index": "exact:",
        "private_sources": True,
    }
    async with world(tmp_path, demo=demo, **given) as made:
        yield made


async def told(ann: Person) -> dict[str, int]:
    """The plugins' failures."""
    found = (await ann.ask("GET", "/v1/plugins"))["plugins"]
    return {each["name"]: each["failures"] for each in found}


async def texts(ann: Person, place: str) -> list[str]:
    got = await ann.ask("GET", f"/v1/conversations/{place}/messages")
    return [each["body"]["text"] for each in got["messages"]]


async def sends(who: Person, place: str, kind: str, status: int, content: Any, key: str = "") -> Any:
    path, key = f"/v1/conversations/{place}/kinds/{kind}", key or uuid.uuid4().hex
    return await who.ask("POST", path, status, json={"content": content}, headers={"Idempotency-Key": key})


async def taught(shop: World, ann: Person, base: str, address: str, source: str = "acme") -> Any:
    """The job that read a source, when it has ended."""
    given = {"kind": "plugin", "source": source, "address": address}
    job = (await ann.ask("POST", f"/v1/knowledge-bases/{base}/sources", 202, json=given))["job"]
    await shop.bots.library.drain()
    return await ann.ask("GET", f"/v1/knowledge-bases/{base}/jobs/{job['id']}")


def test_the_shipped_plugins_are_installed_as_they_are_declared() -> None:
    declared = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["entry-points"]["myna.plugins"]
    installed = {each.name: each.value for each in entry_points(group="myna.plugins")}
    assert installed == declared, "run scripts/setup dev: the installed names are older than pyproject.toml"


@pytest.mark.parametrize("shop", ["with an agent"], indirect=True)
async def test_an_installed_package_adds_to_every_hook(shop: World) -> None:
    ann = await shop.person("ann")
    owner = await shop.person("olga", WorkspaceRole.OWNER)
    place = await shop.group(ann)
    listed = await ann.ask("GET", "/v1/plugins")
    hooks = {each["name"]: each["hooks"] for each in listed["plugins"]}
    assert hooks["acme"] == ["moderate", "tools", "sources", "kinds", "panels"]
    assert {"shout", "meeting"} <= set(listed["kinds"])
    assert {"acme", "feed"} <= set(listed["sources"])
    assert {"shout_it", "current_time"} == {each["name"] for each in listed["tools"]}

    await sends(ann, place, "shout", 201, {"text": "hello"})
    assert await texts(ann, place) == ["HELLO"]
    panels = (await ann.ask("GET", f"/v1/conversations/{place}/panels"))["panels"]
    assert panels == [{"name": "acme", "card": {"title": "Acme", "text": place}}]

    base = (await owner.ask("POST", "/v1/knowledge-bases", 201, json={"name": "Acme"}))["id"]
    assert (await taught(shop, owner, base, "all"))["state"] == "done"
    path = f"/v1/knowledge-bases/{base}/search"
    found = await owner.ask("POST", path, json={"query": "How much do anvils weigh?"})
    assert found["passages"][0]["text"] == "Acme anvils weigh eleven stone."

    agent = (await owner.ask("GET", "/v1/agents"))["agents"][0]["id"]
    declared = {"body": {"tools": [{"kind": "plugin", "name": "shout_it"}]}}
    await owner.ask("POST", f"/v1/agents/{agent}/versions", 201, json=declared)
    declared["body"]["tools"][0]["name"] = "nothing"
    refused = await owner.ask("POST", f"/v1/agents/{agent}/versions", 400, json=declared)
    assert "shout_it" in refused["detail"]
    tools = await shop.app.state.office.shed.made({"kind": "plugin", "name": "shout_it"})
    assert await Toolbox(tools, Caller(1, 1, "k")).use("shout_it", {"text": "x"}) == "X"


async def test_whatever_fails_in_a_plugin_is_counted_and_stays_its_own_affair(shop: World) -> None:
    ann, owner = await shop.person("ann"), await shop.person("olga", WorkspaceRole.OWNER)
    bob = await shop.person("bob", WorkspaceRole.ANALYST)
    place = await shop.group(ann, bob.id)
    before = await told(ann)
    # A second kind of one name, a tool whose name no model takes, a hook that raises; a plugin that is not there is left out.
    assert (before["acme"], before["useless"], "absent" in before) == (2, 1, False)

    await ann.says(place, "an anvil")
    await sends(ann, place, "shout", 502, {"no": "text"})
    await sends(ann, place, "nothing", 404, {"text": "x"})
    assert await texts(ann, place) == ["an anvil"]
    base = (await owner.ask("POST", "/v1/knowledge-bases", 201, json={"name": "Acme"}))["id"]
    broken = await taught(shop, owner, base, "breaks")
    assert (broken["state"], broken["errors"]) == ("failed", ["The plugin that reads 'acme' failed."])
    odd = {"kind": "plugin", "source": "acme", "address": "odd"}
    await owner.ask("POST", f"/v1/knowledge-bases/{base}/sources", 422, json=odd)
    (tool,) = await shop.app.state.office.shed.made({"kind": "plugin", "name": "shout_it"})
    with pytest.raises(ToolFailed) as failed:
        await Toolbox([tool], Caller(1, 1, "k")).use("shout_it", {})
    assert not failed.value.temporary
    shown = (await bob.ask("GET", f"/v1/conversations/{place}/panels"))["panels"]
    assert shown == [{"name": "acme", "failed": True}]
    assert (await told(ann))["acme"] == before["acme"] + 6


async def test_a_meeting_is_checked_and_shown_as_a_card(shop: World) -> None:
    ann, eve = await shop.person("ann"), await shop.person("eve")
    place = await shop.group(ann)
    content = {
        "title": " Team lunch ",
        "starts_at": "2026-12-01T14:00:00+01:00",
        "ends_at": "2026-12-01T14:30:00Z",
        "place": "Berlin",
    }
    first = await sends(ann, place, "meeting", 201, content, "one")
    assert (await sends(ann, place, "meeting", 200, content, "one"))["seq"] == first["seq"]
    wrong: list[Any] = [
        {},
        {**content, "title": " "},
        {**content, "starts_at": "tomorrow"},
        {**content, "starts_at": "2026-12-01T14:00:00"},
        {**content, "ends_at": "2026-12-01T12:00:00Z"},
        {**content, "where": "x"},
        {**content, "place": "x" * 201},
    ]
    for each in wrong:
        assert (await sends(ann, place, "meeting", 400, each))["detail"]
    await sends(ann, place, "meeting", 413, {"title": "x" * 20_000})
    await sends(ann, place, "meeting", 400, [])
    await sends(eve, place, "meeting", 404, content)
    (message,) = (await ann.ask("GET", f"/v1/conversations/{place}/messages"))["messages"]
    assert message["body"]["text"] == "Team lunch\n🕑 2026-12-01 14:00–15:30 (UTC+01:00)\n📍 Berlin"
    assert message["body"]["special"]["content"]["place"] == "Berlin"
    assert message["body"]["card"] == {
        "title": "Team lunch",
        "fields": [
            {"label": "🕑", "value": "2026-12-01 14:00–15:30 (UTC+01:00)"},
            {"label": "📍", "value": "Berlin"},
        ],
    }


async def test_the_panel_of_bots_names_them_with_their_commands(shop: World) -> None:
    ann, eve = await shop.person("ann"), await shop.person("eve")
    place = await shop.group(ann)
    bot = await shop.installed(ann, place, "order_bot")
    await bot.ask("PUT", "/v1/bot/commands", json={"commands": [{"name": "order", "help": "Where?"}]})
    panels = (await ann.ask("GET", f"/v1/conversations/{place}/panels"))["panels"]
    assert panels[1]["card"] == {"title": "Bots", "fields": [{"label": "Bot", "value": "/order"}]}
    await eve.ask("GET", f"/v1/conversations/{place}/panels", 404)
    await bot.ask("GET", f"/v1/conversations/{place}/panels", 403)


RSS = """<rss version="2.0"><channel><title>News</title>{items}</channel></rss>"""
ITEM = "<item><title>{0}</title><guid>{0}</guid><link>/news/{0}</link><description>{1}</description></item>"


async def test_a_feed_is_read_again_and_what_left_it_is_forgotten(shop: World) -> None:
    owner = await shop.person("olga", WorkspaceRole.OWNER)
    base = (await owner.ask("POST", "/v1/knowledge-bases", 201, json={"name": "News"}))["id"]
    items = [
        ITEM.format("moved", "We moved to Harbour Street 9."),
        ITEM.format("open", "&lt;p&gt;We open at &lt;b&gt;nine&lt;/b&gt; on Sundays.&lt;/p&gt;"),
    ]
    async with receiver() as site:
        site.answer = lambda _: (
            200,
            {"Content-Type": "application/rss+xml"},
            RSS.format(items="".join(items)).encode(),
        )
        given = {"kind": "plugin", "source": "feed", "address": "ftp://x"}
        refused = await owner.ask("POST", f"/v1/knowledge-bases/{base}/sources", 422, json=given)
        assert refused["code"] == "bad_address"
        unknown = {**given, "source": "nothing"}
        assert (
            "feed"
            in (await owner.ask("POST", f"/v1/knowledge-bases/{base}/sources", 422, json=unknown))["detail"]
        )
        assert (await taught(shop, owner, base, site.url, "feed"))["state"] == "done"
        listed = (await owner.ask("GET", f"/v1/knowledge-bases/{base}/sources"))["sources"]
        assert sorted(each["title"] for each in listed) == [site.url, "moved", "open"]
        path = f"/v1/knowledge-bases/{base}/search"
        found = await owner.ask("POST", path, json={"query": "When do you open on Sundays?"})
        assert found["passages"][0]["text"] == "We open at nine on Sundays."
        assert found["passages"][0]["url"].endswith("/news/open")
        items.pop()
        assert (await taught(shop, owner, base, site.url, "feed"))["state"] == "done"
        assert len((await owner.ask("GET", f"/v1/knowledge-bases/{base}/sources"))["sources"]) == 2
        site.answer = lambda _: (200, {"Content-Type": "text/html"}, b"<html><body>x</body></html>")
        failed = await taught(shop, owner, base, site.url, "feed")
        assert (failed["state"], "no feed" in failed["errors"][0]) == ("failed", True)
        assert len((await owner.ask("GET", f"/v1/knowledge-bases/{base}/sources"))["sources"]) == 2


def test_an_atom_feed_is_read_and_one_that_expands_is_refused() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A &amp; B</title><id>urn:1</id>'
        '<link rel="alternate" href="b.html"/><content type="html">&lt;p&gt;Text&lt;/p&gt;</content></entry>'
        "<entry><title>Empty</title><id>urn:2</id></entry></feed>"
    )
    (one,) = entries(atom.encode(), "https://e.org/feed/a.xml")
    assert (one.title, one.key, one.url) == ("A & B", "urn:1", "https://e.org/feed/b.html")
    assert (one.filename, one.content) == ("entry.html", b"<p>Text</p>")
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><channel>&b;</channel></rss>'
    for wrong in (laughs, b"", b"<x", b"<x/>", b"\xff\xfe\x00"):
        with pytest.raises(Unreadable):
            entries(wrong, "https://e.org/")


async def test_the_clock_knows_the_zones() -> None:
    now = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    box = Toolbox(Clock(lambda: now).tools(), Caller(1, 1, "k"))
    assert await box.use("current_time", {}) == "Thursday 2026-11-26 23:30 (UTC+00:00)"
    berlin = await box.use("current_time", {"zone": "Europe/Berlin"})
    assert berlin == "Friday 2026-11-27 00:30 (UTC+01:00)"
    for zone in ("Nowhere/City", "../etc/passwd", "/etc/passwd"):
        with pytest.raises(ToolFailed):
            await box.use("current_time", {"zone": zone})
