"""The widget and the dashboard as people use them: through labels and test ids, never through the API."""

import json
import re
import time
from dataclasses import dataclass

from playwright.async_api import FrameLocator, Locator, Page, expect

from myna.adapters.sql.identity.accounts import SqlAccounts, SqlRefreshTokens
from myna.identity.tokens import Tokens, load_key
from myna.settings import Settings
from myna.wiring.backends import open_database
from support.myna_server import MynaServer

STARTED_MS = 60_000
"""How long an answer may take on a machine that is busy with something else."""


@dataclass(slots=True)
class Widget:
    """The chat on somebody's page."""

    page: Page

    @property
    def frame(self) -> FrameLocator:
        """The chat's own document."""
        return self.page.frame_locator("[data-testid=myna-frame]")

    async def open(self) -> None:
        """Press the launcher and wait for the greeting."""
        await self.page.get_by_test_id("myna-launcher").click()
        await expect(self.frame.get_by_test_id("greeting")).to_be_visible()

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.frame.get_by_test_id("composer").fill(text)
        await self.frame.get_by_test_id("send").click()

    async def ask(self, text: str) -> Locator:
        """Say something and wait until the answer to it is finished; gives the answer's row."""
        before = await self.answers.count()
        await self.say(text)
        answer = self.answers.nth(before)
        await expect(answer).to_have_attribute("data-state", "sent", timeout=STARTED_MS)
        return answer

    @property
    def answers(self) -> Locator:
        """Everything that others said, oldest first."""
        return self.frame.get_by_test_id("message")

    @property
    def mine(self) -> Locator:
        """Everything that the visitor said, oldest first."""
        return self.frame.get_by_test_id("message-mine")


@dataclass(slots=True)
class Dashboard:
    """The dashboard in somebody's browser."""

    page: Page

    async def sign_in(self, server: MynaServer) -> None:
        """Sign in as the operator, with the password that the first start left in its file."""
        await self.page.goto(f"{server.url}/dashboard/")
        await self.page.get_by_test_id("handle").fill("operator")
        password = (server.data / "operator-password.txt").read_text("utf-8").strip()
        await self.page.get_by_test_id("password").fill(password)
        await self.page.get_by_test_id("sign-in").click()
        await expect(self.page.get_by_test_id("nav-inbox")).to_be_visible()

    async def arrive_as(self, server: MynaServer, handle: str) -> None:
        """Be signed in already as somebody of the workspace who has no password of their own."""
        database = await open_database(Settings(data=str(server.data)))
        try:
            accounts = SqlAccounts(database)
            workspace = await accounts.first_workspace()
            assert workspace is not None
            known = {user.handle: user for user in await accounts.humans(workspace.id, 500)}
            pair = await Tokens(load_key(server.data / "secret.key"), SqlRefreshTokens(database)).issue(
                known[handle]
            )
        finally:
            await database.close()
        user = known[handle]
        session = {
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": pair.expires_in_s,
            "role": None,
            "user": {
                "id": str(user.id),
                "kind": "human",
                "handle": handle,
                "name": user.name,
                "locale": "en",
                "agent": False,
            },
        }
        kept = json.dumps({"session": session, "expires_at": (time.time() + pair.expires_in_s) * 1000})
        await self.page.goto(f"{server.url}/dashboard/")
        await self.page.evaluate("kept => localStorage.setItem('myna.operator', kept)", kept)
        await self.page.reload()
        await expect(self.page.get_by_test_id("nav-groups")).to_be_visible()

    async def go(self, screen: str) -> None:
        """Open a screen from the rail; on a phone the later ones are behind its last button."""
        tab, more = self.page.get_by_test_id(f"nav-{screen}"), self.page.get_by_test_id("nav-more")
        await expect(tab).to_be_attached()
        if not await tab.is_visible():
            await more.click()
        await tab.click()

    async def open_ticket(self) -> None:
        """Open the newest conversation, with what is known about it beside it."""
        await open_newest(self.page)
        await expect(self.page.get_by_test_id("side")).to_be_attached()

    async def find(self, words: str) -> Locator:
        """The rows that the search has for these words; searched again while there are none, as the index lags behind the log."""
        hits = self.page.get_by_test_id("search-hit")
        until = time.monotonic() + STARTED_MS / 1000
        while True:
            await self.page.get_by_test_id("search").fill("")
            await expect(self.page.locator(".hits")).to_have_count(0)
            await self.page.get_by_test_id("search").fill(words)
            await expect(self.page.locator(".hits")).to_be_visible()
            if await hits.count() or time.monotonic() > until:
                return hits

    async def say(self, text: str) -> None:
        """Write a message into the open conversation and send it."""
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    def message(self, text: str) -> Locator:
        """The row of a message in the open conversation."""
        return self.page.get_by_test_id("message").filter(has_text=text)

    def held(self, text: str) -> Locator:
        """The card of a held message in the review list."""
        return self.page.get_by_test_id("held").filter(has_text=text)


async def open_newest(page: Page) -> None:
    """Open the conversation that the server has at the top of the inbox now.

    The list follows a quarter of a second behind: its first row may still be another visitor's.
    """
    newest = await page.evaluate(
        """async () => {
            const { access_token } = JSON.parse(localStorage.getItem('myna.operator')).session;
            const reply = await fetch('/v1/tickets?view=open&limit=1', { headers: { Authorization: `Bearer ${access_token}` } });
            return (await reply.json()).tickets[0].conversation;
        }"""
    )
    await page.locator(f"[data-testid=ticket][data-conversation='{newest}']").click()


async def has_read(page: Page) -> None:
    """Returns when the server knows that whoever is at the page has read all of the open conversation.

    Read marks are stored a moment later, many at once: a message that comes before that counts the ones before it as new, too.
    """
    conversation = page.url.rpartition("/")[2]
    unread = """async (conversation) => {
        const { access_token } = JSON.parse(localStorage.getItem('myna.operator')).session;
        const reply = await fetch(`/v1/conversations/${conversation}`, { headers: { Authorization: `Bearer ${access_token}` } });
        return (await reply.json()).me.unread;
    }"""
    until = time.monotonic() + STARTED_MS / 1000
    while left := await page.evaluate(unread, conversation):
        assert time.monotonic() < until, f"{left} messages are unread"
        await page.wait_for_timeout(50)


def exactly(text: str) -> re.Pattern[str]:
    """Matches this text alone, with white space around it."""
    return re.compile(rf"^\s*{re.escape(text)}\s*$")
