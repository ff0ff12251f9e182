"""Exports as Chatwoot and Intercom make them, and a folder of documentation, small enough to read."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

MAY = 1_700_000_000
"""When the first of the exported conversations began, in unix seconds."""

MIA = {"id": 7, "name": "Mia", "email": "mia@example.org", "phone_number": "+4912345", "identifier": "m-1"}
MARTA = {"id": 3, "name": "Marta", "email": "marta@desk.example", "type": "user"}
OPA = {"id": 4, "name": "Opa", "email": "opa@desk.example", "type": "user"}


def chatwoot_message(number: int, said: str, kind: int = 0, **more: Any) -> dict[str, Any]:
    """A message as GET /conversations/{id}/messages lists it."""
    return {
        "id": number,
        "content": said,
        "conversation_id": 12,
        "message_type": kind,
        "content_type": "text",
        "content_attributes": {},
        "private": False,
        "created_at": MAY + number,
        "sender": {**MIA, "type": "contact"},
        **more,
    }


def chatwoot() -> dict[str, bytes]:
    """Contacts, a conversation with its messages, prepared replies and articles."""
    head = {
        "id": 12,
        "status": "resolved",
        "labels": ["Repairs"],
        "meta": {"sender": MIA, "channel": "Channel::WebWidget", "assignee": MARTA},
        "messages": [],
    }
    rated = {"submitted_values": {"csat_survey_response": {"rating": 4, "feedback_message": "Quick"}}}
    messages = [
        chatwoot_message(101, "My zip is stuck"),
        chatwoot_message(102, "We mend zips for free.", 1, sender=MARTA),
        chatwoot_message(103, "She bought it in May", 1, sender=OPA, private=True),
        chatwoot_message(104, "Conversation was marked resolved", 2, sender=None),
        chatwoot_message(105, "", 3, sender=None, content_type="input_csat", content_attributes=rated),
        chatwoot_message(106, "Here it is", attachments=[{"data_url": "https://cdn.example/zip.png"}]),
    ]
    return {
        "contacts.json": _json({"meta": {"count": 1}, "payload": [MIA]}),
        "conversations.json": _json({"data": {"meta": {"all_count": 1}, "payload": [head]}}),
        "messages/12.json": _json({"meta": {"labels": ["Repairs"]}, "payload": messages}),
        "canned_responses.json": _json(
            [
                {
                    "id": 1,
                    "account_id": 1,
                    "short_code": "Refund time",
                    "content": "{{contact.name}}, five days.",
                }
            ]
        ),
        "articles.json": _json(
            {
                "payload": [
                    _article(1, "Washing wool", "Wash wool at thirty degrees."),
                    _article(2, "A draft", "Not yet.", status="draft"),
                ],
                "meta": {"articles_count": 2},
            }
        ),
    }


def _article(number: int, title: str, content: str, status: str = "published") -> dict[str, Any]:
    return {
        "id": number,
        "slug": f"article-{number}",
        "title": title,
        "content": content,
        "status": status,
        "category": {"locale": "en"},
    }


def intercom() -> dict[str, bytes]:
    """A contact as CSV, a conversation, a macro and an article with a translation."""

    def part(number: int, kind: str, author: str, body: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "conversation_part",
            "id": str(number),
            "part_type": kind,
            "body": body,
            "created_at": MAY + number,
            "author": {
                "type": author,
                "id": f"{author}-1",
                "name": {"admin": "Marta", "bot": "Fin"}.get(author),
            },
            **more,
        }

    conversation = {
        "type": "conversation",
        "id": "900",
        "created_at": MAY,
        "state": "open",
        "source": {
            "type": "conversation",
            "id": "s1",
            "body": "<p>Where is my <b>parcel</b>?</p>",
            "author": {"type": "user", "id": "u1", "name": "Noa"},
        },
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": "u1", "external_id": "n-1"}],
        },
        "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": "Parcels"}]},
        "conversation_rating": {"rating": 5, "remark": "Great"},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [
                part(1, "comment", "bot", "<p>I look it up.</p>"),
                part(2, "assignment", "admin", ""),
                part(3, "note", "admin", "<p>VIP</p>"),
                part(4, "comment", "admin", "<p>It left yesterday.</p>"),
                part(5, "comment", "user", "<p>secret</p>", redacted=True),
            ],
        },
    }
    article = {
        "type": "article",
        "id": "55",
        "title": "Tracking",
        "body": "<p>Follow the parcel by its number.</p>",
        "state": "published",
        "default_locale": "en",
        "translated_content": {
            "type": "article_translated_content",
            "de": {
                "type": "article_content",
                "title": "Verfolgen",
                "body": "<p>Mit der Nummer.</p>",
                "state": "published",
            },
        },
    }
    return {
        "contacts.csv": b"Name,Email,Phone,User ID,Intercom ID\nNoa,noa@example.org,,n-1,u1\n",
        "conversations.jsonl": json.dumps(conversation).encode() + b"\n",
        "macros.json": _json(
            {
                "type": "list",
                "data": [{"type": "macro", "id": "m1", "name": "Sorry", "body": "<p>So sorry.</p>"}],
            }
        ),
        "articles.json": _json({"type": "list", "pages": {"page": 1}, "data": [article]}),
    }


OPENAPI = b"""openapi: 3.1.0
info: {title: Orders API, version: "1", description: Orders of the shop.}
paths:
  /orders/{id}/refund:
    post:
      summary: Refund an order
      description: The money goes back to the card within five days.
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}, description: The order's number.}
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Refund"}
      responses:
        "202": {description: The refund is under way.}
components:
  schemas:
    Refund:
      type: object
      required: [amount]
      properties:
        amount: {type: integer, description: Cents to give back.}
        reason: {type: string, enum: [broken, late]}
"""


def docs() -> dict[str, bytes]:
    """Pages, an OpenAPI description, and what is neither."""
    return {
        "guide/start.md": b"# Getting started\n\nPress the green button twice.\n",
        "guide/faq.html": b"<html><body><h1>Questions</h1><p>Batteries last nine hours.</p></body></html>",
        "api/openapi.yaml": OPENAPI,
        "logo.png": b"\x89PNG",
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
