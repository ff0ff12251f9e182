"""A support desk's conversations as the platform stores them, for what knowledge learns from them."""

import json
import time
from typing import Any

from sqlalchemy import insert, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.desk import TicketRow, TurnRow
from myna.adapters.sql.tables.messages import MessageRow
from myna.adapters.sql.tables.workspace import AgentRow, UserRow
from myna.ids import new_id
from myna_knowledge.adapters.tables import table

ANN, AGENT, OPERATOR = 11, 12, 13


class Desk:
    """Writes rows. Ann is a visitor, an agent answers from `base`, and Oskar is a person of the team."""

    def __init__(self, database: Database, base: int, workspace: int = 1) -> None:
        self.database, self.base, self.workspace = database, base, workspace
        self.seqs: dict[int, int] = {}

    async def open(self) -> "Desk":
        people = ((ANN, "visitor", "Ann Archer"), (AGENT, "bot", "Myna"), (OPERATOR, "human", "Oskar Olsen"))
        async with self.database.write() as connection:
            for user, kind, name in people:
                row = {"id": user, "workspace": self.workspace, "kind": kind, "name": name, "locale": "en"}
                await connection.execute(
                    insert(table(UserRow)).values(**row, agent=kind == "bot", created_at=0.0)
                )
            agent = {
                "user": AGENT,
                "workspace": self.workspace,
                "bases": json.dumps([self.base]),
                "settings": "{}",
            }
            await connection.execute(insert(table(AgentRow)).values(**agent))
        return self

    async def says(self, conversation: int, sender: int, text: str, **body: Any) -> int:
        """The seq of a new message."""
        seq = self.seqs[conversation] = self.seqs.get(conversation, 0) + 1
        row = {
            "conversation": conversation,
            "seq": seq,
            "sender": sender,
            "client_id": f"c{seq}",
            "digest": "",
            "kind": "text",
            "state": "sent",
            "body": json.dumps({"text": text, **body}),
            "rev": seq,
            "created_at": time.time(),
        }
        async with self.database.write() as connection:
            await connection.execute(insert(table(MessageRow)).values(**row))
        return seq

    async def asks(
        self, conversation: int, text: str, reason: str = "low_confidence", source: int | None = None
    ) -> int:
        """Ann asks, and the agent's turn ends: with an answer from a source, or without one for a reason."""
        seq = await self.says(conversation, ANN, text)
        cited = {} if source is None else {"citations": [{"source": str(source)}]}
        said = await self.says(conversation, AGENT, "An answer." if source else "I do not know.", **cited)
        decision = {
            "decision": "answer" if source else "decline",
            "reason": "confident" if source else reason,
            "engine": "",
        }
        turn = {"id": new_id(), "workspace": self.workspace, "conversation": conversation, "agent": AGENT}
        place = {
            "trigger_seq": seq,
            "epoch": 1,
            "attempt": 1,
            "state": "done",
            "due_at": 0.0,
            "seq": said,
            "decision": json.dumps(decision),
        }
        async with self.database.write() as connection:
            await connection.execute(insert(table(TurnRow)).values(**turn, **place, created_at=time.time()))
        return seq

    async def recalls(self, conversation: int, seq: int) -> None:
        message = table(MessageRow)
        one = (message.c.conversation == conversation) & (message.c.seq == seq)
        async with self.database.write() as connection:
            await connection.execute(update(message).where(one).values(state="recalled"))

    async def resolves(self, conversation: int) -> None:
        """The conversation's ticket is resolved."""
        ticket = {
            "conversation": conversation,
            "workspace": self.workspace,
            "inbox": 1,
            "visitor": ANN,
            "owner": "operator",
            "epoch": 1,
            "status": "resolved",
            "created_at": 0.0,
            "changed_at": time.time(),
        }
        async with self.database.write() as connection:
            await connection.execute(insert(table(TicketRow)).values(**ticket))
