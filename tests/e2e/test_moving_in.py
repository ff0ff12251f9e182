"""An administrator brings in what another system exported, from the dashboard, and the team works on with it."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from support.axe import violations
from support.browser import Person
from support.exports import chatwoot, packed
from support.myna_server import MynaServer
from support.pages import STARTED_MS, Dashboard

pytestmark = pytest.mark.needs("chromium", "node")


async def test_an_export_is_imported_and_its_conversations_are_found(
    demo_server: MynaServer, operator: Person, tmp_path: Path
) -> None:
    page, dashboard = operator.page, Dashboard(operator.page)
    # Articles are left out: they would change what the agent of the other tests knows.
    files = {name: content for name, content in chatwoot().items() if name != "articles.json"}
    export = tmp_path / "chatwoot.zip"
    export.write_bytes(packed(files | {"notes.docx": b"PK"}))
    await dashboard.sign_in(demo_server)
    await dashboard.go("settings")
    await page.get_by_test_id("import-chatwoot").click()
    await page.get_by_test_id("import-file").set_input_files(export)
    await page.get_by_test_id("begin-import").click()
    job = page.get_by_test_id("import").first
    await expect(job).to_have_attribute("data-state", "done", timeout=STARTED_MS)
    await expect(job).to_contain_text("new 3")
    await expect(job).to_contain_text("failed 1")
    await job.get_by_test_id("show-report").click()
    await expect(page.get_by_test_id("import-row")).to_have_count(1)
    await expect(page.get_by_test_id("import-row")).to_contain_text("notes.docx")
    await page.get_by_test_id("import-outcome").select_option("")
    await expect(page.get_by_test_id("import-row")).to_have_count(4)
    await job.scroll_into_view_if_needed()
    await operator.shoot("dashboard-imports")
    assert await violations(page) == []
    async with page.expect_download() as download:
        await page.get_by_test_id("import-csv").click()
    assert "conversation,12" in Path(await (await download.value).path()).read_text("utf-8")

    await dashboard.go("inbox")
    await (await dashboard.find("mend zips")).first.click()
    await expect(dashboard.message("We mend zips for free.")).to_be_visible()
    await expect(page.get_by_test_id("note")).to_contain_text("She bought it in May")
    await expect(page.get_by_test_id("ticket-status")).to_have_text("Resolved")
    await operator.shoot("dashboard-imported-conversation")


async def test_a_file_that_is_no_export_says_so(
    demo_server: MynaServer, operator: Person, tmp_path: Path
) -> None:
    page, dashboard = operator.page, Dashboard(operator.page)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    await dashboard.sign_in(demo_server)
    await dashboard.go("settings")
    await page.get_by_test_id("import-intercom").click()
    await page.get_by_test_id("import-file").set_input_files(broken)
    await page.get_by_test_id("begin-import").click()
    job = page.get_by_test_id("import").first
    await expect(job).to_have_attribute("data-state", "failed", timeout=STARTED_MS)
    await expect(job.get_by_role("alert")).to_contain_text("cannot be unpacked")
