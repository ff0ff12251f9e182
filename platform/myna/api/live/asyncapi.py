"""The AsyncAPI document of the socket, made from the types that decode and describe its frames."""

from functools import cache
from typing import Any, get_args

import msgspec
from fastapi import APIRouter, Response

from myna import __version__
from myna.api.live.answers import ServerFrame
from myna.api.live.frames import MAX_BATCH, MAX_FRAME_BYTES, Frame
from myna.api.live.happenings import DATA, failures
from myna.wire import encode

router = APIRouter(prefix="/v1", tags=["sync"])
REFS = "#/components/schemas/{name}"
ABOUT = f"""
JSON objects, one per WebSocket text frame; an array is a batch. The same objects come as `data:` of Server-Sent Events
(`GET /v1/events`), in long-poll replies (`GET /v1/poll`), and go to `POST /v1/commands`. A frame has at most {MAX_FRAME_BYTES}
bytes, an array at most {MAX_BATCH} frames. Unknown fields are ignored, unknown ops answered with a nack. The close code of
a connection is 4000 plus the status of the error. `x-events` says what the `data` of each kind of event holds, `x-errors`
what each status means.
"""


@router.get("/asyncapi.json", summary="The socket's protocol as an AsyncAPI document")
async def served() -> Response:
    """Every frame in both directions, made from the types that the server uses."""
    return Response(encode(document()), media_type="application/json")


@cache
def document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""
    client, server = get_args(Frame), get_args(ServerFrame)
    shapes = [*client, *server, *DATA.values()]
    _, schemas = msgspec.json.schema_components(shapes, ref_template=REFS)
    messages = {_name(each): _message(each) for each in (*client, *server)}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Myna", "version": __version__, "description": ABOUT.strip()},
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/v1/socket",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "clientFrames": _operation("receive", "What a client may send.", client),
            "serverFrames": _operation("send", "What the server sends.", server),
        },
        "components": {"messages": messages, "schemas": schemas},
        # Extensions of this document (AsyncAPI allows fields that begin with x-).
        "x-events": {kind.value: {"$ref": REFS.format(name=shape.__name__)} for kind, shape in DATA.items()},
        "x-errors": [msgspec.to_builtins(each) for each in failures()],
    }


def op_of(frame: type[msgspec.Struct]) -> str:
    """The `op` of a frame's type."""
    return str(frame.__struct_config__.tag)


def _name(frame: type[msgspec.Struct]) -> str:
    side = "client" if frame in get_args(Frame) else "server"
    return f"{side}.{op_of(frame)}"


def _message(frame: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": op_of(frame),
        "summary": (frame.__doc__ or "").strip(),
        "payload": {"$ref": REFS.format(name=frame.__name__)},
    }


def _operation(action: str, summary: str, frames: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{_name(each)}"} for each in frames],
    }
