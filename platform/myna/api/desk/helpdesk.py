"""The service desk over HTTP: teams, availability, staffing, macros, labels, promises and the queue."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response

from myna.api.desk.helpdesk_shapes import (
    Availability,
    ItemBody,
    LabelBody,
    LeftMessage,
    Staffing,
    TeamBody,
    item_object,
    operator_object,
    staffing_object,
    team_object,
)
from myna.api.ids import MAX_ID, ConversationPath
from myna.api.principal import Asker, Core
from myna.errors import Malformed
from myna.helpdesk.checks import filled
from myna.helpdesk.model import Hours, InboxDesk, ItemKind, Promise
from myna.ids import new_id
from myna.wire import stamp

router = APIRouter(prefix="/v1", tags=["helpdesk"])

AnyId = Annotated[int, Path(ge=1, lt=MAX_ID)]
Kind = Literal["macros", "labels"]
_KINDS = {"macros": ItemKind.MACRO, "labels": ItemKind.LABEL}


@router.get("/teams", summary="Teams")
async def teams(asker: Asker, core: Core) -> dict[str, Any]:
    """All teams of the workspace by name."""
    return {"teams": [team_object(each) for each in await core.helpdesk.teams(asker)]}


@router.post("/teams", summary="Make a team", status_code=201)
async def make_team(asked: TeamBody, asker: Asker, core: Core) -> dict[str, Any]:
    """A team of people of this workspace. 409 when the name is taken."""
    return team_object(await core.helpdesk.put_team(asker, asked.name, [int(user) for user in asked.members]))


@router.put("/teams/{team}", summary="Change a team")
async def change_team(team: AnyId, asked: TeamBody, asker: Asker, core: Core) -> dict[str, Any]:
    """Name and members anew."""
    return team_object(
        await core.helpdesk.put_team(asker, asked.name, [int(user) for user in asked.members], team)
    )


@router.delete("/teams/{team}", summary="Delete a team", status_code=204)
async def delete_team(team: AnyId, asker: Asker, core: Core) -> Response:
    """Inboxes that it staffed are staffed by everybody then."""
    await core.helpdesk.delete_team(asker, team)
    return Response(status_code=204)


@router.get("/operators", summary="Who is available")
async def operators(asker: Asker, core: Core) -> dict[str, Any]:
    """Everybody who ever said so, with how many conversations they own now."""
    return {
        "operators": [operator_object(state, load) for state, load in await core.helpdesk.operators(asker)]
    }


@router.put("/operators/me", summary="Be available or away")
async def be_available(asked: Availability, asker: Asker, core: Core) -> dict[str, Any]:
    """Waiting conversations are given to available operators with room."""
    return operator_object(await core.helpdesk.available(asker, asked.available, asked.capacity), 0)


@router.get("/inboxes/{inbox}/staffing", summary="How an inbox is staffed")
async def staffing(inbox: AnyId, asker: Asker, core: Core) -> dict[str, Any]:
    """Team, assignment, opening hours and promises."""
    return staffing_object(await core.helpdesk.staffing(asker, inbox))


@router.put("/inboxes/{inbox}/staffing", summary="Staff an inbox")
async def staff(inbox: AnyId, asked: Staffing, asker: Asker, core: Core) -> dict[str, Any]:
    """Promises count opening hours only. Without `week` the inbox is always open."""
    week = {day: tuple((start, end) for start, end in spans) for day, spans in asked.week.items()}
    desk = InboxDesk(
        inbox,
        asker.workspace,
        int(asked.team) if asked.team is not None else None,
        asked.assign,
        Hours(asked.timezone, week, tuple(asked.closed)),
        Promise(asked.first_reply_s, asked.next_reply_s, asked.resolve_s),
    )
    return staffing_object(await core.helpdesk.staff(asker, desk))


@router.get("/desk/{kind}", summary="Macros or labels")
async def items(kind: Kind, asker: Asker, core: Core) -> dict[str, Any]:
    """All of the kind by name."""
    return {kind: [item_object(each) for each in await core.helpdesk.items(asker, _KINDS[kind])]}


@router.post("/desk/{kind}", summary="Make a macro or label", status_code=201)
async def make_item(kind: Kind, asked: ItemBody, asker: Asker, core: Core) -> dict[str, Any]:
    """409 when the name is taken. A macro's steps: reply, label, unlabel, resolve, queue."""
    body = asked.model_dump(exclude_none=True, exclude={"name"})
    return item_object(await core.helpdesk.put_item(asker, _KINDS[kind], asked.name, body))


@router.put("/desk/{kind}/{item}", summary="Change a macro or label")
async def change_item(kind: Kind, item: AnyId, asked: ItemBody, asker: Asker, core: Core) -> dict[str, Any]:
    """Name and content anew."""
    body = asked.model_dump(exclude_none=True, exclude={"name"})
    return item_object(await core.helpdesk.put_item(asker, _KINDS[kind], asked.name, body, item))


@router.delete("/desk/{kind}/{item}", summary="Delete a macro or label", status_code=204)
async def delete_item(kind: Kind, item: AnyId, asker: Asker, core: Core) -> Response:
    """A label goes from every conversation too."""
    await core.helpdesk.item(asker, _KINDS[kind], item)
    await core.helpdesk.delete_item(asker, item)
    return Response(status_code=204)


@router.get("/conversations/{conversation}/labels", summary="Labels of a conversation")
async def labels(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The ids of its labels."""
    await core.directory.seat(asker, conversation)
    found = (await core.helpdesk.labels(asker, [conversation])).get(conversation, [])
    return {"labels": [str(each) for each in found]}


@router.put("/conversations/{conversation}/labels/{label}", summary="Put a label on or take it off")
async def set_label(
    conversation: ConversationPath, label: AnyId, asked: LabelBody, asker: Asker, core: Core
) -> dict[str, Any]:
    """The labels that the conversation has then."""
    found = await core.helpdesk.set_label(asker, conversation, label, asked.on)
    return {"labels": [str(each) for each in found]}


@router.get("/conversations/{conversation}/promises", summary="What was promised, and whether it was kept")
async def promises(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """First reply, next reply and resolution, each with when it is due in opening hours."""
    found = await core.helpdesk.clocks(asker, conversation)
    return {
        "promises": [
            {
                "name": each.name,
                "due_at": stamp(each.due_at),
                "met_at": None if each.met_at is None else stamp(each.met_at),
                "breached": each.breached,
            }
            for each in found
        ]
    }


@router.get("/conversations/{conversation}/expectation", summary="What a customer may expect now")
async def expectation(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Whether people are there, the place in the queue, and the expected wait; null when too little is known to promise one."""
    found = await core.helpdesk.expectation(asker, conversation)
    return {**found, "opens_at": None if found["opens_at"] is None else stamp(found["opens_at"])}


@router.post("/conversations/{conversation}/leave-message", summary="Leave a message while nobody is there")
async def leave_message(
    conversation: ConversationPath, asked: LeftMessage, asker: Asker, core: Core
) -> dict[str, Any]:
    """The message goes into the conversation, with the address where the answer is wanted too, and the conversation into the
    queue, to be answered in opening hours."""
    text = asked.text if asked.email is None else f"{asked.text}\n\n✉ {asked.email}"
    sent = await core.sender.send(asker, conversation, f"left-{new_id()}", {"text": text})
    await core.handoff.hand_off(asker, conversation, "left_message")
    return {"seq": sent.seq, **(await expectation(conversation, asker, core))}


@router.post("/conversations/{conversation}/macros/{macro}", summary="Run a macro")
async def run_macro(conversation: ConversationPath, macro: AnyId, asker: Asker, core: Core) -> dict[str, Any]:
    """Its steps in order, each by the same road as by hand; one that is refused ends it and says which."""
    found = await core.helpdesk.item(asker, ItemKind.MACRO, macro)
    done: list[str] = []
    for number, step in enumerate(found.body["steps"]):
        try:
            await _step(conversation, step, asker, core)
        except Malformed as wrong:
            raise Malformed(f"Step {number + 1} ({step['do']}) was refused: {wrong.message}") from wrong
        done.append(step["do"])
    return {"done": done}


async def _step(conversation: int, step: dict[str, str], asker: Asker, core: Core) -> None:
    match step["do"]:
        case "reply":
            text = await _filled(conversation, step["text"], asker, core)
            await core.sender.send(asker, conversation, f"macro-{new_id()}", {"text": text})
        case "label" | "unlabel":
            await core.helpdesk.set_label(asker, conversation, int(step["label"]), step["do"] == "label")
        case "resolve":
            await core.handoff.resolve(asker, conversation)
        case _:
            await core.handoff.hand_off(asker, conversation, "macro")


async def _filled(conversation: int, text: str, asker: Asker, core: Core) -> str:
    ticket = await core.desk.ticket(conversation)
    customer = None if ticket is None else await core.accounts.user(ticket.visitor)
    return filled(text, customer, await core.accounts.user(asker.user))
