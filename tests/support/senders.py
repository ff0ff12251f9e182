"""Clients that keep many drafts on their way and send again whatever was not acknowledged."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

WINDOW = 25


@dataclass
class Sender:
    """One user's outbox. `urls` gives the address to try next, so that a client can go to another process."""

    token: str
    conversation: int
    name: str
    total: int
    urls: Callable[[], str]
    acks: dict[str, int] = field(default_factory=dict)
    """The seq of each acknowledged client_id."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0

    @property
    def drafts(self) -> list[str]:
        """Every client_id, in order."""
        return [f"{self.name}-{number}" for number in range(self.total)]

    async def run(self) -> None:
        """Returns when every draft is acknowledged, over as many connections as it takes."""
        while len(self.acks) < self.total:
            try:
                await self._connection()
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(0.05)

    async def _connection(self) -> None:
        async with asyncio.timeout(60), connect(self.urls(), compression=None, open_timeout=5) as socket:
            self.connections += 1
            await socket.send(json.dumps({"op": "hello", "v": 1, "token": self.token}))
            waiting = [each for each in self.drafts if each not in self.acks]
            flying = 0
            async for raw in socket:
                frame = json.loads(raw)
                if frame["op"] == "ack":
                    known = self.acks.setdefault(frame["client_id"], frame["seq"])
                    assert known == frame["seq"], "two acks of one draft name two messages"
                    flying -= 1
                elif frame["op"] == "nack":
                    flying -= 1
                    if not frame["temporary"]:
                        self.refused.append(frame)
                        raise AssertionError(frame)
                    waiting.append(frame["client_id"])
                while waiting and flying < WINDOW:
                    flying += 1
                    await socket.send(json.dumps(self._frame(waiting.pop(0))))
                if not waiting and not flying:
                    return

    def _frame(self, client_id: str) -> dict[str, Any]:
        return {
            "op": "send",
            "ref": client_id,
            "conversation": str(self.conversation),
            "client_id": client_id,
            "body": {"text": f"text of {client_id}"},
        }
