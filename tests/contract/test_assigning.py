"""A conversation is given to a colleague, on both databases and over HTTP."""

from support.api_world import ANN, EVE, OPA, OTTO, VIC, World
from support.planning import SUPPORT, say

HERE = f"/conversations/{SUPPORT}"


async def test_an_operator_gives_a_conversation_to_a_colleague_who_sees_it_as_theirs(app: World) -> None:
    await app.write(say(SUPPORT, VIC, "1"))
    ticket = await app.ask(OTTO, "POST", f"{HERE}/claim", json={})
    given = await app.ask(OTTO, "POST", f"{HERE}/assign", json={"user": str(OPA), "epoch": ticket["epoch"]})
    assert (given["owner"], given["owner_user"]) == ("operator", str(OPA))
    mine = await app.ask(OPA, "GET", "/tickets", params={"view": "mine"})
    assert [each["conversation"] for each in mine["tickets"]] == [str(SUPPORT)]
    notice = (await app.messages(VIC, SUPPORT))["messages"][-1]
    assert (notice["body"]["code"], notice["body"]["data"]["name"]) == ("handoff.claimed", "Opa")


async def test_it_is_not_given_to_somebody_who_answers_no_customers(app: World) -> None:
    await app.write(say(SUPPORT, VIC, "1"))
    for user in (ANN, EVE, VIC, 999):
        await app.ask(OTTO, "POST", f"{HERE}/assign", 400, json={"user": str(user)})


async def test_whoever_was_faster_keeps_it(app: World) -> None:
    await app.write(say(SUPPORT, VIC, "1"))
    await app.ask(OPA, "POST", f"{HERE}/claim", json={})
    late = await app.ask(OTTO, "POST", f"{HERE}/assign", 409, json={"user": str(OTTO), "epoch": 1})
    assert late["code"] == "epoch_moved"
