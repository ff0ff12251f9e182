"""What a browser keeps of conversations: shown without a server, shared by tabs, dropped when the log is another one."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from support import myna_server, processes
from support.browser import Person, sit_down
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard, Widget, open_newest

pytestmark = pytest.mark.needs("chromium")


def sockets(page: Page) -> list[str]:
    """The addresses of the sockets that a page opens from now on."""
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    return opened


async def kept_texts(page: Page) -> list[str]:
    """What the messages say that the browser keeps of all conversations."""
    texts: list[str] = await page.evaluate(
        """async () => {
            const name = (await indexedDB.databases()).find((each) => each.name.endsWith('.logs')).name;
            const open = indexedDB.open(name);
            const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
            const asked = database.transaction('logs').objectStore('logs').getAll();
            const logs = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
            database.close();
            return logs.flatMap((log) => log.messages).map((each) => each.body.text ?? '');
        }"""
    )
    return texts


def forgive_lost_connections(person: Person) -> None:
    person.faults[:] = [each for each in person.faults if "net::ERR_" not in each and "WebSocket" not in each]


async def test_tabs_share_one_connection_and_the_next_one_takes_it_over(
    demo_server: MynaServer, visitor: Person, operator: Person
) -> None:
    widget, first = Widget(visitor.page), Dashboard(operator.page)
    await visitor.page.goto(f"{demo_server.url}/demo")
    await widget.open()
    await widget.say("I want a human, about tabs")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await first.sign_in(demo_server)
    await operator.page.get_by_test_id("view-queue").click()
    await open_newest(operator.page)
    await operator.page.get_by_test_id("take-over").click()
    page = await operator.page.context.new_page()
    opened = sockets(page)
    await page.goto(operator.page.url)
    second = Dashboard(page)
    await expect(second.message("about tabs")).to_be_visible()
    await second.say("Sent through the other tab.")
    await expect(second.message("Sent through the other tab.")).to_have_attribute("data-state", "sent")
    await expect(widget.answers.filter(has_text="through the other tab")).to_have_count(1)
    assert opened == []

    await operator.page.close()
    await second.say("And now through a connection of its own.")
    await expect(widget.answers.filter(has_text="of its own")).to_have_count(1, timeout=STARTED_MS)
    assert len(opened) == 1
    await expect(second.message("of its own")).to_have_count(1)


async def test_lists_and_conversations_are_there_without_a_server_and_go_on_with_it(
    demo_server: MynaServer, visitor: Person, operator: Person
) -> None:
    widget, dashboard = Widget(visitor.page), Dashboard(operator.page)
    await visitor.page.goto(f"{demo_server.url}/demo")
    await widget.open()
    await widget.say("I want a human, about a kept page")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await dashboard.sign_in(demo_server)
    page = operator.page
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await expect(dashboard.message("about a kept page")).to_be_visible()
    while not any("about a kept page" in each for each in await kept_texts(page)):
        await page.wait_for_timeout(50)

    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await page.route_web_socket("**/v1/socket", refuse)
    await page.route("**/v1/**", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_test_id("ticket").first).to_be_visible()
    await expect(dashboard.message("about a kept page")).to_be_visible()
    await expect(page.get_by_test_id("offline")).to_be_visible()
    await operator.shoot("dashboard-kept-offline")

    await widget.say("Written while nobody could see it")
    await expect(widget.mine.last).to_have_attribute("data-state", "sent")
    await page.unroute("**/v1/**")
    await expect(dashboard.message("while nobody could see it")).to_be_visible(timeout=STARTED_MS)
    await expect(dashboard.message("about a kept page")).to_have_count(1)
    await page.get_by_test_id("sign-out").click()
    await expect(page.get_by_test_id("handle")).to_be_visible()
    assert await kept_texts(page) == []
    forgive_lost_connections(operator)


@pytest.fixture
def settings(tmp_path: Path, filled_demo: Path) -> dict[str, str]:
    shutil.copytree(filled_demo, tmp_path / "data")
    return {
        "MYNA_DATA": str(tmp_path / "data"),
        "MYNA_HOST": "127.0.0.1",
        "MYNA_PORT": str(processes.free_port()),
        "MYNA_TURN_DELAY_MS": "0",
    }


async def test_after_a_restored_backup_the_dashboard_shows_what_the_backup_holds(
    browser: Browser, tmp_path: Path, settings: dict[str, str]
) -> None:
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
            await dashboard.say("This is in the backup.")
            await expect(widget.answers.filter(has_text="in the backup")).to_have_count(1)

            os.kill(server.pid, signal.SIGTERM)
            process.wait()
            shutil.copytree(tmp_path / "data", tmp_path / "backup")
            process, server = myna_server.launch(tmp_path, "--demo", settings=settings)
            myna_server.wait_for(process, server)
            await expect(operator.page.get_by_test_id("offline")).to_have_count(0, timeout=STARTED_MS)
            await dashboard.say("This is younger than it.")
            await expect(widget.answers.filter(has_text="younger than it")).to_have_count(
                1, timeout=STARTED_MS
            )

            os.kill(server.pid, signal.SIGKILL)
            process.wait()
            shutil.rmtree(tmp_path / "data")
            shutil.copytree(tmp_path / "backup", tmp_path / "data")
            restored = [*myna_server.COMMAND, "migrate", "--restored"]
            subprocess.run(restored, env=myna_server.environment(settings), check=True)
            process, server = myna_server.launch(tmp_path, "--demo", settings=settings)
            myna_server.wait_for(process, server)

            await expect(operator.page.get_by_test_id("offline")).to_have_count(0, timeout=STARTED_MS)
            await expect(dashboard.message("younger than it")).to_have_count(0, timeout=STARTED_MS)
            await expect(dashboard.message("This is in the backup.")).to_have_count(1)
            await expect(widget.frame.get_by_text("younger than it")).to_have_count(0, timeout=STARTED_MS)
            await widget.say("Going on after the backup")
            await expect(dashboard.message("Going on after the backup")).to_have_count(1, timeout=STARTED_MS)
            forgive_lost_connections(visitor)
            forgive_lost_connections(operator)
    finally:
        processes.stop(process)
