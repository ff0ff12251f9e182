"""The events of `POST /v1/responses`, in the order that OpenAI's clients expect."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from myna_bots.openai.agents import new_name, now, usage
from myna_bots.openai.pieces import Piece
from myna_bots.openai.shapes import ResponsesRequest


@dataclass(slots=True)
class Response:
    """A response while it is made."""

    asked: ResponsesRequest
    prompt: str
    id: str = field(default_factory=lambda: new_name("resp_"))
    created: int = field(default_factory=now)
    text: str = ""
    output: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    calls: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    usage: dict[str, Any] | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    cut: bool = False
    """Whether it ended at `max_output_tokens`."""

    @property
    def status(self) -> str:
        """How it ended."""
        return "incomplete" if self.cut else "completed"

    def json(self, status: str) -> dict[str, Any]:
        """`Response`."""
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "model": self.asked.model,
            "output": self.output if status != "in_progress" else [],
            "instructions": self.asked.instructions,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "metadata": {},
            "parallel_tool_calls": self.asked.parallel_tool_calls is not False,
            "temperature": self.asked.temperature,
            "max_output_tokens": self.asked.max_output_tokens,
            "text": self.asked.text or {"format": {"type": "text"}},
            "tool_choice": self.asked.tool_choice or "auto",
            "tools": self.asked.tools or [],
            "top_p": self.asked.top_p,
            "previous_response_id": None,
            "usage": self._usage() if status != "in_progress" else None,
        }

    def _usage(self) -> dict[str, Any]:
        found = usage(self.prompt, self.text, self.usage)
        return {
            "input_tokens": found["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": found["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": found["total_tokens"],
        }

    def call(self, part: dict[str, Any]) -> None:
        """Add a part of a tool call."""
        known = self.calls.setdefault(int(part.get("index", 0)), {"id": "", "name": "", "arguments": ""})
        known["id"] = part.get("id") or known["id"]
        function: dict[str, Any] = part.get("function") or {}
        known["name"] = function.get("name") or known["name"]
        known["arguments"] += function.get("arguments") or ""


async def events(response: Response, pieces: AsyncIterator[Piece]) -> AsyncGenerator[dict[str, Any], None]:
    """The stream's events, numbered; the last one holds the whole response."""
    number = 0

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        return {"type": kind, "sequence_number": number - 1, **fields}

    yield event("response.created", response=response.json("in_progress"))
    item = new_name("msg_")
    place = {"item_id": item, "output_index": 0, "content_index": 0}
    begun = False
    async for piece in pieces:
        for part in piece.tool_calls:
            response.call(part)
        response.annotations += [_annotation(each) for each in piece.citations]
        response.cut = response.cut or piece.finish == "length"
        response.usage = dict(piece.usage) if piece.usage is not None else response.usage
        if not piece.text:
            continue
        if not begun:
            begun = True
            yield event("response.output_item.added", output_index=0, item=_message(item, "in_progress", []))
            yield event("response.content_part.added", part=_part("", []), **place)
        response.text += piece.text
        yield event("response.output_text.delta", delta=piece.text, logprobs=[], **place)
    if begun:
        part = _part(response.text, response.annotations)
        yield event("response.output_text.done", text=response.text, logprobs=[], **place)
        yield event("response.content_part.done", part=part, **place)
        done = _message(item, response.status, [part])
        response.output.append(done)
        yield event("response.output_item.done", output_index=0, item=done)
    for call in response.calls.values():
        at = len(response.output)
        made = {
            "id": new_name("fc_"),
            "type": "function_call",
            "status": "completed",
            "call_id": call["id"],
            "name": call["name"],
            "arguments": call["arguments"],
        }
        yield event(
            "response.output_item.added",
            output_index=at,
            item={**made, "arguments": "", "status": "in_progress"},
        )
        where = {"item_id": made["id"], "output_index": at}
        yield event("response.function_call_arguments.delta", delta=made["arguments"], **where)
        yield event(
            "response.function_call_arguments.done", arguments=made["arguments"], name=made["name"], **where
        )
        response.output.append(made)
        yield event("response.output_item.done", output_index=at, item=made)
    yield event(f"response.{response.status}", response=response.json(response.status))


def _message(id_: str, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": content}


def _part(text: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def _annotation(citation: Any) -> dict[str, Any]:
    return {
        "type": "file_citation",
        "file_id": str(citation["chunk"]),
        "filename": str(citation["title"]),
        "index": int(citation["n"]),
    }


def encoded(event: dict[str, Any]) -> str:
    """An event's data."""
    return json.dumps(event, ensure_ascii=False)
