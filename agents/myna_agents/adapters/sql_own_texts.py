"""A workspace's own texts, on both databases."""

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import ConversationRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.service import PreparedReplyRow
from myna.adapters.sql.tables.workspace import UserRow
from myna.model.conversation import ConversationKind
from myna.model.workspace import UserKind
from myna_knowledge.adapters.tables import BaseRow, SectionRow

_base, _section, _reply = table(BaseRow), table(SectionRow), table(PreparedReplyRow)
_message, _user, _conversation = table(MessageRow), table(UserRow), table(ConversationRow)
MOST = 8
"""Texts of each kind that are compared."""
ANSWERS = 50
"""Newest answers of a conversation that are compared."""


class SqlOwnTexts:
    """`own.Alike` over SQL: pages and prepared replies with one of the pieces, and a conversation's latest answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def alike(self, workspace: int, conversation: int, pieces: Sequence[str]) -> list[str]:
        """The texts. Reads every page of the workspace once, in the database."""
        if not pieces:
            return []
        answer = func.coalesce(_section.c.answer, "")
        pages = (
            select(_section.c.text, answer)
            .join(_base, _base.c.id == _section.c.base)
            .where(_base.c.workspace == workspace)
            .where(or_(_any(_section.c.text, pieces), _any(answer, pieces)))
            .limit(MOST)
        )
        replies = select(_reply.c.text).where(_reply.c.workspace == workspace, _any(_reply.c.text, pieces))
        answers = (
            select(_message.c.body)
            .join(_user, _user.c.id == _message.c.sender)
            .join(_conversation, _conversation.c.id == _message.c.conversation)
            # In a group anybody speaks, a campaign too: only what the desk says to its customers is the workspace's word.
            .where(_conversation.c.id == conversation, _conversation.c.kind == ConversationKind.SUPPORT.value)
            .where(_user.c.kind != UserKind.VISITOR.value)
            .order_by(_message.c.seq.desc())
            .limit(ANSWERS)
        )
        found = [f"{text}\n{more}" for text, more in await self._database.all(pages)]
        found += [text for (text,) in await self._database.all(replies.limit(MOST))]
        said = [json.loads(body) for (body,) in await self._database.all(answers)]
        return found + [body["text"] for body in said if body.get("text")]


def _any(column: ColumnElement[str], pieces: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(piece, autoescape=True) for piece in pieces))
