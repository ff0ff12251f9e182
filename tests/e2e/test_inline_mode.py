"""Inline mode on screen: `@bot words` in a conversation, what the bot finds, and what is sent of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import expect

from myna_bots import Bot, Context, Result, Router
from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.pages import Dashboard

pytestmark = pytest.mark.needs("chromium")
TEAS = ["Assam", "Earl Grey", "Green", "Oolong", "White"]
PAGE = 3
router = Router()
quiet = asyncio.Event()
"""Set while the bot gives no answer."""


@router.inline("Tea by name")
async def teas(ctx: Context, query: str, offset: str) -> None:
    if quiet.is_set():
        return
    fits = [each for each in TEAS if query.lower() in each.lower()]
    first = int(offset or 0)
    shown = [Result(each, f"A pot of {each}, please.", "Hot") for each in fits[first : first + PAGE]]
    await ctx.found(shown, str(first + PAGE) if len(fits) > first + PAGE else "")


@asynccontextmanager
async def tea_bot(server: MynaServer) -> AsyncIterator[None]:
    """A group of the operator's, and a bot that is no member of it."""
    password = (server.data / "operator-password.txt").read_text("utf-8").strip()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        asked = {"handle": "operator", "password": password}
        signed = (await http.post("/v1/auth/sign-in", json=asked)).raise_for_status().json()
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        group = {"kind": "group", "title": "Tea round", "members": []}
        (await http.post("/v1/conversations", json=group, headers=headers)).raise_for_status()
        made = await http.post("/v1/bots", json={"name": "Tea", "handle": "tea_bot"}, headers=headers)
        made.raise_for_status()
        running = asyncio.create_task(Bot(server.url, made.json()["token"]["key"]).include(router).serve())
        try:
            async with asyncio.timeout(20):
                while not (await http.get("/v1/bots", headers=headers)).json()["bots"][-1]["inline"]:
                    await asyncio.sleep(0.1)
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            path = f"/v1/bots/{made.json()['bot']['id']}"
            (await http.delete(path, headers=headers)).raise_for_status()


async def test_what_a_bot_finds_is_browsed_by_keyboard_and_sent_in_ones_own_name(
    demo_server: MynaServer, operator: Person
) -> None:
    dashboard, page = Dashboard(operator.page), operator.page
    async with tea_bot(demo_server):
        await dashboard.sign_in(demo_server)
        await dashboard.go("groups")
        await page.get_by_test_id("group").filter(has_text="Tea round").click()
        composer, status = page.get_by_test_id("composer"), page.get_by_test_id("inline-status")
        results = page.get_by_test_id("inline-result")
        await composer.fill("@te")
        await expect(page.get_by_test_id("name").filter(has_text="Tea by name")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(composer).to_have_value("@tea_bot ")
        await expect(results).to_have_count(PAGE)
        await operator.shoot("dashboard-inline")
        assert await violations(page) == []
        # Up from the text is the last row: the next page.
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await expect(results).to_have_count(len(TEAS))
        await expect(page.get_by_test_id("inline-more")).to_have_count(0)

        await composer.fill("@tea_bot coffee")
        await expect(status).to_contain_text("found nothing for “coffee”")
        quiet.set()
        await composer.fill("@tea_bot gre")
        await expect(page.get_by_test_id("inline-again")).to_be_visible(timeout=20_000)
        await expect(status).to_contain_text("@tea_bot does not answer.")
        assert [each for each in operator.faults if "504" not in each] == []
        operator.faults.clear()
        quiet.clear()
        await page.get_by_test_id("inline-again").click()
        await expect(results).to_have_text(["Earl GreyHot", "GreenHot"])
        await composer.press("ArrowDown")
        await composer.press("ArrowDown")
        await expect(results.nth(1)).to_have_attribute("aria-selected", "true")
        await composer.press("Enter")
        sent = dashboard.message("A pot of Green, please.")
        await expect(sent.get_by_test_id("via")).to_have_text("via @tea_bot")
        await expect(composer).to_have_value("")

        # Without a choice the words are an ordinary message, and Escape closes what was found.
        await composer.fill("@tea_bot white")
        await expect(results).to_have_count(1)
        await composer.press("Escape")
        await expect(page.get_by_test_id("inline")).to_have_count(0)
        await composer.press("Enter")
        await expect(dashboard.message("@tea_bot white")).to_be_visible()
