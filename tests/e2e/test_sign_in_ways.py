"""Passkeys on Chromium's own virtual device, and a real OpenID Connect provider, through the pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.openid import openid_server
from support.pages import Dashboard

pytestmark = pytest.mark.needs("chromium")


async def device(page: Page) -> None:
    """A device with a fingerprint reader, as a laptop has one."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_is_added_and_signs_in(
    start_server: Callable[..., MynaServer], operator: Person
) -> None:
    server, page = start_server(), operator.page
    password = (server.data / "operator-password.txt").read_text("utf-8").strip()
    await device(page)
    # Passkeys are bound to a name, and 127.0.0.1 is none.
    await page.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/dashboard/")
    await page.get_by_test_id("handle").fill("operator")
    await page.get_by_test_id("password").fill(password)
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("nav-inbox")).to_be_visible()
    await Dashboard(page).go("settings")
    await page.get_by_test_id("add-passkey").click()
    await page.get_by_test_id("passkey-name").fill("Laptop")
    await page.get_by_test_id("passkey-password").fill(password)
    await page.get_by_test_id("passkey-go").click()
    await expect(page.get_by_test_id("passkey")).to_contain_text("Laptop")
    await operator.shoot("passkeys")
    assert not await violations(page)
    await page.get_by_test_id("sign-out").click()
    await expect(page.get_by_test_id("use-passkey")).to_be_visible()
    await operator.shoot("sign-in-with-passkey")
    assert not await violations(page)
    await page.get_by_test_id("use-passkey").click()
    await expect(page.get_by_test_id("nav-inbox")).to_be_visible()
    await Dashboard(page).go("settings")
    await expect(page.get_by_test_id("passkey")).to_contain_text("used")


@pytest.mark.needs("openid-provider")
async def test_somebody_new_comes_in_through_a_provider_and_the_owner_links_theirs(
    start_server: Callable[..., MynaServer], operator: Person, visitor: Person, tmp_path: Path
) -> None:
    server = start_server(settings={"MYNA_PRIVATE_PROVIDERS": "1"})
    owner, mia = operator.page, visitor.page
    with openid_server(tmp_path) as openid:
        await Dashboard(owner).sign_in(server)
        await Dashboard(owner).go("settings")
        await owner.get_by_test_id("provider-name").fill("Company")
        await owner.get_by_test_id("provider-issuer").fill(openid.issuer + "/")
        await owner.get_by_test_id("provider-add").click()
        await expect(owner.get_by_test_id("provider-refused")).to_contain_text("could not be used")
        await owner.get_by_test_id("provider-issuer").fill(openid.issuer)
        await owner.get_by_test_id("provider-add").click()
        row = owner.get_by_test_id("provider-row")
        await row.locator("summary").click()
        client = openid.register(await row.get_by_test_id("provider-redirect").input_value())
        await row.get_by_test_id("provider-client").fill(client["client_id"])
        await row.get_by_test_id("provider-secret").fill(client["client_secret"])
        await row.get_by_test_id("provider-creates").check()
        await row.get_by_test_id("provider-active").check()
        await operator.shoot("providers")
        assert not await violations(owner)
        await row.get_by_test_id("provider-save").click()
        await expect(owner.get_by_test_id("toasts")).to_contain_text("Saved")

        await mia.goto(f"{server.url}/dashboard/")
        await mia.get_by_test_id("provider").click()
        await mia.locator("input[name=login]").fill("mia")
        await mia.locator("input[name=password]").fill("anything")
        await mia.locator("button[type=submit]").click()
        await mia.locator("button[type=submit]").click()
        await expect(mia.get_by_test_id("nav-groups")).to_be_visible()

        await owner.get_by_test_id("link-provider").click()
        await owner.locator("input[name=login]").fill("boss")
        await owner.locator("input[name=password]").fill("anything")
        await owner.locator("button[type=submit]").click()
        await owner.locator("button[type=submit]").click()
        await expect(owner.get_by_test_id("linked")).to_contain_text("boss@example.org")
        await expect(owner.get_by_test_id("person").filter(has_text="Mia")).to_have_count(1)

        await mia.goto(f"{server.url}/dashboard/#/arrive/{'x' * 43}")
        await expect(mia.get_by_test_id("arrive-error")).to_contain_text("began in another browser")
        assert not await violations(mia)
    operator.faults[:] = [fault for fault in operator.faults if "422" not in fault]
    visitor.faults[:] = [fault for fault in visitor.faults if "401" not in fault and "404" not in fault]
