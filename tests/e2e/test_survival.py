"""What happens to machines and networks: cuts, proxies, two tabs, sleep, old tokens. Nothing is lost or doubled."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from support.browser import Person
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard, Widget, open_newest

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
async def claimed(
    demo_server: MynaServer, visitor: Person, operator: Person
) -> AsyncIterator[tuple[Widget, Dashboard]]:
    """A conversation that the operator has taken over."""
    widget, dashboard = Widget(visitor.page), Dashboard(operator.page)
    await visitor.page.goto(f"{demo_server.url}/demo")
    await widget.open()
    await dashboard.sign_in(demo_server)
    await widget.say("I want a human")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await operator.page.get_by_test_id("view-queue").click()
    await open_newest(operator.page)
    await operator.page.get_by_test_id("take-over").click()
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Ana is here")
    yield widget, dashboard
    await operator.page.get_by_test_id("resolve").click()
    for person in (visitor, operator):
        person.faults[:] = [
            each for each in person.faults if "net::ERR_" not in each and "WebSocket" not in each
        ]


async def test_what_is_written_during_a_cut_arrives_once_and_in_order(
    claimed: tuple[Widget, Dashboard], visitor: Person, operator: Person
) -> None:
    widget, dashboard = claimed
    await visitor.page.context.set_offline(True)
    await expect(widget.frame.get_by_test_id("banner")).to_contain_text("No connection")
    for n in range(3):
        await widget.say(f"Offline line {n}")
    await expect(widget.mine.last).to_have_attribute("data-state", "waiting")
    await dashboard.say("Are you there?")
    await visitor.page.context.set_offline(False)
    rows = dashboard.message("Offline line")
    await expect(rows).to_have_count(3, timeout=STARTED_MS)
    assert [(await row.locator(".bubble").inner_text()) for row in await rows.all()] == [
        "Offline line 0",
        "Offline line 1",
        "Offline line 2",
    ]
    await expect(widget.frame.locator(".draft")).to_have_count(0)
    await expect(widget.answers.last).to_contain_text("Are you there?")


async def test_a_proxy_that_lets_no_web_socket_through_is_worked_around(
    demo_server: MynaServer, visitor: Person
) -> None:
    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await visitor.page.route_web_socket("**/v1/socket", refuse)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    answer = await widget.ask("How much is shipping?")
    await expect(answer).to_contain_text("3.95")
    await expect(widget.frame.locator(".draft")).to_have_count(0)
    assert any("/v1/poll" in url for url in asked)


async def test_the_dashboard_reads_a_stream_then_and_polls_when_streams_are_kept_back_too(
    demo_server: MynaServer, visitor: Person, operator: Person
) -> None:
    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    widget, dashboard, page = Widget(visitor.page), Dashboard(operator.page), operator.page
    await visitor.page.goto(f"{demo_server.url}/demo")
    await widget.open()
    await widget.say("I want a human, behind a proxy")
    await expect(widget.frame.get_by_test_id("owner")).to_contain_text("Waiting for a person")
    await page.route_web_socket("**/v1/socket", refuse)
    # Until it streams or polls, the thread may still be on its way, and bring along what is said meanwhile.
    async with page.expect_request(lambda request: "/v1/events" in request.url, timeout=STARTED_MS):
        await dashboard.sign_in(demo_server)
    await page.get_by_test_id("view-queue").click()
    await open_newest(page)
    await widget.say("Heard through a stream")
    await expect(dashboard.message("Heard through a stream")).to_have_count(1, timeout=STARTED_MS)
    await page.route("**/v1/events*", lambda route: route.abort())
    async with page.expect_request(lambda request: "/v1/poll" in request.url, timeout=STARTED_MS):
        await page.reload()
    await expect(dashboard.message("Heard through a stream")).to_have_count(1)
    await widget.say("Heard by polling")
    await expect(dashboard.message("Heard by polling")).to_have_count(1, timeout=STARTED_MS)
    operator.faults[:] = [each for each in operator.faults if "net::ERR_FAILED" not in each]


async def test_two_tabs_of_one_operator_agree_and_send_once(
    claimed: tuple[Widget, Dashboard], operator: Person
) -> None:
    widget, first = claimed
    second = await operator.page.context.new_page()
    await second.goto(operator.page.url)
    await second.reload()
    other = Dashboard(second)
    await expect(other.message("I want a human")).to_be_visible()
    await first.say("From the first tab")
    await other.say("From the second tab")
    for place in (first, other):
        await expect(place.message("From the first tab")).to_have_count(1)
        await expect(place.message("From the second tab")).to_have_count(1)
    await expect(widget.answers.filter(has_text="From the")).to_have_count(2)
    await second.close()


async def _age(page: Page) -> None:
    """The access token has run out, and this machine's clock says so too late: the server refuses it."""
    await page.evaluate(
        """() => {
            const kept = JSON.parse(localStorage.getItem('myna.operator'));
            kept.session.access_token = kept.session.access_token.slice(0, -6) + 'AAAAAA';
            localStorage.setItem('myna.operator', JSON.stringify(kept));
        }"""
    )


async def test_an_old_token_is_renewed_without_anybody_noticing(
    demo_server: MynaServer, operator: Person
) -> None:
    dashboard = Dashboard(operator.page)
    await dashboard.sign_in(demo_server)
    # From another page: a dashboard that is open would renew the token itself, and leaving it in the midst of that signs out.
    await operator.page.goto(demo_server.url)
    await _age(operator.page)
    await operator.page.goto(f"{demo_server.url}/dashboard/")
    await expect(operator.page.get_by_test_id("nav-inbox")).to_be_visible()
    await dashboard.go("reports")
    await expect(operator.page.get_by_test_id("tiles")).to_be_visible()
    operator.faults[:] = [each for each in operator.faults if "401" not in each]
    kept = json.loads(await operator.page.evaluate("localStorage.getItem('myna.operator')"))
    assert not kept["session"]["access_token"].endswith("AAAAAA")


async def test_a_returning_visitor_finds_the_conversation_again(
    demo_server: MynaServer, browser: Browser, visitor: Person
) -> None:
    await visitor.page.goto(f"{demo_server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.ask("How much is shipping?")
    await visitor.page.reload()
    await widget.open()
    await expect(widget.answers.first).to_contain_text("3.95")
    await expect(widget.mine).to_have_count(1)
