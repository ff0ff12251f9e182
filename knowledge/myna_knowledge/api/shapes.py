"""What comes in and goes out of the knowledge routes."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from myna.api.ids import IdText
from myna_knowledge.care.model import EntryDraft, Finding, Gap, HumanAnswer, Impact, Question
from myna_knowledge.ingestion import USUAL_DAYS
from myna_knowledge.model import Calibration, FaqEntry, Job, Passage, Source, SourceDraft, SourceKind
from myna_knowledge.reading.crawling import MAX_PAGES, USUAL_PAGES
from myna_knowledge.reading.reading import MAX_SOURCE_BYTES, MAX_TITLE_CHARS, MAX_VARIANTS

MAX_QUERY_CHARS = 2000
MAX_URL_CHARS = 1500
MAX_DAYS = 90


class NewBase(BaseModel):
    """A knowledge base to be made."""

    name: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    audience: Literal["public", "internal"] = "public"


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


class NewConversations(BaseModel):
    """What the team answered in resolved support conversations: the switch that lets a base learn from them."""

    kind: Literal["conversations"]
    days: int = Field(default=USUAL_DAYS, ge=1, le=730)
    title: str = Field(default="Handled conversations", min_length=1, max_length=MAX_TITLE_CHARS)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        return SourceDraft(SourceKind.CONVERSATIONS, title=self.title, content=str(self.days).encode())


class NewPlugged(BaseModel):
    """What a plugin reads: `GET /v1/plugins` names them under `sources`."""

    kind: Literal["plugin"]
    source: str = Field(pattern=r"^[a-z0-9_-]{1,32}$", examples=["feed"])
    address: str = Field(min_length=1, max_length=MAX_URL_CHARS, pattern=r"^[^\x00-\x1f]+$")
    title: str = Field(default="", max_length=MAX_TITLE_CHARS)

    def draft(self) -> SourceDraft:
        """As the library takes it."""
        return SourceDraft(
            SourceKind.PLUGIN, title=self.title or self.address, filename=self.source, url=self.address
        )


class NewSource(BaseModel):
    """A source as JSON."""

    source: Annotated[
        NewText | NewFaq | NewPage | NewSite | NewConversations | NewPlugged, Field(discriminator="kind")
    ]


class Search(BaseModel):
    """A question to a knowledge base."""

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS)
    k: int = Field(default=6, ge=1, le=50)


class Accepted(BaseModel):
    """A gap's entry as somebody corrected it."""

    question: str = Field(min_length=1, max_length=2000)
    variants: list[Annotated[str, Field(max_length=2000)]] = Field(default=[], max_length=MAX_VARIANTS)
    answer: str = Field(min_length=1, max_length=20_000)
    lang: str | None = Field(default=None, max_length=16)
    replaces: IdText | None = Field(
        default=None, description="The FAQ source to change instead of adding one."
    )

    def draft(self, key: str | None) -> SourceDraft:
        """As the library takes it."""
        faq = FaqEntry(self.question, self.answer, tuple(self.variants), self.lang)
        return SourceDraft(SourceKind.FAQ, faq=faq, lang=self.lang, key=key)


class Change(BaseModel):
    """A source that may be added, or put in the place of another one."""

    source: Annotated[NewText | NewFaq, Field(discriminator="kind")]
    days: int = Field(default=7, ge=1, le=MAX_DAYS)
    replaces: IdText | None = None


class Strictness(BaseModel):
    """The operator's bound: at most this share of questions without an answer may be answered all the same."""

    wrong: float | None = Field(ge=0.01, le=0.3, description="Null for the usual bound of 0.05.")


def shown_time(at: float) -> str:
    """A moment as it is written in JSON."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def source_json(source: Source) -> dict[str, Any]:
    """The wire object."""
    return {
        "id": str(source.id),
        "title": source.title,
        "kind": source.kind,
        "lang": source.lang,
        "chunks": source.chunks,
        "state": source.state,
        "error": source.error,
        "changed_at": shown_time(source.changed_at),
    }


def job_json(job: Job) -> dict[str, Any]:
    """The wire object."""
    return {
        "id": str(job.id),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "errors": list(job.errors),
    }


def passage_json(passage: Passage) -> dict[str, Any]:
    """The wire object."""
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


def gap_json(gap: Gap) -> dict[str, Any]:
    """The wire object."""
    return {
        "id": str(gap.id),
        "question": gap.question,
        "lang": gap.lang,
        "state": gap.state,
        "questions": gap.questions,
        "conversations": gap.conversations,
        "first_at": shown_time(gap.first_at),
        "last_at": shown_time(gap.last_at),
        "source": None if gap.source is None else str(gap.source),
    }


def question_json(question: Question) -> dict[str, Any]:
    """The wire object."""
    return {
        "conversation": str(question.conversation),
        "seq": question.seq,
        "text": question.text,
        "lang": question.lang,
        "at": shown_time(question.at),
    }


def answer_json(answer: HumanAnswer) -> dict[str, Any]:
    """The wire object."""
    return {
        "conversation": str(answer.conversation),
        "seq": answer.seq,
        "text": answer.text,
        "at": shown_time(answer.at),
    }


def draft_json(draft: EntryDraft) -> dict[str, Any]:
    """The wire object."""
    return {
        "question": draft.question,
        "answer": draft.answer,
        "variants": list(draft.variants),
        "lang": draft.lang,
        "replaces": None if draft.replaces is None else str(draft.replaces),
        "was": draft.was,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """The wire object."""
    data = dict(finding.data)
    if "changed_at" in data:
        data["changed_at"] = shown_time(data["changed_at"])
    return {
        "id": str(finding.id),
        "kind": finding.kind,
        "dismissed": finding.dismissed,
        "found_at": shown_time(finding.found_at),
        **data,
    }


def impact_json(impact: Impact) -> dict[str, Any]:
    """The wire object."""
    return {
        "days": impact.days,
        "questions": impact.questions,
        "answered": impact.answered,
        "conversations": impact.conversations,
        "examples": [question_json(each) for each in impact.examples],
        "changed": [question_json(each) for each in impact.changed],
    }


def calibration_json(calibration: Calibration, wrong: float | None) -> dict[str, Any]:
    """The wire object; `wrong` is what the operator chose."""
    return {
        "threshold": round(calibration.threshold, 4),
        "wrong": calibration.alpha,
        "chosen": wrong,
        "sample": calibration.sample,
        "embedder": calibration.embedder,
        "curve": [dict(point) for point in calibration.curve],
    }
