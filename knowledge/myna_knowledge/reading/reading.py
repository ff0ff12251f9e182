"""Reading a source: bytes become a document, or an error that says what was wrong and what to do."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, cast

from myna_knowledge.formats.blocks import Block, BlockKind, Document, Unreadable
from myna_knowledge.formats.grid import table_blocks
from myna_knowledge.formats.html import html_blocks
from myna_knowledge.formats.isolated import FORMATS, read_isolated
from myna_knowledge.formats.markdown import front_matter, markdown_blocks
from myna_knowledge.formats.records import csv_rows, faq_rows, faq_values, json_blocks, json_value
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind
from myna_knowledge.text import language

MAX_SOURCE_BYTES = 8_000_000
MAX_FAQ_ENTRIES = 20_000
MAX_VARIANTS = 200
MAX_TITLE_CHARS = 300

SUFFIXES = frozenset(
    {".md", ".markdown", ".txt", ".text", ".html", ".htm", ".jsonl", ".json", ".csv", ".tsv", *FORMATS}
)


def check_draft(draft: SourceDraft) -> None:
    """Return when the draft is of a kind and size that can be read; its content is not looked at yet.

    Raises:
        Unreadable: too large, empty, or a file ending nobody here reads. Nothing was stored.
    """
    if draft.kind is SourceKind.FAQ:
        if draft.faq is None or not draft.faq.question.strip():
            raise Unreadable("A FAQ entry needs a question: give `question` and `answer`.")
        if len(draft.faq.variants) > MAX_VARIANTS:
            raise Unreadable(
                f"{len(draft.faq.variants)} variants: at most {MAX_VARIANTS} are kept per question."
            )
        return
    if draft.kind in {SourceKind.URL, SourceKind.SITE}:
        if not (draft.url or "").lower().startswith(("http://", "https://")):
            raise Unreadable(
                f"{draft.url or ''!r}: only http and https addresses are read.", code="bad_address"
            )
        return
    if draft.kind in {SourceKind.CONVERSATIONS, SourceKind.PLUGIN}:
        return
    if not draft.content.strip():
        raise Unreadable(f"{_name(draft)!r} is empty.")
    if len(draft.content) > MAX_SOURCE_BYTES:
        raise Unreadable(
            f"{_name(draft)!r} has {len(draft.content):,} bytes: at most {MAX_SOURCE_BYTES:,} are read. Split it.",
            status=413,
            code="too_large",
        )
    if draft.kind is SourceKind.FILE and _suffix(draft) not in SUFFIXES:
        raise Unreadable(f"{_name(draft)!r}: only {', '.join(sorted(SUFFIXES))} files are read.")


def read_source(draft: SourceDraft) -> Document:
    """The document in a draft.

    Raises:
        Unreadable: see `check_draft`; also wrong encoding, or no readable text at all.
    """
    check_draft(draft)
    if draft.kind is SourceKind.FAQ and draft.faq is not None:
        faq = draft.faq
        lang = draft.lang or faq.lang or language(faq.question + faq.answer)
        return Document(
            title=draft.title or faq.question[:MAX_TITLE_CHARS], lang=lang, faqs=(faq,), url=draft.url
        )
    if draft.kind is SourceKind.FILE and _suffix(draft) in FORMATS:
        return _with_text(draft, _isolated(draft))
    text = decode(draft.content, _name(draft))
    match _suffix(draft) if draft.kind is SourceKind.FILE else ".md":
        case ".html" | ".htm":
            document = _html(draft, text)
        case ".jsonl":
            document = _faq_lines(draft, text)
        case ".json":
            document = _json(draft, text)
        case ".csv" | ".tsv":
            document = _csv(draft, text)
        case ".txt" | ".text":
            document = _plain(draft, text)
        case _:
            document = _markdown(draft, text)
    return _with_text(draft, document)


def _with_text(draft: SourceDraft, document: Document) -> Document:
    if not document.faqs and not any(block.kind is not BlockKind.HEADING for block in document.blocks):
        raise Unreadable(f"{_name(draft)!r} has no readable text below its headings.")
    return document


def decode(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; line ends become `\\n`.

    Raises:
        Unreadable: it is in another encoding, or binary. Guessing would store nonsense that is found by nobody.
    """
    try:
        marked = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{name!r} is not UTF-8: byte {content[error.start]:#04x} at offset {error.start}. Save it as UTF-8.",
            code="wrong_encoding",
        ) from None
    if "\x00" in text:
        raise Unreadable(
            f"{name!r} looks binary: it holds NUL characters. Save it as UTF-8 text.", code="wrong_encoding"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _markdown(draft: SourceDraft, text: str) -> Document:
    fields, body = front_matter(text)
    blocks = list(markdown_blocks(body))
    title = draft.title or _string(fields.get("title"))
    title, blocks = _leading_title(title, blocks, draft)
    tags = fields.get("tags", [])
    return Document(
        title=title,
        lang=_lang(draft, _string(fields.get("lang") or fields.get("language") or ""), blocks),
        blocks=tuple(blocks),
        url=draft.url or _string(fields.get("url")) or _string(fields.get("slug")) or None,
        tags=tuple(tags) if isinstance(tags, list) else (tags,),
    )


def _html(draft: SourceDraft, text: str) -> Document:
    title, lang, found = html_blocks(text)
    blocks = list(found)
    title, blocks = _leading_title(draft.title or title, blocks, draft)
    return Document(title=title, lang=_lang(draft, lang or "", blocks), blocks=tuple(blocks), url=draft.url)


def _plain(draft: SourceDraft, text: str) -> Document:
    blocks = [Block(BlockKind.PARAGRAPH, part.strip("\n")) for part in text.split("\n\n") if part.strip()]
    title, blocks = _leading_title(draft.title, blocks, draft)
    return Document(title=title, lang=_lang(draft, "", blocks), blocks=tuple(blocks), url=draft.url)


def _leading_title(title: str, blocks: list[Block], draft: SourceDraft) -> tuple[str, list[Block]]:
    """The title, and the blocks without a first heading that only repeats or gives it."""
    first = blocks[0] if blocks else None
    if (
        first
        and first.kind is BlockKind.HEADING
        and (not title or (first.level == 1 and first.text == title))
    ):
        title, blocks = first.text, blocks[1:]
    elif not title and draft.filename:
        title = _stem(draft)
    elif not title and first:
        title = first.text.splitlines()[0]
    return title.strip()[:MAX_TITLE_CHARS], blocks


def _lang(draft: SourceDraft, declared: str, blocks: list[Block]) -> str:
    given = (draft.lang or declared).strip().lower().replace("_", "-").split("-")[0]
    return given or language(" ".join(block.text for block in blocks)[:5000])


def _isolated(draft: SourceDraft) -> Document:
    stated, blocks = read_isolated(_suffix(draft), draft.content, _name(draft))
    # Their first heading is a page, a slide or a sheet: no title of the whole.
    title = draft.title or stated or _stem(draft)
    return Document(
        title=title[:MAX_TITLE_CHARS], lang=_lang(draft, "", blocks), blocks=tuple(blocks), url=draft.url
    )


def _csv(draft: SourceDraft, text: str) -> Document:
    rows = csv_rows(text, _name(draft))
    entries = faq_rows(rows)
    if entries is not None:
        return _faqs(draft, ((f"row {number}", entry) for number, entry in enumerate(entries, start=2)))
    return _tables(draft, table_blocks(rows))


def _json(draft: SourceDraft, text: str) -> Document:
    value = json_value(text, _name(draft))
    entries = faq_values(value)
    if entries is not None:
        return _faqs(draft, ((f"entry {number}", entry) for number, entry in enumerate(entries, start=1)))
    return _tables(draft, json_blocks(value))


def _tables(draft: SourceDraft, blocks: list[Block]) -> Document:
    title, blocks = _leading_title(draft.title, blocks, draft)
    return Document(title=title, lang=_lang(draft, "", blocks), blocks=tuple(blocks), url=draft.url)


def _faq_lines(draft: SourceDraft, text: str) -> Document:
    lines = enumerate(text.split("\n"), start=1)
    return _faqs(draft, ((f"line {number}", line) for number, line in lines if line.strip()))


def _faqs(draft: SourceDraft, rows: Iterable[tuple[str, Any]]) -> Document:
    """FAQ entries from rows with their places; a text is one JSON object. What cannot be read is an error of its row."""
    entries: list[FaqEntry] = []
    errors: list[str] = []
    for place, row in rows:
        if len(entries) >= MAX_FAQ_ENTRIES:
            raise Unreadable(f"{_name(draft)!r} holds more than {MAX_FAQ_ENTRIES:,} entries. Split it.")
        try:
            entries.append(_faq_entry(json.loads(row) if isinstance(row, str) else row))
        except (ValueError, RecursionError) as error:
            errors.append(f"{place}: {error}")
    if not entries:
        shown = "; ".join(errors[:3])
        raise Unreadable(
            f"{_name(draft)!r} holds no FAQ entry ({shown}). Give each a question and an answer."
        )
    title = draft.title or PurePath(draft.filename).stem
    lang = draft.lang or language(" ".join(entry.question for entry in entries)[:5000])
    return Document(title=title, lang=lang, faqs=tuple(entries), url=draft.url, errors=tuple(errors[:100]))


def _faq_entry(row: Any) -> FaqEntry:
    if not isinstance(row, Mapping):
        raise ValueError("expected a JSON object with question and answer")
    fields = cast("Mapping[str, Any]", row)
    question, answer = fields.get("question"), fields.get("answer")
    variants: Sequence[object] | object = fields.get("variants") or ()
    if not isinstance(question, str) or not question.strip() or not isinstance(answer, str):
        raise ValueError("`question` and `answer` must be texts, the question not empty")
    if (
        isinstance(variants, str)
        or not isinstance(variants, Sequence)
        or len(cast("Sequence[object]", variants)) > MAX_VARIANTS
    ):
        raise ValueError(f"`variants` must be a list of at most {MAX_VARIANTS} texts")
    texts = [str(one).strip() for one in cast("Sequence[object]", variants)]
    return FaqEntry(
        question=question.strip(),
        answer=answer.strip(),
        variants=tuple(text for text in texts if text),
        lang=_string(fields.get("lang")) or None,
        title=_string(fields.get("title")) or None,
        url=_string(fields.get("url")) or _string(fields.get("page")) or None,
    )


def _string(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _name(draft: SourceDraft) -> str:
    return draft.filename or draft.title or "The text"


def _stem(draft: SourceDraft) -> str:
    return PurePath(draft.filename).stem.replace("-", " ").replace("_", " ")


def _suffix(draft: SourceDraft) -> str:
    return PurePath(draft.filename).suffix.lower()
