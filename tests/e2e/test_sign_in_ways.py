"""Passkeys on Chromium's own virtual device, and a real OpenID Connect provider, through the pages."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

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


def _forgive(person: Person, *known: str) -> None:
    """Leave out what the test brings about, and what the provider's own pages lack here: an icon, and fonts from elsewhere."""
    outside = (*known, "ERR_NAME_NOT_RESOLVED", "fonts.g", "ERR_INTERNET_DISCONNECTED")
    person.faults[:] = [fault for fault in person.faults if not any(each in fault for each in outside)]


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
    await page.get_by_test_id("factor").click()
    await page.get_by_test_id("factor-password").fill(password)
    await page.get_by_test_id("factor-passkeys").click()
    await expect(page.get_by_role("dialog")).to_contain_text("-")
    await page.keyboard.press("Escape")
    await page.get_by_test_id("sign-out").click()
    await page.get_by_test_id("handle").fill("operator")
    await page.get_by_test_id("password").fill(password)
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("code")).to_be_visible()
    await page.get_by_test_id("use-passkey").click()
    await expect(page.get_by_test_id("nav-inbox")).to_be_visible()
    _forgive(operator, "401")


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

        await owner.reload()
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
    _forgive(operator, "422", "404")
    _forgive(visitor, "401", "404")


async def test_an_application_is_registered_and_let_in(
    start_server: Callable[..., MynaServer], operator: Person
) -> None:
    server, page = start_server(), operator.page
    await Dashboard(page).sign_in(server)
    await Dashboard(page).go("settings")
    card = page.get_by_test_id("applications")
    await card.get_by_test_id("application-new").click()
    await card.get_by_test_id("application-name").fill("Planner")
    await card.get_by_test_id("application-redirects").fill("javascript:alert(1)")
    await card.locator("input[value=profile]").check()
    await card.get_by_test_id("application-add").click()
    await expect(card.get_by_role("alert")).to_contain_text("none that people can be sent back to")
    back = f"{server.url}/docs"
    await card.get_by_test_id("application-redirects").fill(back)
    assert not await violations(page)
    await card.get_by_test_id("application-add").click()
    shown = (await page.get_by_test_id("secret-value").inner_text()).split()
    await page.keyboard.press("Escape")
    await operator.shoot("applications")
    asked = {
        "client_id": shown[1],
        "redirect_uri": back,
        "response_type": "code",
        "scope": "profile",
        "state": "of-this-test",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    await page.goto(f"{server.url}/oauth/authorize?{urlencode(asked)}")
    await expect(page.get_by_test_id("scope")).to_contain_text("See who you are")
    await operator.shoot("authorize")
    assert not await violations(page)
    await page.get_by_test_id("allow").click()
    await page.wait_for_url(f"{back}?code=*&state=of-this-test*")
    await page.goto(f"{server.url}/oauth/authorize?{urlencode(asked | {'redirect_uri': back + '/'})}")
    await expect(page.get_by_test_id("authorize-error")).to_contain_text("not its own")
    operator.faults[:] = [fault for fault in operator.faults if "400" not in fault]


async def test_a_role_of_ones_own_is_made_and_offered(
    start_server: Callable[..., MynaServer], operator: Person
) -> None:
    server, page = start_server(), operator.page
    await Dashboard(page).sign_in(server)
    await Dashboard(page).go("settings")
    card = page.get_by_test_id("roles")
    await card.get_by_test_id("role-new").click()
    await card.get_by_test_id("role-name").fill("Reader")
    await card.locator("input[value=see_knowledge]").check()
    await card.get_by_test_id("role-save").click()
    await expect(card.get_by_test_id("own-role")).to_contain_text("read the knowledge bases")
    assert not await violations(page)
    await operator.shoot("roles")
    await page.get_by_test_id("invite-name").fill("Rita")
    await page.get_by_test_id("invite-form").get_by_test_id("role").select_option(label="Reader")
    await page.get_by_test_id("invite").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("invitation")).to_contain_text("Reader")
