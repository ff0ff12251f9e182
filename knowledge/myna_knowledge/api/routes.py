"""The HTTP routes of knowledge: bases, sources, jobs, search and the passage behind a citation."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile

from myna.api.ids import Cursor, IdPath
from myna.api.principal import Asker
from myna.errors import Malformed, NotFound, TooLarge
from myna.model import UserKind
from myna.rights import Verb, require
from myna_knowledge.api import setup
from myna_knowledge.crawling import MAX_PAGES, USUAL_PAGES
from myna_knowledge.library import Library
from myna_knowledge.model import FaqEntry, Job, Passage, Source, SourceDraft, SourceKind
from myna_knowledge.reading import MAX_SOURCE_BYTES, MAX_TITLE_CHARS, MAX_VARIANTS

MAX_QUERY_CHARS = 2000
MAX_URL_CHARS = 1500
MAX_PART_BYTES = MAX_SOURCE_BYTES + 1


class NewText(BaseModel):
    """A pasted text, read as Markdown."""

    kind: Literal["text"]
    title: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: str = Field(min_length=1, max_length=MAX_SOURCE_BYTES)
    lang: str | None = Field(default=None, max_length=16)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        return SourceDraft(SourceKind.TEXT, title=self.title, content=self.text.encode(), lang=self.lang)


class NewFaq(BaseModel):
    """A question with other ways to ask it, and its answer."""

    kind: Literal["faq"]
    question: str = Field(min_length=1, max_length=2000)
    variants: list[Annotated[str, Field(max_length=2000)]] = Field(default=[], max_length=MAX_VARIANTS)
    answer: str = Field(min_length=1, max_length=20_000)
    lang: str | None = Field(default=None, max_length=16)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        faq = FaqEntry(self.question, self.answer, tuple(self.variants), self.lang)
        return SourceDraft(SourceKind.FAQ, faq=faq, lang=self.lang)


class NewPage(BaseModel):
    """A page of the web."""

    kind: Literal["url"]
    url: str = Field(min_length=8, max_length=MAX_URL_CHARS)
    title: str = Field(default="", max_length=MAX_TITLE_CHARS)
    lang: str | None = Field(default=None, max_length=16)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        return SourceDraft(SourceKind.URL, title=self.title, url=self.url, lang=self.lang)


class NewSite(BaseModel):
    """A website, from a page below which links are followed, or a sitemap."""

    kind: Literal["site"]
    url: str = Field(min_length=8, max_length=MAX_URL_CHARS)
    pages: int = Field(default=USUAL_PAGES, ge=1, le=MAX_PAGES)
    lang: str | None = Field(default=None, max_length=16)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        return SourceDraft(
            SourceKind.SITE, title=self.url, url=self.url, content=str(self.pages).encode(), lang=self.lang
        )


class _NewSource(BaseModel):
    source: Annotated[NewText | NewFaq | NewPage | NewSite, Field(discriminator="kind")]


class Search(BaseModel):
    """A question to a knowledge base."""

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS)
    k: int = Field(default=6, ge=1, le=50)


def router(opened: Callable[[], Library]) -> APIRouter:
    """The knowledge routes over the library that is open when a request comes.

    A base of another workspace looks like a missing one on every route.
    """
    routes = APIRouter(prefix="/v1", tags=["knowledge"])
    shelf = Depends(opened)

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

    @routes.get("/knowledge-bases/{kb}/sources")
    async def list_sources(kb: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """A base's sources with their states and errors."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        return {"sources": [_source(each) for each in await library.sources(kb)]}

    @routes.post("/knowledge-bases/{kb}/sources", status_code=202, openapi_extra=_UPLOAD)
    async def add_source(
        kb: IdPath, request: Request, who: Asker, library: Library = shelf
    ) -> dict[str, Any]:
        """Add a text, FAQ entry, page or site (JSON) or a file (multipart, field `file`); a job ingests it."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        source, job = await library.put(kb, await _draft(request))
        return {"source": _source(source), "job": _job(job)}

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
        return _job(await library.job(kb, job))

    @routes.post("/knowledge-bases/{kb}/jobs/{job}/cancel")
    async def cancel_job(kb: IdPath, job: IdPath, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """Stop an ingestion; its source answers nothing until it is added again."""
        require(who, Verb.TEACH)
        await library.base(who.workspace, kb)
        return _job(await library.cancel(kb, job))

    @routes.post("/knowledge-bases/{kb}/search")
    async def search(kb: IdPath, body: Search, who: Asker, library: Library = shelf) -> dict[str, Any]:
        """The passages an agent would see for a question, and whether it would answer."""
        require(who, Verb.SEE_KNOWLEDGE)
        await library.base(who.workspace, kb)
        found = await library.retrieve([kb], body.query, k=body.k)
        return {
            "passages": [_passage(each) for each in found.passages],
            "confidence": round(found.confidence, 4),
            "threshold": round(found.threshold, 4),
            "answerable": found.answerable,
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
        return _passage(passage)

    routes.include_router(setup.router(opened))
    return routes


_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [each.model_json_schema() for each in (NewText, NewFaq, NewPage, NewSite)]
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
        return _NewSource.model_validate_json(b'{"source":' + bytes(body) + b"}").source.draft()
    except ValidationError as error:
        fields = [
            {"where": ".".join(str(step) for step in each["loc"][2:]), "message": each["msg"]}
            for each in error.errors()
        ]
        raise Malformed("The source has the wrong shape.", status=422, extra={"fields": fields}) from None


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": str(source.id),
        "title": source.title,
        "kind": source.kind,
        "lang": source.lang,
        "chunks": source.chunks,
        "state": source.state,
        "error": source.error,
        "changed_at": _time(source.changed_at),
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "errors": list(job.errors),
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "chunk": str(passage.chunk),
        "version": passage.version,
        "source": str(passage.source),
        "title": passage.title,
        "heading": passage.heading,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "lang": passage.lang,
        "kind": passage.kind,
        "question": passage.question,
        "answer": passage.answer,
        "score": round(passage.score, 4),
        "url": passage.url,
    }
