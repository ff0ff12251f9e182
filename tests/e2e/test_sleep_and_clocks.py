"""A connection cut in the middle of an answer, laptops that sleep, and clocks that are wrong: nothing is lost or doubled."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from support.browser import Person, sit_down
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard, Widget, open_newest

pytestmark = pytest.mark.needs("chromium")
DAY_S = 86_400


class Line:
    """A page's sockets to the real server; each can be cut, and new ones be kept from coming up."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.up = True
        self.cut_at = ""
        """Cut as soon as the server says this op, before the page gets it."""
        self._open: list[WebSocketRoute] = []

    async def lay(self, page: Page) -> None:
        """Route the page's sockets through here."""
        await page.route_web_socket("**/v1/socket", self._opened)

    def cut(self) -> None:
        """End every connection without a word."""
        self.up = False
        for each in self._open:
            asyncio.ensure_future(each.close(code=4000))  # noqa: RUF006  # ends with the page
        self._open.clear()

    def _opened(self, socket: WebSocketRoute) -> None:
        if not self.up:
            asyncio.ensure_future(socket.close(code=4000))  # noqa: RUF006  # ends with the page
            return
        server = socket.connect_to_server()
        self._open.append(socket)

        def down(message: str | bytes) -> None:
            frames = _frames(message)
            self.heard += frames
            if self.cut_at and any(each["op"] == self.cut_at for each in frames):
                self.cut_at = ""
                self.cut()
                return
            socket.send(message)

        def up(message: str | bytes) -> None:
            self.said += _frames(message)
            server.send(message)

        server.on_message(down)
        socket.on_message(up)


def _frames(message: str | bytes) -> list[dict[str, Any]]:
    read = json.loads(message)
    return read if isinstance(read, list) else [read]


def _forgive(person: Person) -> None:
    person.faults[:] = [each for each in person.faults if "net::ERR_" not in each and "WebSocket" not in each]


@pytest.fixture
async def line(visitor: Person) -> AsyncIterator[Line]:
    made = Line()
    await made.lay(visitor.page)
    yield made
    _forgive(visitor)


async def test_an_answer_that_was_cut_off_in_the_middle_is_whole_when_the_line_is_back(
    demo_server: MynaServer, visitor: Person, line: Line
) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    line.cut_at = "delta"
    await widget.say("How long does delivery take?")
    await expect(widget.frame.get_by_test_id("banner")).to_contain_text("No connection")
    await expect(widget.answers.last).to_have_attribute("data-state", "streaming")
    line.up = True
    answer = widget.answers.last
    await expect(answer).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
    await expect(answer).to_contain_text("working days")
    await expect(widget.answers).to_have_count(1)
    await expect(widget.mine).to_have_count(1)
    await expect(widget.frame.get_by_test_id("banner")).to_be_hidden()


async def test_a_message_whose_acknowledgement_was_cut_off_is_there_once(
    demo_server: MynaServer, visitor: Person, line: Line
) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.ask("How much is shipping?")
    line.cut_at = "ack"
    await widget.say("I want a human please")
    await expect(widget.frame.get_by_test_id("banner")).to_contain_text("No connection")
    line.up = True
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await expect(widget.mine).to_have_count(2)
    await expect(widget.frame.locator(".draft")).to_have_count(0)
    await visitor.page.reload()
    await widget.open()
    await expect(widget.mine).to_have_count(2)
    tried = [each for each in line.said if each["op"] == "send" and "human" in each["body"]["text"]]
    assert len({each["client_id"] for each in tried}) == 1


async def test_a_laptop_that_slept_shows_what_was_said_meanwhile_once(
    demo_server: MynaServer, visitor: Person, operator: Person, line: Line
) -> None:
    widget, dashboard = Widget(visitor.page), Dashboard(operator.page)
    await visitor.page.goto(f"{demo_server.url}/demo")
    await widget.open()
    await dashboard.sign_in(demo_server)
    await widget.say("I want a human about sleeping bags")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await operator.page.get_by_test_id("view-queue").click()
    await open_newest(operator.page)
    await operator.page.get_by_test_id("take-over").click()
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Ana is here")

    # The lid is closed: the page stands still, its connection dies, and hours go by.
    browser = await visitor.page.context.new_cdp_session(visitor.page)
    await browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.cut()
    for n in range(3):
        await dashboard.say(f"Said while asleep {n}")
    await expect(dashboard.message("Said while asleep 2")).to_have_attribute("data-state", "sent")
    line.up = True
    await browser.send("Page.setWebLifecycleState", {"state": "active"})
    await visitor.page.clock.set_system_time((time.time() + 8 * 3600) * 1000)

    rows = widget.answers.filter(has_text="Said while asleep")
    await expect(rows).to_have_count(3, timeout=STARTED_MS)
    assert [await row.locator(".bubble").inner_text() for row in await rows.all()] == [
        f"Said while asleep {n}" for n in range(3)
    ]
    await widget.say("Good morning")
    await expect(dashboard.message("Good morning")).to_have_count(1)
    await expect(widget.frame.locator(".draft")).to_have_count(0)
    await operator.page.get_by_test_id("resolve").click()


@pytest.mark.parametrize("off_s", [-3 * DAY_S, 3 * DAY_S], ids=["three days behind", "three days ahead"])
async def test_a_clock_that_is_wrong_changes_neither_order_nor_delivery(
    demo_server: MynaServer, browser: Browser, visitor: Person, off_s: int
) -> None:
    async with sit_down(browser, "operator", width=1440, height=900) as operator:
        line = Line()
        await line.lay(visitor.page)
        for person in (visitor, operator):
            await person.page.clock.set_system_time((time.time() + off_s) * 1000)
        widget, dashboard = Widget(visitor.page), Dashboard(operator.page)
        await visitor.page.goto(f"{demo_server.url}/demo")
        await widget.open()
        await dashboard.sign_in(demo_server)
        await widget.say(f"I want a human, my clock is {off_s} s off")
        await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
        await operator.page.get_by_test_id("view-queue").click()
        await open_newest(operator.page)
        await operator.page.get_by_test_id("take-over").click()
        await dashboard.say("One")
        await expect(widget.answers.last).to_contain_text("One")
        line.cut()
        await widget.say("Two")
        await expect(widget.frame.get_by_test_id("banner")).to_contain_text("No connection")
        # Somebody sets the clock right while the message waits.
        await visitor.page.clock.set_system_time(time.time() * 1000)
        line.up = True
        await expect(dashboard.message("Two")).to_have_count(1, timeout=STARTED_MS)
        await dashboard.say("Three")
        await expect(widget.answers.last).to_contain_text("Three")
        told = [each for each in line.said if each["op"] == "send"]
        assert all(each["age_ms"] >= 0 for each in told)
        said = await widget.frame.get_by_test_id("log").inner_text()
        assert said.index("One") < said.index("Two") < said.index("Three")
        # A token is renewed when it has run out by whatever clock, and nobody is signed out.
        await operator.page.clock.set_system_time((time.time() + off_s + DAY_S) * 1000)
        await dashboard.go("reports")
        await expect(operator.page.get_by_test_id("tiles")).to_be_visible()
        await dashboard.go("inbox")
        await operator.page.get_by_test_id("view-mine").click()
        await open_newest(operator.page)
        await operator.page.get_by_test_id("resolve").click()
        await expect(widget.frame.get_by_test_id("banner")).to_contain_text("closed")
        for person in (visitor, operator):
            _forgive(person)
