"""Exports of conversations and previews of links over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from myna.api.ids import ConversationPath
from myna.api.principal import Asker, Core

router = APIRouter(prefix="/v1", tags=["conversations"])
# A preview makes the server ask somebody else's; so many in a minute are enough for a person.


@router.get("/conversations/{conversation}/export", summary="Export a conversation")
async def export(conversation: ConversationPath, asker: Asker, core: Core) -> StreamingResponse:
    """Lines of JSON (`conversation`, `member`, `message`) with everything that I may see, as a download."""
    lines = await core.export.begin(asker, conversation)
    headers = {
        "Content-Disposition": f'attachment; filename="conversation-{conversation}.ndjson"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(lines, headers=headers, media_type="application/x-ndjson")


@router.get("/link-preview", summary="What a link leads to")
async def preview(
    url: Annotated[str, Query(min_length=1, max_length=2000)], asker: Asker, core: Core
) -> dict[str, Any]:
    """Title, description and site of a public web page; 404 when there is none."""
    await core.limits.take("preview_user", asker.user)
    return await core.previews.preview(url)
