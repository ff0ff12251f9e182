"""Somebody at a browser of their own, and the pictures they leave."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from support.backends import ROOT

SCREENSHOTS = ROOT / "screenshots"
PATIENCE_MS = 30_000
"""How long a page may take for what a test waits for: far more than it needs, as the machine does other things, too."""
expect.set_options(timeout=PATIENCE_MS)

FLAGS = (
    "--no-sandbox",  # Chromium refuses its sandbox to root, which CI is
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
"""For a headless Chromium that talks to nobody but the pages it is shown."""


@dataclass(slots=True)
class Person:
    """Somebody at a browser of their own: cookies and storage are not shared."""

    name: str
    page: Page
    faults: list[str] = field(default_factory=list)
    """Uncaught errors and console errors of the page so far; the test fails when any is left at its end."""

    async def shoot(self, name: str, *, whole_page: bool = False) -> Path:
        """A picture of what they see, in screenshots/NAME.png."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png"
        await self.page.screenshot(path=path, full_page=whole_page)
        return path


@asynccontextmanager
async def sit_down(browser: Browser, name: str, *, width: int, height: int) -> AsyncGenerator[Person]:
    """A person with a fresh profile; fails when their pages left a fault."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/London"
    )
    context.set_default_timeout(PATIENCE_MS)
    person = Person(name, await context.new_page())
    person.page.on("pageerror", lambda error: person.faults.append(f"uncaught: {error}"))
    person.page.on(
        "console",
        lambda entry: (
            person.faults.append(f"console: {entry.text} {entry.location}") if entry.type == "error" else None
        ),
    )
    try:
        yield person
    finally:
        await context.close()
    assert not person.faults, f"errors in the {person.name}'s pages: {person.faults}"
