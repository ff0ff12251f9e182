"""Chatwoot's exports: what its API answers under /api/v1/accounts/{id}/, and the CSV of its contacts screen.

Records are told apart by their fields, so files may be named and paged as one likes. Facts from Chatwoot's source:
app/views/api/v1/models/*.jbuilder and app/models/message.rb (message types 0 incoming, 1 outgoing, 2 activity, 3 template).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from myna_knowledge.imports.model import Article, Contact, Export, Outcome, Prepared, Said, Speaker, Talk
from myna_knowledge.imports.opening import Entry, Object, mapping, objects, rows_of, text_of, texts_of
from myna_knowledge.imports.times import moment

INCOMING, OUTGOING, TEMPLATE = 0, 1, 3
_TYPES = {"incoming": INCOMING, "outgoing": OUTGOING, "activity": 2, "template": TEMPLATE}
_RATED = "input_csat"


@dataclass(slots=True)
class _Thread:
    """A conversation while its parts are found in several files."""

    contact: Contact | None = None
    head: Object = field(default_factory=dict[str, Any])
    messages: dict[str, Object] = field(default_factory=dict[str, Object])


def read(entries: Iterable[Entry], export: Export) -> None:
    """Put the records of all files into `export`."""
    threads: dict[str, _Thread] = {}
    for entry in entries:
        for found in objects(entry, export):
            if not _take(found, export, threads):
                export.trouble(
                    entry.name, "It holds something that is no record of Chatwoot.", Outcome.SKIPPED
                )
    for key, thread in threads.items():
        export.talks[key] = _talk(key, thread)


def _take(found: Object, export: Export, threads: dict[str, _Thread]) -> bool:
    if "message_type" in found and "conversation_id" in found:
        _message(found, threads)
    elif "sender" in mapping(found.get("meta")):
        _head(found, threads)
    elif "short_code" in found:
        reply = Prepared(
            text_of(found.get("id")), text_of(found.get("short_code")), text_of(found.get("content"))
        )
        export.replies[reply.key] = reply
    elif "title" in found and "content" in found:
        _article(found, export)
    elif {"email", "phone_number", "identifier"} & found.keys():
        contact = contact_of(found)
        if contact.key:
            export.contacts[contact.key] = contact
    else:
        return False
    return True


def contact_of(found: Object) -> Contact:
    """A contact of the API or of the CSV."""
    email = text_of(found.get("email")) or None
    return Contact(
        text_of(found.get("id")) or email or text_of(found.get("phone_number")),
        text_of(found.get("name")),
        email,
        text_of(found.get("phone_number")) or None,
        text_of(found.get("identifier")) or None,
    )


def _head(found: Object, threads: dict[str, _Thread]) -> None:
    thread = threads.setdefault(text_of(found.get("id")), _Thread())
    thread.head = found
    thread.contact = contact_of(mapping(mapping(found["meta"]).get("sender")))
    for each in rows_of(found.get("messages")):
        thread.messages.setdefault(text_of(each.get("id")), each)


def _message(found: Object, threads: dict[str, _Thread]) -> None:
    thread = threads.setdefault(text_of(found.get("conversation_id")), _Thread())
    thread.messages[text_of(found.get("id"))] = found
    sender = mapping(found.get("sender"))
    if thread.contact is None and _kind(found) == INCOMING and sender:
        thread.contact = contact_of(sender)


def _article(found: Object, export: Export) -> None:
    title, key = text_of(found.get("title")), text_of(found.get("id")) or text_of(found.get("slug"))
    content = f"# {title}\n\n{text_of(found.get('content'))}\n"
    locale = text_of(found.get("locale")) or text_of(mapping(found.get("category")).get("locale"))
    export.articles[key] = Article(
        key,
        title,
        content.encode(),
        f"{text_of(found.get('slug')) or key}.md",
        locale[:2] or None,
        text_of(found.get("url")) or None,
        published=found.get("status") in {"published", 1, None},
    )


def _kind(found: Object) -> int:
    told = found.get("message_type")
    return told if isinstance(told, int) else _TYPES.get(text_of(told), -1)


def _talk(key: str, thread: _Thread) -> Talk:
    said: list[Said] = []
    score, comment, left_out = None, "", 0
    for message in thread.messages.values():
        rated = mapping(
            mapping(mapping(message.get("content_attributes")).get("submitted_values")).get(
                "csat_survey_response"
            )
        )
        if message.get("content_type") == _RATED:
            if isinstance(rated.get("rating"), int):
                score, comment = int(rated["rating"]), text_of(rated.get("feedback_message"))
            continue
        made, files = _said(message)
        left_out += files
        if made is not None:
            said.append(made)
    return Talk(
        key,
        thread.contact,
        tuple(sorted(said, key=lambda each: (each.at, each.key))),
        resolved=thread.head.get("status", "resolved") == "resolved",
        labels=texts_of(thread.head.get("labels")),
        score=score if score in range(1, 6) else None,
        comment=comment,
        left_out=left_out,
    )


def _said(message: Object) -> tuple[Said | None, int]:
    kind, at = _kind(message), moment(message.get("created_at"))
    if kind not in {INCOMING, OUTGOING, TEMPLATE} or at is None:
        return None, 0
    files = rows_of(message.get("attachments"))
    lines = [text_of(message.get("content")), *(text_of(each.get("data_url")) for each in files)]
    text = "\n".join(line for line in lines if line)
    if not text:
        return None, 0
    key, sender = text_of(message.get("id")), mapping(message.get("sender"))
    speaker = None
    if kind != INCOMING:
        bot = (
            text_of(sender.get("type")).lower() in {"agent_bot", "agentbot", "captain_assistant"}
            or not sender
        )
        speaker = Speaker(
            f"{'bot' if bot else 'agent'}:{text_of(sender.get('id'))}",
            text_of(sender.get("name")) or "Chatwoot",
            text_of(sender.get("email")) or None,
            bot,
        )
    return Said(key, text, at, speaker, private=message.get("private") is True), len(files)
