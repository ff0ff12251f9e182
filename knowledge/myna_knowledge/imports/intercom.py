"""Intercom's exports: conversations as JSON (its export to a bucket, or GET /conversations/{id}), contacts as JSON or CSV,
articles (GET /articles) and macros (GET /macros).

Bodies are HTML. Field names are those of Intercom's REST API reference, version 2.11 and later.
"""

from collections.abc import Iterable
from typing import Any

from myna_knowledge.formats.html import html_blocks
from myna_knowledge.imports.model import Article, Contact, Export, Outcome, Prepared, Said, Speaker, Talk
from myna_knowledge.imports.opening import Entry, Object, mapping, objects, rows_of, text_of
from myna_knowledge.imports.times import moment

CUSTOMERS = frozenset({"user", "lead", "contact"})
SPOKEN = frozenset({"comment", "open", "close", "assignment", "assign_and_reopen", "note", "note_and_reopen"})
"""Kinds of parts that may carry words; the others say what happened."""


def read(entries: Iterable[Entry], export: Export) -> None:
    """Put the records of all files into `export`."""
    for entry in entries:
        for found in objects(entry, export):
            if not _take(found, export):
                export.trouble(
                    entry.name, "It holds something that is no record of Intercom.", Outcome.SKIPPED
                )


def _take(found: Object, export: Export) -> bool:
    kind = text_of(found.get("type"))
    if found.get("csv") or kind in CUSTOMERS:
        contact = _contact(found)
        if contact.key:
            export.contacts[contact.key] = contact
        return bool(contact.key)
    if "conversation_parts" in found or (kind == "conversation" and "source" in found):
        export.talks[text_of(found.get("id"))] = _talk(found, export)
    elif kind == "article" or ("title" in found and "body" in found):
        _article(found, export)
    elif kind in {"macro", "saved_reply"} or ("name" in found and "body" in found):
        text = text_of(found.get("body_text")) or plain(found.get("body"))
        reply = Prepared(text_of(found.get("id")), text_of(found.get("name")), text)
        export.replies[reply.key] = reply
    else:
        return False
    return True


def plain(body: Any) -> str:
    """The words of an HTML body, one block a paragraph."""
    return "\n\n".join(block.text for block in html_blocks(text_of(body))[2]).strip()


def _contact(found: Object) -> Contact:
    def first(*names: str) -> str:
        return next((text for name in names if (text := text_of(found.get(name)))), "")

    email = first("email") or None
    subject = first("external_id", "user_id", "user id", "external id") or None
    own = first("id", "intercom id", "contact id")
    return Contact(own or subject or email or "", first("name"), email, first("phone") or None, subject)


def _author(found: Object) -> Contact | Speaker:
    kind, key = text_of(found.get("type")), text_of(found.get("id"))
    email = text_of(found.get("email")) or None
    if kind in CUSTOMERS:
        return Contact(key, text_of(found.get("name")), email)
    return Speaker(
        f"{kind}:{key}", text_of(found.get("name")) or "Intercom", email, bot=kind in {"bot", "team", ""}
    )


def _talk(found: Object, export: Export) -> Talk:
    source = mapping(found.get("source"))
    listed = mapping(found.get("contacts")).get("contacts") or found.get("contacts")
    contact = next((_contact(each) for each in rows_of(listed)), None)
    opening = {**source, "created_at": found.get("created_at"), "part_type": "comment"}
    opening["id"] = f"source:{text_of(found.get('id'))}"
    said: list[Said] = []
    left_out = 0
    parts = mapping(found.get("conversation_parts")).get("conversation_parts") or found.get(
        "conversation_parts"
    )
    for part in [opening, *rows_of(parts)]:
        author = _author(mapping(part.get("author")))
        if isinstance(author, Contact) and author.key:
            known = export.contacts.get(author.key)
            if contact is None or (contact.key == author.key and not contact.name):
                contact = known or Contact(
                    author.key, author.name, author.email, subject=contact.subject if contact else None
                )
        files = rows_of(part.get("attachments"))
        text = "\n".join(
            line
            for line in (
                text_of(part.get("subject")) and plain(part.get("subject")),
                plain(part.get("body")),
                *(text_of(each.get("url")) for each in files),
            )
            if line
        )
        at = moment(part.get("created_at"))
        if text and at is not None and text_of(part.get("part_type")) in SPOKEN and not part.get("redacted"):
            left_out += len(files)
            speaker = author if isinstance(author, Speaker) else None
            private = text_of(part.get("part_type")).startswith("note")
            said.append(Said(text_of(part.get("id")), text, at, speaker, private))
    rating = mapping(found.get("conversation_rating"))
    score = rating.get("rating")
    labels = mapping(found.get("tags")).get("tags") or found.get("tags")
    return Talk(
        text_of(found.get("id")),
        contact,
        tuple(sorted(said, key=lambda each: each.at)),
        resolved=text_of(found.get("state")) == "closed",
        labels=tuple(text_of(each.get("name")) for each in rows_of(labels)),
        score=score if isinstance(score, int) and score in range(1, 6) else None,
        comment=text_of(rating.get("remark")),
        left_out=left_out,
    )


def _article(found: Object, export: Export) -> None:
    key, lang = text_of(found.get("id")), text_of(found.get("default_locale"))[:2] or None
    versions: dict[str, tuple[Object, str | None]] = {key: (found, lang)}
    for locale, each in mapping(found.get("translated_content")).items():
        told = mapping(each)
        if told and locale[:2] != lang:
            versions[f"{key}:{locale}"] = (told, locale[:2])
    for name, (each, spoken) in versions.items():
        title = text_of(each.get("title"))
        body = text_of(each.get("body"))
        if not title and not body:
            continue
        export.articles[name] = Article(
            name,
            title,
            f"<html><head><title>{_escaped(title)}</title></head><body><h1>{_escaped(title)}</h1>{body}</body></html>".encode(),
            f"{name.replace(':', '-')}.html",
            spoken,
            text_of(each.get("url")) or None,
            published=text_of(each.get("state")) in {"published", ""},
        )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
