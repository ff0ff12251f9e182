"""The service desk over its routes, on both databases: teams, staffing, assignment, macros, labels, promises, leave-a-message."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from myna.api.desk import helpdesk as helpdesk_routes
from myna.api.desk import snooze as snooze_routes
from myna.api.desk import tickets as desk_routes
from myna.api.principal import principal
from myna.api.problems import install
from myna.model.ticket import Owner
from myna.model.workspace import UserKind, WorkspaceRole
from myna.rights import Principal
from myna.services import Services
from myna.settings import Settings
from myna.wire import stamp
from myna.wiring.core import build_core
from support.planning import ANN, BIRD, INBOX, OPA, OTTO, SUPPORT, VIC, WORKSPACE
from support.stores import Stores, stores

CUSTOMER = Principal(VIC, WORKSPACE, UserKind.VISITOR)
OPERATOR = Principal(OPA, WORKSPACE, UserKind.HUMAN, WorkspaceRole.OPERATOR)
OWNER = Principal(OTTO, WORKSPACE, UserKind.HUMAN, WorkspaceRole.OWNER)
DEVELOPER = Principal(ANN, WORKSPACE, UserKind.HUMAN, WorkspaceRole.DEVELOPER)
ELSEWHERE = Principal(99, 2, UserKind.HUMAN, WorkspaceRole.OWNER)
CLOSED: dict[str, Any] = {"timezone": "UTC", "week": {"mon": []}}


class Desk:
    """A running core with a client whose requests come from whoever `who` is."""

    def __init__(self, services: Services, shop: Stores) -> None:
        self.services, self.shop, self.who = services, shop, OWNER
        app = FastAPI()
        install(app)
        app.state.services = services
        app.include_router(helpdesk_routes.router)
        app.include_router(desk_routes.router)
        app.include_router(snooze_routes.router)
        app.dependency_overrides[principal] = lambda: self.who
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk/v1")

    async def ask(self, who: Principal, method: str, path: str, status: int = 200, **body: Any) -> Any:
        self.who = who
        answer = await self.http.request(method, path, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def says(self, text: str) -> None:
        """The customer writes."""
        await self.services.sender.send(CUSTOMER, SUPPORT, f"c{time.monotonic_ns()}", {"text": text})


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with stores(database_url) as shop:
        settings = Settings(data=str(tmp_path), database=database_url)
        core = build_core(settings, shop.database, None)
        async with core.running() as services:
            made = Desk(services, shop)
            yield made
            await made.http.aclose()


async def test_teams_are_people_of_the_workspace(desk: Desk) -> None:
    team = await desk.ask(OWNER, "POST", "/teams", 201, name="First line", members=[str(OPA)])
    await desk.ask(OWNER, "POST", "/teams", 409, name="First line")
    await desk.ask(OWNER, "POST", "/teams", 404, name="Bots", members=[str(BIRD)])
    await desk.ask(OWNER, "POST", "/teams", 404, name="Strangers", members=["99"])
    await desk.ask(OPERATOR, "POST", "/teams", 403, name="Mine")
    changed = await desk.ask(
        OWNER, "PUT", f"/teams/{team['id']}", name="Lamps", members=[str(OPA), str(OTTO)]
    )
    assert changed["members"] == sorted([str(OPA), str(OTTO)])
    assert (await desk.ask(OPERATOR, "GET", "/teams"))["teams"] == [changed]
    assert (await desk.ask(ELSEWHERE, "GET", "/teams"))["teams"] == []
    await desk.ask(ELSEWHERE, "DELETE", f"/teams/{team['id']}", 404)
    await desk.ask(OWNER, "DELETE", f"/teams/{team['id']}", 204)
    await desk.ask(OWNER, "PUT", f"/teams/{team['id']}", 404, name="Lamps")


async def test_an_inbox_is_staffed_with_team_hours_and_promises(desk: Desk) -> None:
    team = await desk.ask(OWNER, "POST", "/teams", 201, name="Team", members=[str(OPA)])
    path = f"/inboxes/{INBOX}/staffing"
    assert (await desk.ask(OPERATOR, "GET", path))["open_now"] is True
    week = {"mon": [["09:00", "17:00"]]}
    set_to = await desk.ask(
        OWNER, "PUT", path, team=team["id"], timezone="Asia/Shanghai", week=week, first_reply_s=60
    )
    assert await desk.ask(OPERATOR, "GET", path) == set_to
    assert (set_to["week"], set_to["first_reply_s"]) == (week, 60)
    await desk.ask(OWNER, "PUT", path, 400, timezone="Mars/Olympus")
    await desk.ask(OWNER, "PUT", path, 404, team="123")
    await desk.ask(OPERATOR, "PUT", path, 403, timezone="UTC")
    await desk.ask(ELSEWHERE, "GET", path, 404)
    await desk.ask(OWNER, "DELETE", f"/teams/{team['id']}", 204)
    assert (await desk.ask(OPERATOR, "GET", path))["team"] is None


async def test_waiting_conversations_go_to_free_operators(desk: Desk) -> None:
    await desk.says("hello")
    await desk.services.handoff.hand_off(CUSTOMER, SUPPORT)
    assert await desk.services.helpdesk.assign() == 0
    mine = await desk.ask(OPERATOR, "PUT", "/operators/me", available=True, capacity=1)
    assert mine["available"] is True
    await asyncio.gather(*(desk.services.helpdesk.assign() for _ in range(3)))
    ticket = await desk.services.desk.ticket(SUPPORT)
    assert ticket is not None
    assert (ticket.owner, ticket.owner_user, ticket.reason) == (Owner.OPERATOR, OPA, "assigned")
    (state,) = (await desk.ask(OPERATOR, "GET", "/operators"))["operators"]
    assert (state["user"], state["open"]) == (str(OPA), 1)
    texts = await desk.shop.log.messages(SUPPORT, floor=1, before=None, after=None, limit=50)
    assert [each.body.get("code") for each in texts if each.body.get("code")].count("handoff.claimed") == 1


@pytest.mark.parametrize(
    "staffing",
    ["by hand", "closed", "other team"],
)
async def test_nobody_is_assigned_against_the_staffing(desk: Desk, staffing: str) -> None:
    await desk.says("hello")
    await desk.services.handoff.hand_off(CUSTOMER, SUPPORT)
    path = f"/inboxes/{INBOX}/staffing"
    if staffing == "closed":
        await desk.ask(OWNER, "PUT", path, **CLOSED)
    elif staffing == "other team":
        team = await desk.ask(OWNER, "POST", "/teams", 201, name="Others", members=[str(OTTO)])
        await desk.ask(OWNER, "PUT", path, team=team["id"])
    else:
        await desk.ask(OWNER, "PUT", path, assign=False)
    await desk.ask(OPERATOR, "PUT", "/operators/me", available=True)
    ticket = await desk.services.desk.ticket(SUPPORT)
    assert await desk.services.helpdesk.assign() == 0
    assert await desk.services.desk.ticket(SUPPORT) == ticket


async def test_labels_go_on_and_off_and_vanish_with_their_deletion(desk: Desk) -> None:
    label = await desk.ask(OPERATOR, "POST", "/desk/labels", 201, name="urgent", color="#FF0000")
    assert label["color"] == "#ff0000"
    await desk.ask(OPERATOR, "POST", "/desk/labels", 409, name="urgent")
    await desk.ask(OPERATOR, "POST", "/desk/labels", 400, name="bad", color="red")
    path = f"/conversations/{SUPPORT}/labels"
    for _ in range(2):
        assert (await desk.ask(OPERATOR, "PUT", f"{path}/{label['id']}", on=True))["labels"] == [label["id"]]
    await desk.ask(CUSTOMER, "PUT", f"{path}/{label['id']}", 403, on=False)
    await desk.ask(ELSEWHERE, "GET", path, 404)
    assert (await desk.ask(OPERATOR, "PUT", f"{path}/{label['id']}", on=False))["labels"] == []
    await desk.ask(OPERATOR, "PUT", f"{path}/{label['id']}", on=True)
    await desk.ask(OPERATOR, "DELETE", f"/desk/labels/{label['id']}", 204)
    assert (await desk.ask(OPERATOR, "GET", path))["labels"] == []


async def test_a_sleeping_ticket_is_out_of_the_way_until_the_customer_writes(desk: Desk) -> None:
    await desk.says("hello")
    await desk.services.handoff.hand_off(CUSTOMER, SUPPORT)
    path, until = f"/conversations/{SUPPORT}/snooze", _in(3600)
    assert (await desk.ask(OPERATOR, "GET", path))["until"] is None
    assert await desk.ask(OPERATOR, "PUT", path, until=until) == {"until": until, "by": str(OPA)}
    lists = await desk.ask(OPERATOR, "GET", "/tickets?view=asleep")
    assert [each["conversation"] for each in lists["tickets"]] == [str(SUPPORT)]
    assert (lists["counts"]["open"], lists["counts"]["queue"], lists["counts"]["asleep"]) == (0, 0, 1)
    assert lists["next_waking"] == until
    await desk.ask(OPERATOR, "PUT", "/operators/me", available=True)
    assert await desk.services.helpdesk.assign() == 0
    await desk.ask(OPERATOR, "PUT", "/operators/me", available=False)
    await desk.says("still there?")
    lists = await desk.ask(OPERATOR, "GET", "/tickets?view=queue")
    assert [each["conversation"] for each in lists["tickets"]] == [str(SUPPORT)]
    assert (lists["counts"]["asleep"], lists["next_waking"]) == (0, None)
    assert (await desk.ask(OPERATOR, "GET", path))["until"] is None


async def test_a_sleeping_ticket_wakes_at_its_time_or_by_hand(desk: Desk) -> None:
    await desk.says("hello")
    path = f"/conversations/{SUPPORT}/snooze"
    await desk.ask(OPERATOR, "PUT", path, until=_in(3600))
    await desk.ask(OPERATOR, "PUT", path, until=_in(2))
    while (await desk.ask(OPERATOR, "GET", "/tickets?view=open"))["counts"]["asleep"]:
        await asyncio.sleep(0.05)
    await desk.ask(OPERATOR, "PUT", path, until=_in(3600))
    for _ in range(2):
        await desk.ask(OPERATOR, "DELETE", path, 204)
    assert (await desk.ask(OPERATOR, "GET", "/tickets?view=open"))["counts"]["open"] == 1


async def test_only_open_tickets_sleep_and_only_until_a_time_ahead(desk: Desk) -> None:
    await desk.says("hello")
    path = f"/conversations/{SUPPORT}/snooze"
    for wrong, status in (
        (_in(-5), 400),
        (_in(367 * 86_400), 400),
        ("tomorrow", 400),
        ("2030-01-01T09:00:00", 400),
        (None, 400),
    ):
        await desk.ask(OPERATOR, "PUT", path, status, until=wrong)
    await desk.ask(CUSTOMER, "PUT", path, 403, until=_in(60))
    await desk.ask(CUSTOMER, "GET", path, 403)
    await desk.ask(ELSEWHERE, "PUT", path, 404, until=_in(60))
    await desk.ask(ELSEWHERE, "DELETE", path, 404)
    await desk.services.handoff.resolve(OPERATOR, SUPPORT)
    await desk.ask(OPERATOR, "PUT", path, 409, until=_in(60))
    assert (await desk.ask(OPERATOR, "GET", "/tickets?view=asleep"))["tickets"] == []


def _in(seconds: float) -> str:
    """A time on the wire."""
    return stamp(time.time() + seconds)


async def test_a_macro_does_its_steps_by_the_same_road_as_by_hand(desk: Desk) -> None:
    await desk.says("hello")
    label = await desk.ask(OPERATOR, "POST", "/desk/labels", 201, name="done")
    steps = [
        {"do": "reply", "text": "Dear {{customer.name}}, done. {{operator.name}}{{nothing}}"},
        {"do": "label", "label": label["id"]},
        {"do": "resolve"},
    ]
    macro = await desk.ask(OPERATOR, "POST", "/desk/macros", 201, name="Close", steps=steps)
    done = await desk.ask(OPERATOR, "POST", f"/conversations/{SUPPORT}/macros/{macro['id']}")
    assert done == {"done": ["reply", "label", "resolve"]}
    messages = await desk.shop.log.messages(SUPPORT, floor=1, before=None, after=None, limit=50)
    assert "Dear Vic, done. Opa" in [each.body.get("text") for each in messages if each.sender == OPA]
    ticket = await desk.services.desk.ticket(SUPPORT)
    assert ticket is not None
    assert ticket.status == "resolved"
    await desk.ask(CUSTOMER, "POST", f"/conversations/{SUPPORT}/macros/{macro['id']}", 403)
    for bad in ([], [{"do": "explode"}], [{"do": "reply", "text": ""}], [{"do": "label", "label": "x"}]):
        await desk.ask(OPERATOR, "POST", "/desk/macros", 400, name="Bad", steps=bad)


async def test_promises_are_read_from_the_conversation(desk: Desk) -> None:
    await desk.ask(OWNER, "PUT", f"/inboxes/{INBOX}/staffing", first_reply_s=3600, resolve_s=7200)
    path = f"/conversations/{SUPPORT}/promises"
    assert (await desk.ask(OPERATOR, "GET", path))["promises"] == []
    await desk.says("hello")
    first, resolve = (await desk.ask(OPERATOR, "GET", path))["promises"]
    assert (first["name"], first["met_at"], first["breached"]) == ("first_reply", None, False)
    await desk.services.sender.send(OPERATOR, SUPPORT, "o1", {"text": "hi"})
    assert (await desk.ask(OPERATOR, "GET", path))["promises"][0]["met_at"] is not None
    assert resolve["name"] == "resolve"
    await desk.ask(CUSTOMER, "GET", path, 403)


async def test_out_of_hours_a_customer_leaves_a_message(desk: Desk) -> None:
    await desk.ask(OWNER, "PUT", f"/inboxes/{INBOX}/staffing", **CLOSED)
    told = await desk.ask(CUSTOMER, "GET", f"/conversations/{SUPPORT}/expectation")
    assert (told["open"], told["opens_at"], told["wait_s"]) == (False, None, None)
    path = f"/conversations/{SUPPORT}/leave-message"
    await desk.ask(CUSTOMER, "POST", path, 400, text="call me", email="nonsense")
    left = await desk.ask(CUSTOMER, "POST", path, text="call me", email="vic@mail.example")
    assert left["seq"] == 1
    ticket = await desk.services.desk.ticket(SUPPORT)
    assert ticket is not None
    assert (ticket.owner, ticket.reason) == (Owner.QUEUE, "left_message")
    (message, *_) = await desk.shop.log.messages(SUPPORT, floor=1, before=None, after=None, limit=50)
    assert message.body["text"] == "call me\n\n✉ vic@mail.example"


async def test_the_expected_wait_is_learned_from_those_who_waited(desk: Desk) -> None:
    path = f"/conversations/{SUPPORT}/expectation"
    await desk.says("hello")
    assert (await desk.ask(CUSTOMER, "GET", path))["wait_s"] is None
    for _ in range(3):
        await desk.services.handoff.hand_off(CUSTOMER, SUPPORT)
        await desk.services.handoff.claim(OPERATOR, SUPPORT)
    # The running watch writes down what it heard; handing off again shows that it has.
    async with asyncio.timeout(60):
        while (await desk.ask(CUSTOMER, "GET", path))["wait_s"] is None:
            await asyncio.sleep(0.01)
    await desk.ask(ELSEWHERE, "GET", path, 404)
