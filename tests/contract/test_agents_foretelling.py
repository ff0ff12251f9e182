"""Asking for a person by a button: told and summed up as when an agent hands over, on both databases."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from myna.helpdesk.handoff import Foretold
from myna.helpdesk.model import Hours
from myna.model.message import MessageKind
from myna.model.ticket import Owner
from myna_agents.answers.phrases import Phrase, say
from support.office_world import CUSTOMER, OPERATOR, OWNER, OfficeWorld, office_world
from support.planning import INBOX, SUPPORT

HERE = f"/conversations/{SUPPORT}"


async def pressed(office: OfficeWorld, **asked: Any) -> dict[str, Any]:
    """The customer presses "Talk to a person"; the notice's body."""
    await office.ask(CUSTOMER, "POST", f"{HERE}/hand-off", reason="asked_for_human", **asked)
    return dict([one for one in await office.messages() if one.kind is MessageKind.NOTICE][-1].body)


async def test_who_presses_the_button_out_of_hours_is_told_when_somebody_is_back(
    database_url: str, tmp_path: Path
) -> None:
    async with office_world(database_url, tmp_path) as office:
        await office.services.helpdesk.staff(OWNER, await _closed(office))
        await office.answered("How long can I return a lamp?")
        notice = await pressed(office)
        assert "00:00" in notice["data"]["expected"]
        assert notice["text"].endswith(notice["data"]["expected"])
        assert [each["action"] for each in notice["offers"]] == ["leave_message"]
        ticket = await office.services.desk.ticket(SUPPORT)
        assert ticket is not None
        assert (ticket.owner, ticket.reason) == (Owner.QUEUE, "asked_for_human")
        assert ticket.summary is not None
        assert "How long can I return a lamp?" in ticket.summary


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", "留言"), ("en-GB", "message")])
async def test_who_has_written_nothing_is_told_in_the_language_of_the_page(
    sqlite_url: str, tmp_path: Path, lang: str, word: str
) -> None:
    async with office_world(sqlite_url, tmp_path) as office:
        await office.services.helpdesk.staff(OWNER, await _closed(office))
        notice = await pressed(office, lang=lang)
        assert word in notice["offers"][0]["label"].lower()
        ticket = await office.services.desk.ticket(SUPPORT)
        assert ticket is not None
        assert ticket.summary is None


async def test_a_wait_is_told_when_it_is_known(sqlite_url: str, tmp_path: Path) -> None:
    async with office_world(sqlite_url, tmp_path) as office:
        await office.says("hello")
        assert "expected" not in (await pressed(office))["data"]
        await office.services.handoff.claim(OPERATOR, SUPPORT)
        await office.services.handoff.release(OPERATOR, SUPPORT, Owner.AGENT)
        await office.services.helpdesk.available(OPERATOR, True, 4)
        notice = await pressed(office)
        assert notice["data"]["expected"] == say(Phrase.WAIT_NONE, "en")
        assert "offers" not in notice


async def test_a_macro_that_queues_and_a_desk_that_fails_promise_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with office_world(sqlite_url, tmp_path) as office:
        await office.says("hello")
        await office.services.handoff.hand_off(OPERATOR, SUPPORT, "macro")
        notice = [one for one in await office.messages() if one.kind is MessageKind.NOTICE][-1].body
        assert notice["data"] == {"reason": "macro"}

        async def silent(conversation: int, reason: str, lang: str | None) -> Foretold:
            raise TimeoutError

        office.services.handoff.foretell = silent
        await office.services.handoff.claim(OPERATOR, SUPPORT)
        assert (await pressed(office))["data"] == {"reason": "asked_for_human"}


async def _closed(office: OfficeWorld) -> Any:
    """The inbox's staffing with opening hours of one minute a week."""
    found = await office.services.helpdesk.staffing(OWNER, INBOX)
    return replace(found, hours=Hours("Europe/Berlin", {"mon": (("00:00", "00:01"),)}))
