"""Exports, erasures and retention over HTTP."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.privacy.desk import job_object
from myna.privacy.model import Task
from myna.rights import Verb, require

router = APIRouter(prefix="/v1", tags=["privacy"])


class Retention(BaseModel):
    """Days for which conversations of a kind are kept."""

    days: dict[str, int] = Field(max_length=10, examples=[{"support": 365, "group": 0}])


@router.post("/account/export", status_code=202, summary="Export everything about me")
async def export_me(asker: Asker, core: Core) -> dict[str, Any]:
    """A job that makes a ZIP file; ask `GET /v1/privacy/jobs/{job}` how far it is."""
    return await core.privacy.ask(asker, asker.user, Task.EXPORT)


@router.get("/account/exports", summary="Exports about me")
async def my_exports(asker: Asker, core: Core) -> dict[str, Any]:
    """The last twenty, newest first, whoever asked for them; each can be downloaded for a week."""
    return {"jobs": await core.privacy.mine(asker)}


@router.post("/admin/users/{user}/export", status_code=202, summary="Export everything about a user")
async def export_user(user: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Messages, files, profile, devices, memory and everything else, for people and visitors."""
    require(asker, Verb.ADMINISTER)
    return await core.privacy.ask(asker, user, Task.EXPORT)


@router.post("/admin/users/{user}/erase", status_code=202, summary="Erase everything about a user")
async def erase_user(user: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Cannot be undone. Messages stay as tombstones without words, the user as a row without a name."""
    return await core.privacy.ask(asker, user, Task.ERASE)


@router.get("/admin/privacy/jobs", summary="Exports and erasures")
async def jobs(asker: Asker, core: Core) -> dict[str, Any]:
    """The last hundred, newest first."""
    return {"jobs": await core.privacy.listed(asker)}


@router.get("/privacy/jobs/{job}", summary="How far an export or erasure is")
async def job(job: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """For administrators, and for whom it is about."""
    return job_object(await core.privacy.job(asker, job))


@router.get("/privacy/jobs/{job}/content", summary="Download an export")
async def content(job: IdPath, asker: Asker, core: Core) -> StreamingResponse:
    """The ZIP file, for a week."""
    chunks, size = await core.privacy.content(asker, job)
    headers = {
        "Content-Disposition": f'attachment; filename="export-{job}.zip"',
        "X-Content-Type-Options": "nosniff",
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(chunks, headers=headers, media_type="application/zip")


@router.get("/admin/retention", summary="How long conversations are kept")
async def retention(asker: Asker, core: Core) -> dict[str, Any]:
    """Days by kind of conversation; 0: for ever. A conversation's own rule counts for more."""
    return {"days": await core.privacy.retention(asker)}


@router.put("/admin/retention", summary="Keep conversations for so long")
async def set_retention(asked: Retention, asker: Asker, core: Core) -> dict[str, Any]:
    """Older messages are taken away within ten minutes, and from then on as they grow old."""
    return {"days": await core.privacy.set_retention(asker, asked.days)}
