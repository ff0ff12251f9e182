"""What operators teach from a conversation, over HTTP: an answer that was wrong, a message that becomes a FAQ entry."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from myna.api.ids import MAX_ID, ConversationPath, Cursor, IdPath, IdText, Limit
from myna.api.principal import Asker, Core
from myna.errors import Malformed, NotFound
from myna.ids import new_id
from myna.model.message import Message
from myna.model.ticket import Ticket
from myna.rights import Verb, require
from myna.services import Services
from myna.wire import stamp
from myna_agents.api.office import Desk, ticket
from myna_agents.api.shapes import Shape, Words
from myna_agents.desk.copilot import is_question, plain
from myna_agents.desk.marks import Mark
from myna_agents.opening import Office
from myna_agents.versions.bundles import EvalCase
from myna_knowledge.care.model import Exchange
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind

router = APIRouter(prefix="/v1", tags=["copilot"])
SeqPath = Annotated[int, Path(ge=1, lt=MAX_ID)]
LOOK_BACK = 50
TURNS = 200


class Wrong(Shape):
    """What was wrong, and perhaps what would have been right; with `guard` the question joins the evaluation set."""

    note: str = Field(default="", max_length=2_000)
    right: str = Field(default="", max_length=8_000)
    guard: bool = False


class IntoFaq(Shape):
    """Where the entry goes; without `question` it is what the customer asked before, without `answer` the message itself."""

    base: IdText
    question: Words | None = None
    answer: Annotated[str | None, Field(min_length=1, max_length=20_000)] = None
    variants: list[Words] = Field(default_factory=list, max_length=20)
    lang: str | None = Field(default=None, max_length=16)


@router.post("/conversations/{conversation}/messages/{seq}/wrong", summary="Mark an answer as wrong")
async def mark_wrong(
    conversation: ConversationPath, seq: SeqPath, asked: Wrong, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """Of an agent's message. It stands at `GET /v1/marks` until somebody has seen to it; marking it again replaces the mark."""
    require(asker, Verb.TEACH)
    found = await ticket(core, asker, conversation)
    message, question = await _told(desk, found, seq)
    sender = await core.accounts.user(message.sender)
    if sender is None or not sender.agent:
        raise Malformed("Only an agent's answer can be marked as wrong.")
    cited = {
        int(each["source"])
        for each in message.body.get("citations", ())
        if str(each.get("source", "")).isdecimal()
    }
    mark = Mark(
        new_id(),
        found.workspace,
        conversation,
        seq,
        message.sender,
        question,
        str(message.body.get("text", "")),
        tuple(sorted(cited)),
        asked.note,
        asked.right,
        asker.user,
        time.time(),
    )
    stored = await desk.marks.put(mark)
    await _becomes_gap(core, desk, mark)
    if asked.guard and question:
        holds = (asked.right,) if asked.right else ()
        case = EvalCase(
            new_id(),
            found.workspace,
            message.sender,
            question,
            "answer" if asked.right else "not_answer",
            holds,
            time.time(),
        )
        await desk.bundles.add_case(case)
    return mark_object(stored)


@router.post(
    "/conversations/{conversation}/messages/{seq}/faq",
    summary="Turn an answer into a FAQ entry",
    status_code=201,
)
async def into_faq(
    conversation: ConversationPath, seq: SeqPath, asked: IntoFaq, asker: Asker, core: Core, desk: Desk
) -> dict[str, Any]:
    """What a person (or the agent) answered becomes an entry of a knowledge base. The same message again replaces its entry."""
    require(asker, Verb.TEACH)
    found = await ticket(core, asker, conversation)
    base = await desk.library.base(asker.workspace, int(asked.base))
    message, before = await _told(desk, found, seq)
    if message.sender == found.visitor and asked.answer is None:
        raise Malformed("This is the customer's own message; give the `answer`.")
    question = asked.question or (
        str(message.body.get("text", "")) if message.sender == found.visitor else before
    )
    if not question:
        raise Malformed("The customer asked nothing before this message; give the `question`.")
    answer = asked.answer or plain(str(message.body.get("text", "")))
    entry = FaqEntry(question, answer, tuple(asked.variants), asked.lang)
    key = f"conversation:{conversation}:{seq}"
    source, job = await desk.library.put(
        base.id, SourceDraft(SourceKind.FAQ, faq=entry, key=key, lang=asked.lang)
    )
    return {
        "base": str(base.id),
        "source": str(source.id),
        "job": str(job.id),
        "question": question,
        "answer": answer,
    }


@router.get("/marks", summary="Answers that were marked as wrong")
async def marks(
    asker: Asker,
    desk: Desk,
    settled: Annotated[bool | None, Query()] = False,
    before: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first; `settled` chooses those that somebody has seen to."""
    require(asker, Verb.TEACH)
    found = await desk.marks.marks(asker.workspace, settled=settled, before=before, limit=limit)
    return {
        "marks": [mark_object(each) for each in found],
        "next": str(found[-1].id) if len(found) == limit else None,
    }


@router.post("/marks/{mark}/settle", summary="Say that a mark was seen to")
async def settle(mark: IdPath, asker: Asker, desk: Desk) -> dict[str, Any]:
    """It leaves the list."""
    require(asker, Verb.TEACH)
    if not await desk.marks.settle(asker.workspace, mark, time.time()):
        raise NotFound(f"There is no mark {mark}.")
    return {"id": str(mark), "settled": True}


def mark_object(mark: Mark) -> dict[str, Any]:
    """A mark."""
    return {
        "id": str(mark.id),
        "conversation": str(mark.conversation),
        "seq": mark.seq,
        "agent": str(mark.agent),
        "question": mark.question,
        "answer": mark.answer,
        "sources": [str(each) for each in mark.sources],
        "note": mark.note,
        "right": mark.right,
        "made_by": str(mark.made_by),
        "at": stamp(mark.at),
        "settled_at": None if mark.settled_at is None else stamp(mark.settled_at),
    }


async def _becomes_gap(core: Services, desk: Office, mark: Mark) -> None:
    """The question counts as unanswered from now on, among the gaps of the agent's first knowledge base."""
    records = await core.turns.records(mark.conversation, TURNS)
    record = next((each for each in records if each.seq == mark.seq), None)
    config = await core.accounts.agent(mark.agent)
    if record is None or config is None or not config[0] or not mark.question:
        return
    exchange = Exchange(
        record.id,
        mark.agent,
        mark.conversation,
        record.trigger_seq,
        mark.question,
        record.created_at,
        answered=False,
    )
    await desk.library.care.wrong(config[0][0], exchange)


async def _told(desk: Office, found: Ticket, seq: int) -> tuple[Message, str]:
    """A message, and what the customer asked last before it; empty when nothing was asked."""
    messages = await desk.world.history.messages(
        found.conversation, floor=1, before=seq + 1, after=None, limit=LOOK_BACK
    )
    if not messages or messages[-1].seq != seq:
        raise NotFound(f"There is no message {seq}.")
    texts = [str(each.body.get("text", "")) for each in messages[:-1] if each.sender == found.visitor]
    return messages[-1], next((text for text in reversed(texts) if is_question(text)), "")
