"""An owner invites an operator, who comes in, sets a second factor up, signs in with it, and is let out again."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect
from pyotp.totp import TOTP

from support.axe import violations
from support.browser import Person
from support.myna_server import MynaServer
from support.pages import Dashboard

pytestmark = pytest.mark.needs("chromium")
PASSWORD = "bright yellow kettle"


async def test_an_invited_operator_comes_in_with_a_second_factor_and_is_let_out(
    start_server: Callable[..., MynaServer], operator: Person, visitor: Person
) -> None:
    server = start_server("--demo", settings={"MYNA_EMBEDDER": "none:"})
    owner, mia = operator.page, visitor.page
    await Dashboard(owner).sign_in(server)
    await Dashboard(owner).go("settings")
    people = owner.get_by_test_id("people")
    await expect(people.get_by_test_id("person")).to_have_count(1)
    await people.get_by_test_id("invite-name").fill("Mia Park")
    await people.get_by_test_id("invite").click()
    link = await owner.get_by_test_id("secret-value").inner_text()
    await operator.shoot("people-link")
    await owner.keyboard.press("Escape")
    await expect(people.get_by_test_id("invitation")).to_have_count(1)

    await mia.goto(link)
    await expect(mia.get_by_test_id("join-name")).to_have_value("Mia Park")
    await visitor.shoot("join")
    assert not await violations(mia)
    await mia.get_by_test_id("join-handle").fill("operator")
    await mia.get_by_test_id("join-password").fill(PASSWORD)
    await mia.get_by_test_id("join-go").click()
    await expect(mia.get_by_test_id("join-error")).to_contain_text("Somebody else has this name")
    await mia.get_by_test_id("join-handle").fill("mia")
    await mia.get_by_test_id("join-go").click()
    await expect(mia.get_by_test_id("nav-inbox")).to_be_visible()

    # What an operator may not do is not offered, in the rail or under Settings.
    for screen in ("bots", "security"):
        await expect(mia.get_by_test_id(f"nav-{screen}")).to_have_count(0)
    await Dashboard(mia).go("settings")
    await expect(mia.get_by_test_id("jump-account")).to_be_visible()
    await expect(mia.get_by_test_id("people")).to_have_count(0)
    await mia.get_by_test_id("factor").click()
    await mia.get_by_test_id("factor-password").fill(PASSWORD)
    await mia.get_by_test_id("factor-next").click()
    totp = TOTP(await mia.get_by_test_id("factor-secret").input_value())
    await visitor.shoot("second-factor")
    await mia.get_by_test_id("factor-code").fill(totp.now())
    await mia.get_by_test_id("factor-next").click()
    codes = (await mia.get_by_test_id("secret-value").inner_text()).split()
    assert len(codes) == 10
    await mia.keyboard.press("Escape")
    await expect(mia.get_by_test_id("device")).to_have_count(1)
    await visitor.shoot("account")
    assert not await violations(mia)

    await mia.get_by_test_id("sign-out").click()
    await mia.get_by_test_id("handle").fill("mia")
    await mia.get_by_test_id("password").fill(PASSWORD)
    await mia.get_by_test_id("sign-in").click()
    await mia.get_by_test_id("code").fill(codes[3])
    await mia.get_by_test_id("sign-in").click()
    await expect(mia.get_by_test_id("nav-inbox")).to_be_visible()

    await owner.reload()
    row = people.get_by_test_id("person").filter(has_text="Mia Park")
    await expect(row).to_contain_text("second factor")
    assert not await violations(owner)
    await row.locator("summary").click()
    await operator.shoot("people")
    await row.get_by_test_id("toggle-active").click()
    await expect(row).to_contain_text("May not sign in")
    await expect(mia.get_by_test_id("sign-in")).to_be_visible()
    visitor.faults[:] = [fault for fault in visitor.faults if "401" not in fault and "409" not in fault]
