"""What guards the server, in a browser: alerts, blocks, limits and privacy on screens; proofs of work that pages compute."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from zipfile import ZipFile

import pytest
from playwright.async_api import Page, Response, expect

from support import myna_server
from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.pages import Dashboard, Widget

pytestmark = pytest.mark.needs("chromium")
EVIL = "203.0.113.9"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MynaServer]:
    """A demo at which every address is noisy after a first visitor and two wrong passwords."""
    settings = {"MYNA_EMBEDDER": "none:", "MYNA_LIMITS": "visitor_free=1/600,sign_in_free=2/600"}
    with myna_server.serve(tmp_path_factory.mktemp("guarded"), "--demo", settings=settings) as running:
        yield running


def status_of(server: MynaServer, path: str, *, address: str = "", body: object = None) -> int:
    """What a request is answered, through a proxy that says from where it comes."""
    headers = {"X-Forwarded-For": address} if address else {}
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        f"{server.url}{path}", data, headers | {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def statuses_of(page: Page, path: str) -> list[int]:
    """Every status that a page gets from now on for a path."""
    found: list[int] = []

    def note(answer: Response) -> None:
        if answer.url.endswith(path):
            found.append(answer.status)

    page.on("response", note)
    return found


def forgive(person: Person, *known: str) -> None:
    """Leave out what the test brings about."""
    person.faults[:] = [fault for fault in person.faults if not any(each in fault for each in known)]


async def test_a_widget_at_a_noisy_address_computes_and_begins(server: MynaServer, visitor: Person) -> None:
    assert status_of(server, "/v1/visitors", body={"inbox": "demo"}) == 201
    statuses = statuses_of(visitor.page, "/v1/visitors")
    await visitor.page.goto(f"{server.url}/demo")
    widget = Widget(visitor.page)
    await widget.open()
    await widget.say("Hello from a noisy place")
    mine = widget.mine.filter(has_text="Hello from a noisy place")
    await expect(mine).to_have_attribute("data-state", "sent", timeout=30_000)
    assert statuses == [428, 201]
    forgive(visitor, "428")


async def test_the_dashboard_computes_after_wrong_passwords(server: MynaServer, operator: Person) -> None:
    page = operator.page
    await page.goto(f"{server.url}/dashboard/")
    await page.get_by_test_id("handle").fill("operator")
    for number in range(2):
        await page.get_by_test_id("password").fill(f"wrong {number}")
        await page.get_by_test_id("sign-in").click()
        await expect(page.get_by_test_id("sign-in-error")).to_be_visible()
        await expect(page.get_by_test_id("sign-in")).to_be_enabled()
    statuses = statuses_of(page, "/v1/auth/sign-in")
    await Dashboard(page).sign_in(server)
    assert statuses == [428, 200]
    forgive(operator, "428", "401")


async def test_alerts_limits_and_privacy_are_seen_and_decided(server: MynaServer, operator: Person) -> None:
    assert [status_of(server, f"/v1/files/{n}/..%2f..%2fetc%2fpasswd", address=EVIL) for n in range(4)][
        -1
    ] == 403
    page = operator.page
    await Dashboard(page).sign_in(server)
    await Dashboard(page).go("security")
    await page.get_by_test_id("safety-alerts").click()
    await expect(page.get_by_test_id("alert").filter(has_text=EVIL)).to_be_visible()
    block = page.get_by_test_id("block").filter(has_text=EVIL)
    await expect(block).to_be_visible()
    await operator.shoot("alerts", whole_page=True)
    assert not await violations(page)
    await block.get_by_role("button").click()
    await expect(block).to_have_count(0)
    assert status_of(server, "/v1/inboxes/demo", address=EVIL) != 403
    await page.get_by_test_id("block-address").fill(EVIL)
    await page.get_by_test_id("block-add").click()
    await expect(block).to_be_visible()
    assert status_of(server, "/v1/inboxes/demo", address=EVIL) == 403
    await page.get_by_test_id("safety-limits").click()
    free = page.get_by_test_id("limit").filter(has_text="sign_in_free")
    await expect(free).to_contain_text("2 / 600 s")
    assert not await violations(page)
    await page.get_by_test_id("safety-privacy").click()
    await page.get_by_test_id("keep-group").fill("90")
    await page.get_by_test_id("save-retention").click()
    await page.reload()
    await page.get_by_test_id("safety-privacy").click()
    await expect(page.get_by_test_id("keep-group")).to_have_value("90")
    await page.get_by_test_id("person-export").click()
    await expect(page.get_by_test_id("job-download").first).to_be_visible(timeout=30_000)
    await operator.shoot("privacy", whole_page=True)
    assert not await violations(page)
    forgive(operator, "428")


async def test_everything_about_oneself_is_made_and_downloaded(server: MynaServer, operator: Person) -> None:
    page = operator.page
    await Dashboard(page).sign_in(server)
    await Dashboard(page).go("settings")
    before = await page.get_by_test_id("my-export-download").count()
    await page.get_by_test_id("my-export").click()
    await expect(page.get_by_test_id("my-export-download")).to_have_count(before + 1, timeout=30_000)
    async with page.expect_download() as saved:
        await page.get_by_test_id("my-export-download").first.click()
    with ZipFile(await (await saved.value).path()) as archive:
        assert any("profile" in name for name in archive.namelist())
    await page.get_by_test_id("account").scroll_into_view_if_needed()
    await operator.shoot("my-export")
    assert not await violations(page)
    forgive(operator, "428")
