"""Imports over HTTP: hand in a file, see how far it is and what became of each record, end it."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from myna.api.at_hand import at_hand
from myna.api.ids import Cursor, IdPath, Limit
from myna.api.principal import Asker
from myna.errors import TooLarge
from myna.wire import stamp
from myna_knowledge.imports.model import Import, Origin, Outcome, Row
from myna_knowledge.imports.opening import MAX_BYTES
from myna_knowledge.imports.service import Imports

PAGE = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def router(opened: Callable[[], Imports]) -> APIRouter:
    """The routes over the imports that are open when a request comes. All of them are for administrators."""
    routes = APIRouter(prefix="/v1", tags=["imports"])
    desk = at_hand(opened)

    @routes.post(
        "/imports", status_code=202, openapi_extra=_FILE, summary="Import an export or documentation"
    )
    async def begin(
        request: Request,
        who: Asker,
        origin: Origin,
        name: Annotated[str, Query(min_length=1, max_length=200, description="The file's name.")],
        inbox: Annotated[
            str | None, Query(max_length=64, description="Key of the inbox for conversations.")
        ] = None,
        base: Cursor = None,
        imports: Imports = desk,
    ) -> dict[str, Any]:
        """The file is the body: a zip, or one file of it. Conversations go to `inbox`, articles to the knowledge base `base`."""
        if int(request.headers.get("content-length") or 0) > MAX_BYTES:
            raise TooLarge(f"At most {MAX_BYTES:,} bytes are imported at once. Split the export.")
        return import_json(
            await imports.begin(who, origin, name, _body(request), inbox=inbox or None, base=base)
        )

    @routes.get("/imports", summary="Imports of this workspace")
    async def newest(who: Asker, imports: Imports = desk) -> dict[str, Any]:
        """The newest ones."""
        return {"imports": [import_json(each) for each in await imports.newest(who)]}

    @routes.get("/imports/{job}", summary="How far an import is")
    async def one(job: IdPath, who: Asker, imports: Imports = desk) -> dict[str, Any]:
        """`done` of `total` records, and how many had which outcome."""
        return import_json(await imports.one(who, job))

    @routes.get("/imports/{job}/rows", summary="What became of each record")
    async def rows(
        job: IdPath,
        who: Asker,
        outcome: Outcome | None = None,
        after: Cursor = None,
        limit: Limit = 50,
        imports: Imports = desk,
    ) -> dict[str, Any]:
        """A page of the report in the order in which records were brought in; `next` is where the next page begins."""
        found = await imports.rows(who, job, outcome, after or 0, limit)
        more = found[-1].number if len(found) == limit else None
        return {"rows": [row_json(each) for each in found], "next": more}

    @routes.get("/imports/{job}/report.csv", summary="The whole report as CSV")
    async def report(job: IdPath, who: Asker, imports: Imports = desk) -> Response:
        """One line for each record."""
        text = io.StringIO()
        written = csv.writer(text)
        written.writerow(["kind", "key", "title", "outcome", "detail"])
        after = 0
        while found := await imports.rows(who, job, None, after, PAGE):
            written.writerows(
                [_cell(each.kind), _cell(each.key), _cell(each.title), each.outcome, _cell(each.detail)]
                for each in found
            )
            after = found[-1].number
        headers = {"Content-Disposition": f'attachment; filename="import-{job}.csv"'}
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.post("/imports/{job}/cancel", summary="End an import")
    async def cancel(job: IdPath, who: Asker, imports: Imports = desk) -> dict[str, Any]:
        """What it brought in stays."""
        return import_json(await imports.cancel(who, job))

    return routes


def import_json(job: Import) -> dict[str, Any]:
    """An import as a JSON object."""
    return {
        "id": str(job.id),
        "origin": job.origin,
        "name": job.name,
        "inbox": None if job.inbox is None else str(job.inbox),
        "base": None if job.base is None else str(job.base),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "counts": dict(job.counts),
        "error": job.error,
        "created_at": stamp(job.created_at),
        "changed_at": stamp(job.changed_at),
    }


def row_json(row: Row) -> dict[str, Any]:
    """A line of a report as a JSON object."""
    return {
        "number": row.number,
        "kind": row.kind,
        "key": row.key,
        "title": row.title,
        "outcome": row.outcome,
        "detail": row.detail,
    }


def _cell(text: str) -> str:
    # A spreadsheet would run what an export's author wrote as a formula (OWASP, CSV injection).
    return f"'{text}" if text.startswith(FORMULA) else text


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk
