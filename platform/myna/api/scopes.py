"""What each scope lets an application do for a person: the routes that it opens. No other route takes an application's token."""

from fastapi import Request

from myna.errors import Forbidden
from myna.rights import Principal

SCOPES = {
    "profile": "See who you are and in which workspace",
    "conversations:read": "Read your conversations, their members and files",
    "messages:write": "Write, change and take back messages, react and open conversations in your name",
    "tickets:read": "See support conversations' state, notes, labels and customers",
    "tickets:write": "Claim, hand over and resolve support conversations, and write notes",
    "knowledge:read": "Search the knowledge bases",
    "knowledge:write": "Add and remove sources of the knowledge bases",
    "people:read": "See the people of the workspace",
    "reports:read": "See reports",
}
_PLACE = "/v1/conversations/{conversation}"
_ROUTES = {
    "profile": "GET /v1/me",
    "conversations:read": f"""GET /v1/conversations
        GET {_PLACE}
        GET {_PLACE}/messages
        GET {_PLACE}/events
        GET {_PLACE}/members
        GET {_PLACE}/pins
        GET {_PLACE}/receipts
        GET {_PLACE}/messages/{{seq}}/reactions
        GET {_PLACE}/messages/{{seq}}/versions
        GET {_PLACE}/messages/{{seq}}/files/{{file}}
        GET /v1/sync
        GET /v1/search
        GET /v1/mentions
        GET /v1/users
        GET /v1/files/{{file}}
        GET /v1/files/{{file}}/info""",
    "messages:write": f"""POST /v1/conversations
        POST {_PLACE}/messages
        PATCH {_PLACE}/messages/{{seq}}
        DELETE {_PLACE}/messages/{{seq}}
        PUT {_PLACE}/messages/{{seq}}/reactions/{{emoji}}
        DELETE {_PLACE}/messages/{{seq}}/reactions/{{emoji}}
        PUT {_PLACE}/read
        POST /v1/files
        PATCH /v1/files/{{file}}""",
    "tickets:read": f"""GET /v1/tickets
        GET /v1/contacts
        GET /v1/teams
        GET /v1/operators
        GET /v1/inboxes
        GET {_PLACE}/visitor
        GET {_PLACE}/notes
        GET {_PLACE}/labels
        GET {_PLACE}/ratings""",
    "tickets:write": f"""POST {_PLACE}/claim
        POST {_PLACE}/release
        POST {_PLACE}/resolve
        POST {_PLACE}/hand-off
        POST {_PLACE}/notes
        PUT {_PLACE}/labels/{{label}}""",
    "knowledge:read": """GET /v1/knowledge-bases
        GET /v1/knowledge-bases/{kb}/sources
        GET /v1/knowledge-bases/{kb}/jobs/{job}
        POST /v1/knowledge-bases/{kb}/search
        GET /v1/passages/{chunk}""",
    "knowledge:write": """POST /v1/knowledge-bases/{kb}/sources
        DELETE /v1/knowledge-bases/{kb}/sources/{source}""",
    "people:read": "GET /v1/people",
    "reports:read": "GET /v1/reports",
}
OPENED_BY = {
    route.strip(): scope for scope, routes in _ROUTES.items() for route in routes.split("\n") if route.strip()
}
"""The scope that opens a route."""


def let_through(request: Request, principal: Principal) -> None:
    """Let a person pass, and an application whose scopes open this route.

    Raises:
        Forbidden: `insufficient_scope` (RFC 6750, section 3.1); `extra.scope` is the one that would, if any.
    """
    if principal.granted is None:
        return
    route = request.scope["route"]
    needed = OPENED_BY.get(f"{request.method} {route.path_format}")
    if needed is None:
        raise Forbidden("No application may do this.", code="insufficient_scope")
    if needed not in principal.granted:
        raise Forbidden(
            f"This application was not given {needed!r}.", code="insufficient_scope", extra={"scope": needed}
        )
