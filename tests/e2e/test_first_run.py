"""Somebody starts Myna without any data and gets a question answered from a text of their own."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from support.browser import Person
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard

pytestmark = pytest.mark.needs("chromium")

TEXT = """# Opening hours

Blue Bike Repairs is open from Tuesday to Saturday between 10:00 and 18:30. On Mondays the workshop is closed.

# Prices

A puncture repair costs 14 pounds and takes twenty minutes. A full service costs 85 pounds.
"""


async def test_the_guide_leads_from_nothing_to_an_answer_of_ones_own(
    start_server: Callable[..., MynaServer], operator: Person, visitor: Person
) -> None:
    server = start_server()
    page, dashboard = operator.page, Dashboard(operator.page)
    await dashboard.sign_in(server)
    await expect(page.get_by_test_id("guide")).to_be_visible()
    await operator.shoot("guide-begin")
    await page.get_by_test_id("guide-name").fill("Blue Bike Repairs")
    await page.get_by_test_id("guide-begin").click()
    await expect(page.get_by_test_id("step-1")).to_have_attribute("data-done", "true")
    await page.get_by_test_id("source-title").fill("About us")
    await page.get_by_test_id("source-text").fill(TEXT)
    await page.get_by_test_id("add-source").click()
    await expect(page.get_by_test_id("step-2")).to_have_attribute("data-done", "true", timeout=STARTED_MS)
    await operator.shoot("guide-taught")
    address = await page.get_by_test_id("guide-chat").get_attribute("href")
    await page.get_by_test_id("guide-leave").click()
    await expect(page.get_by_test_id("view-open")).to_be_visible()

    await visitor.page.goto(server.url + (address or ""))
    composer = visitor.page.get_by_test_id("composer")
    await composer.fill("How much does a puncture repair cost?")
    await composer.press("Enter")
    answer = visitor.page.get_by_test_id("message").first
    await expect(answer).to_contain_text("14 pounds", timeout=STARTED_MS)
    await expect(answer.get_by_test_id("citation").first).to_be_visible()
    await visitor.shoot("guide-answer")
    await expect(page.get_by_test_id("ticket")).to_have_count(1)
    await operator.page.reload()
    await expect(page.get_by_test_id("guide")).to_have_count(0)
