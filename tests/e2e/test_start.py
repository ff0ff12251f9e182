"""The first minute after `make run`."""

import pytest
from playwright.async_api import expect

from support.browser import Person
from support.myna_server import MynaServer


@pytest.mark.parametrize("place", ["demo", "dashboard", "docs"])
async def test_the_start_page_leads_to_everything(
    demo_server: MynaServer, visitor: Person, place: str
) -> None:
    await visitor.page.goto(demo_server.url)
    await visitor.shoot("start")
    link = visitor.page.locator(f'a[href^="/{place}"]').first
    await expect(link).to_be_visible()
    await link.click()
    await visitor.page.wait_for_url(f"**/{place}**")


async def test_two_people_do_not_share_a_profile(
    demo_server: MynaServer, visitor: Person, operator: Person
) -> None:
    await visitor.page.goto(demo_server.url)
    await operator.page.goto(demo_server.url)
    await visitor.page.evaluate("localStorage.setItem('mine', 'yes')")
    assert await operator.page.evaluate("localStorage.getItem('mine')") is None
