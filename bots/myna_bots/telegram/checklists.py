"""Checklists: a title and tasks, shown as lines. There are no business accounts here, so any connection is as good as none."""

from typing import Any

from myna.model.message import Message
from myna_bots.telegram.call import Call, Chat, method
from myna_bots.telegram.edits import edited, markup_parts
from myna_bots.telegram.errors import bad
from myna_bots.telegram.keyboards import parts_of
from myna_bots.telegram.markup import parsed
from myna_bots.telegram.params import Params

MAX_TITLE_CHARS, MAX_TASK_CHARS, MAX_TASKS = 255, 100, 30


def _checklist(call: Call) -> tuple[str, dict[str, Any]]:
    """The text and the `Checklist` of a call."""
    given = call.params.object("checklist")
    if given is None:
        raise bad("parameter 'checklist' is required")
    params = Params(given, {})
    title, marks = _line(params, "title", "title_entities", MAX_TITLE_CHARS)
    tasks: list[dict[str, Any]] = []
    for each in params.objects("tasks"):
        task = Params(each, {})
        text, found = _line(task, "text", "text_entities", MAX_TASK_CHARS)
        tasks.append({"id": task.need_integer("id"), "text": text, "text_entities": found})
    if not 1 <= len(tasks) <= MAX_TASKS or len({each["id"] for each in tasks}) != len(tasks):
        raise bad("CHECKLIST_TASKS_INVALID")
    made = {
        "title": title,
        "title_entities": marks,
        "tasks": tasks,
        "others_can_add_tasks": params.flag("others_can_add_tasks"),
        "others_can_mark_tasks_as_done": params.flag("others_can_mark_tasks_as_done"),
    }
    return "\n".join([title, *(f"☐ {each['text']}" for each in tasks)]), made


def _line(params: Params, name: str, marks: str, most: int) -> tuple[str, list[dict[str, Any]]]:
    entities = params.objects(marks) if params.has(marks) else None
    text, found = parsed(params.text(name) or "", params.text("parse_mode"), entities)
    if not 1 <= len(text) <= most:
        raise bad(f"CHECKLIST_{'TITLE' if name == 'title' else 'TASK'}_INVALID")
    return text, [dict(each) for each in found]


@method("sendChecklist")
async def send(call: Call) -> Any:
    """A list of things to do."""
    chat = await call.chat()
    text, checklist = _checklist(call)
    parts = {"telegram": {"checklist": checklist, "bare": True}}
    parts |= parts_of(call.params.object("reply_markup"))
    return await call.send(chat, text, parts, await call.reply_to(chat))


@method("editMessageChecklist")
async def edit(call: Call) -> Any:
    """Another list in its place."""
    chat: Chat = await call.chat()
    found: Message = await call.message(
        chat, call.params.need_integer("message_id"), "message to edit not found"
    )
    if found.sender != call.bot.user or "checklist" not in found.body.get("telegram", {}):
        raise bad("message can't be edited")
    text, checklist = _checklist(call)
    parts = {"telegram": {"checklist": checklist, "bare": True}, **markup_parts(call)}
    return await edited(call, chat, found, text, parts)
