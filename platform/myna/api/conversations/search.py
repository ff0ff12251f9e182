"""Full-text search over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from myna.api.ids import MAX_ID, Cursor
from myna.api.principal import Asker, Core
from myna.search import Query as Asked

router = APIRouter(prefix="/v1", tags=["search"])


@router.get("/search", summary="Search messages")
async def search(
    asker: Asker,
    core: Core,
    q: Annotated[
        str,
        Query(max_length=500, description='Words and "phrases"; also from:, in:, has:, before:, after:.'),
    ] = "",
    sender: Annotated[
        str | None, Query(alias="from", max_length=64, description="A user's id or handle, or `me`.")
    ] = None,
    conversation: Annotated[int | None, Query(alias="in", ge=1, lt=MAX_ID)] = None,
    has: Literal["file", "picture", "link"] | None = None,
    before: AwareDatetime | None = None,
    after: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Messages that I may see, newest first, each with a snippet in pieces that are a hit or not; `next` goes into `cursor`."""
    asked = Asked(q, sender, conversation, has, _at(before), _at(after))
    hits, following = await core.search.find(asker, asked, cursor, limit)
    return {"hits": hits, "next": None if following is None else str(following)}


def _at(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()
