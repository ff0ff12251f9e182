"""The HTTP routes of knowledge: bases, sources, jobs, search and the passage behind a citation."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from myna.api.at_hand import at_hand
from myna.api.ids import Cursor, IdPath
from myna.api.principal import Asker
from myna.errors import Malformed, NotFound, TooLarge
from myna.model.workspace import UserKind
from myna.rights import Verb, require
from myna_knowledge.api import care, setup
from myna_knowledge.api.shapes import (
    NewBase,
    NewConversations,
    NewFaq,
    NewPage,
    NewPlugged,
    NewSite,
    NewSource,
    NewText,
    Search,
    job_json,
    passage_json,
    source_json,
)
from myna_knowledge.library import Library
from myna_knowledge.model import SourceDraft, SourceKind
from myna_knowledge.reading.reading import MAX_SOURCE_BYTES, MAX_TITLE_CHARS

MAX_PART_BYTES = MAX_SOURCE_BYTES + 1


def router(opened: Callable[[], Library]) -> APIRouter:
    """The knowledge routes over the library that is open when a request comes.

    A base of another workspace looks like a missing one on every route.
    """
    routes = APIRouter(prefix="/v1", tags=["knowledge"])
    shelf = at_hand(opened)

    @routes.get("/knowledge-bases")
    async def list_bases(who: Asker, library: Library = shelf) -> dict[str, Any]:
        """The workspace's knowledge bases."""
        require(who, Verb.SEE_KNOWLEDGE)
        found = [
            {
                "id": str(each.base.id),
                "name": each.base.name,
                "audience": each.base.audience,
                "sources": each.sources,
                "chunks": each.chunks,
                "embedder": library.embedder_name,
                "state": library.state(each),
                "notice": library.notice,
            }
            for each in await library.bases(who.workspace)
        ]
        return {"bases": found}

    @routes.post("/knowledge-bases", status_code=201)
    async def create_base(body: NewBase, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """A new, empty base; the one of this name, unchanged, where there is one already."""
        require(who, Verb.TEACH)
        made = await library.create_base(who.workspace, body.name, audience=body.audience)
        return {"id": str(made.id), "name": made.name, "audience": made.audience}

    @routes.get("/knowledge-bases/{kb}/sources")
    async def list_sources(kb: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """A base's sources with their states and errors."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        return {"sources": [source_json(each) for each in await library.sources(kb)]}

    @routes.post("/knowledge-bases/{kb}/sources", status_code=202, openapi_extra=_UPLOAD)
    async def add_source(
        kb: IdPath, request: Request, who: Asker, library: Library = shelf
    ) -> dict[str, Any]:
        """Add a text, FAQ entry, page, site, conversations, a plugin's source (JSON) or a `file` (multipart)."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        source, job = await library.put(kb, await _draft(request))
        return {"source": source_json(source), "job": job_json(job)}

    @routes.delete("/knowledge-bases/{kb}/sources/{source}", status_code=204)
    async def delete_source(kb: IdPath, source: IdPath, who: Asker, library: Library = shelf) -> Response:
        """Delete a source; nothing of it is in any answer from now on."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        await library.delete_source(kb, source)
        return Response(status_code=204)

    @routes.get("/knowledge-bases/{kb}/jobs/{job}")
    async def read_job(kb: IdPath, job: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """How far an ingestion is."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        return job_json(await library.job(kb, job))

    @routes.post("/knowledge-bases/{kb}/jobs/{job}/cancel")
    async def cancel_job(kb: IdPath, job: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """Stop an ingestion; its source answers nothing until it is added again."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        return job_json(await library.cancel(kb, job))

    @routes.post("/knowledge-bases/{kb}/search")
    async def search(kb: IdPath, body: Search, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """The passages an agent would see for a question, and whether it would answer."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        found = await library.retrieve([kb], body.query, k=body.k)
        return {
            "passages": [passage_json(each) for each in found.passages],
            "confidence": round(found.confidence, 4),
            "threshold": round(found.threshold, 4),
            "answerable": found.answerable,
            "reading": found.reading,
        }

    @routes.get("/passages/{chunk}")
    async def read_passage(
        chunk: IdPath, who: Asker, library: Library = shelf, version: Cursor = None
    ) -> dict[str, Any]:
        """What a citation points at; visitors see bases with a public audience only."""
        passage = await library.passage(who.workspace, chunk, version)
        base = await library.base(who.workspace, passage.base)
        if base.audience != "public" and who.kind is not UserKind.HUMAN:
            raise NotFound(
                f"Passage {chunk} was deleted or replaced since it was cited.", code="passage_gone"
            )
        return passage_json(passage)

    routes.include_router(setup.router(opened))
    routes.include_router(care.router(opened))
    return routes


_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        each.model_json_schema()
                        for each in (NewText, NewFaq, NewPage, NewSite, NewConversations, NewPlugged)
                    ]
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string"},
                        "lang": {"type": "string"},
                    },
                }
            },
        },
    }
}


async def _draft(request: Request) -> SourceDraft:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Refused by its announced size before anything is read; bodies without one are bounded while they are read.
    if int(request.headers.get("content-length") or 0) > 2 * MAX_SOURCE_BYTES:
        raise TooLarge(f"At most {MAX_SOURCE_BYTES:,} bytes are read. Split the file.")
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=8, max_part_size=MAX_PART_BYTES) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Malformed("Send the file in the form field `file`.")
            return SourceDraft(
                SourceKind.FILE,
                title=str(form.get("title") or "")[:MAX_TITLE_CHARS],
                filename=(file.filename or "")[:MAX_TITLE_CHARS],
                content=await file.read(MAX_PART_BYTES),
                lang=str(form.get("lang") or "")[:16] or None,
            )
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > 2 * MAX_SOURCE_BYTES:
            raise TooLarge(f"At most {MAX_SOURCE_BYTES:,} bytes are read. Split the text.")
    try:
        return NewSource.model_validate_json(b'{"source":' + bytes(body) + b"}").source.draft()
    except ValidationError as error:
        fields = [
            {"where": ".".join(str(step) for step in each["loc"][2:]), "message": each["msg"]}
            for each in error.errors()
        ]
        raise Malformed("The source has the wrong shape.", status=422, extra={"fields": fields}) from None
