"""The server dies in mid-conversation, and comes back."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from support import myna_server, processes
from support.browser import Person, sit_down
from support.pages import STARTED_MS, Dashboard, Widget

pytestmark = pytest.mark.needs("chromium")


def lost_connection(fault: str) -> bool:
    """What Chromium itself writes to the console when a server is gone."""
    return "net::ERR_" in fault or "WebSocket connection" in fault


async def test_a_killed_server_loses_nothing_acknowledged_and_both_pages_go_on(
    browser: Browser, tmp_path: Path, filled_demo: Path
) -> None:
    shutil.copytree(filled_demo, tmp_path / "data")
    settings = {
        "MYNA_DATA": str(tmp_path / "data"),
        "MYNA_HOST": "127.0.0.1",
        "MYNA_PORT": str(processes.free_port()),
        "MYNA_TURN_DELAY_MS": "0",
    }
    process, server = myna_server.launch(tmp_path, "--demo", settings=settings)
    try:
        myna_server.wait_for(process, server)
        async with (
            sit_down(browser, "visitor", width=1180, height=820) as visitor,
            sit_down(browser, "operator", width=1440, height=900) as operator,
        ):
            widget, dashboard = Widget(visitor.page), Dashboard(operator.page)
            await visitor.page.goto(f"{server.url}/demo")
            await widget.open()
            await dashboard.sign_in(server)
            await widget.say("I want a human")
            await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
            await dashboard.open_ticket()
            await operator.page.get_by_test_id("take-over").click()
            acknowledged = [f"Line {n} before the crash." for n in range(5)]
            for line in acknowledged:
                await widget.say(line)
            await expect(widget.frame.locator(".mine:not(.draft)")).to_have_count(6)

            os.kill(server.pid, signal.SIGKILL)
            process.wait()
            await expect(widget.frame.get_by_test_id("banner")).to_contain_text("No connection")
            await expect(operator.page.get_by_test_id("offline")).to_be_visible()
            await widget.say("Written while the server was down.")
            await dashboard.say("And an answer from the dark.")
            await visitor.shoot("widget-offline")
            await operator.shoot("dashboard-offline")

            process, server = myna_server.launch(tmp_path, "--demo", settings=settings)
            myna_server.wait_for(process, server)
            expected = ["I want a human", *acknowledged, "Written while the server was down."]
            await expect(widget.frame.locator(".mine:not(.draft)")).to_have_count(7, timeout=STARTED_MS)
            await expect(widget.mine.locator(".bubble")).to_have_text(expected)
            await expect(widget.answers.last).to_contain_text("answer from the dark", timeout=STARTED_MS)
            await expect(operator.page.get_by_test_id("offline")).to_have_count(0)
            for line in expected:
                await expect(dashboard.message(line)).to_have_count(1)
            await expect(dashboard.message("answer from the dark")).to_have_count(1)
            await visitor.shoot("widget-recovered")

            # A reload asks the server alone: what it has is what was shown.
            await operator.page.reload()
            for line in expected:
                await expect(dashboard.message(line)).to_have_count(1)
            _forgive(visitor)
            _forgive(operator)
    finally:
        processes.stop(process)


def _forgive(person: Person) -> None:
    person.faults[:] = [fault for fault in person.faults if not lost_connection(fault)]
