"""Visitors over HTTP: what an inbox shows and asks them first, how they begin, and what is known of them."""

import hashlib
import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from myna.api.identity.auth import Locale, Proof, address_of, device_of, session_object
from myna.api.ids import ConversationPath
from myna.api.principal import Asker, Core
from myna.errors import Forbidden, NotFound, TooMany, Unauthorised
from myna.helpdesk.visitors import check_answers
from myna.ids import new_id
from myna.intrusion.model import Response as Follows
from myna.limits.addresses import place_of
from myna.limits.proof import CHALLENGED_BITS
from myna.model.workspace import Inbox, User, UserKind
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import encode, stamp, user_object

router = APIRouter(prefix="/v1", tags=["identity"])
Key = Annotated[str, Path(max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Hashed(BaseModel):
    """An id and its HMAC-SHA256 by the inbox's secret, as sites made for Chatwoot have them."""

    id: Text
    hash: str = Field(pattern=r"^[0-9A-Fa-f]{64}$")


class NewVisitor(BaseModel):
    """Where a visitor comes in, who they are, and what they answered."""

    inbox: str = Field(min_length=1, max_length=64, examples=["demo"])
    locale: Locale = "en"
    answers: dict[str, Any] = Field(default_factory=dict[str, Any], max_length=20)
    proof: Proof | None = Field(default=None, description="When the answer was 428 `proof_needed`.")
    identity: Annotated[str, StringConstraints(max_length=4000)] | Hashed | None = Field(
        default=None, description="A JWT that the site signed, or an id with its hash."
    )


class IdentityChange(BaseModel):
    """How an inbox takes signatures."""

    enforce: bool = Field(default=False, description="Nobody begins without a signature.")
    renew: bool = Field(default=False, description="A new secret; signatures by the old one end.")


class PrechatField(BaseModel):
    """A question before the first message. `name` and `email` become the visitor's name and address."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["email"])
    label: Text
    kind: Literal["text", "email", "choice", "bool"] = "text"
    required: bool = False
    options: list[Text] = Field(default_factory=list[str], max_length=50)


@router.get("/inboxes/{key}", summary="What a widget shows before the first message")
async def inbox(key: str, core: Core, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Public: name, agent, greeting, first suggestions and questions, and whether people answer now."""
    found = await _inbox(core, key)
    agent = await core.accounts.user(found.agent) if found.agent is not None else None
    opens, opens_at = await core.helpdesk.hours(found.id, found.workspace)
    body = encode(
        {
            "key": found.key,
            "name": found.name,
            "locale": found.locale,
            "agent": user_object(agent) if agent else None,
            "greeting": found.texts.get("greeting", {}),
            "suggestions": found.texts.get("suggestions", {}),
            "prechat": found.texts.get("prechat", []),
            "open": opens,
            "opens_at": None if opens_at is None else stamp(opens_at),
        }
    )
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if if_none_match == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, media_type="application/json", headers={"ETag": tag, "Cache-Control": "no-cache"})


@router.post("/visitors", status_code=201, summary="Begin as a visitor")
async def visitor(asked: NewVisitor, request: Request, core: Core) -> dict[str, Any]:
    """Tokens for a visitor of an inbox, if the page's origin may embed it.

    Whoever the site vouches for comes back as the same visitor on every device. With the access token of an anonymous visitor
    the first signature makes this visitor the signed one, conversations and all.
    """
    found = await _inbox(core, asked.inbox)
    _check_origin(found, request.headers.get("origin"), str(request.base_url))
    await _admit(core, found, place_of(address_of(request)), asked.proof)
    identity = asked.identity.model_dump() if isinstance(asked.identity, Hashed) else asked.identity
    claim = await core.visitors.claimed(found, identity)
    answers = check_answers(found.texts.get("prechat", []), asked.answers) if claim is None else {}
    user = await _known(core, found, claim["sub"] if claim else None)
    if user is None:
        user = await _present(core, request, found) if claim else None
    if user is None:
        number = secrets.randbelow(9000) + 1000
        user = User(new_id(), found.workspace, UserKind.VISITOR, f"Visitor {number}", locale=asked.locale)
        await core.accounts.add_user(user)
    if await core.visitors.remember(user.id, found, claim, answers) is not None:
        user = await core.accounts.user(user.id) or user
    return session_object(user, await core.sign_ins.begin(user, device_of(request)))


@router.get("/conversations/{conversation}/visitor", summary="What is known of the visitor")
async def profile(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """For operators: e-mail address, the answers to the first questions, and whether the site has signed who it is."""
    seat = await core.directory.seat(asker, conversation)
    require(asker, Verb.TAKE, seat)
    ticket = await core.desk.ticket(conversation)
    found = await core.visitors.store.profile(ticket.visitor) if ticket is not None else None
    return {
        "email": found.email if found else None,
        "answers": dict(found.answers) if found else {},
        "verified": bool(found and found.subject),
        "subject": found.subject if found else None,
    }


@router.get("/inboxes/{key}/identity", summary="How an inbox takes signatures")
async def identity(key: Key, asker: Asker, core: Core) -> dict[str, Any]:
    """Whether there is a secret, and whether a signature is needed."""
    found = await _mine(core, asker, key)
    made = await core.visitors.store.key(found.id)
    return {"made": made is not None, "enforce": bool(made and made.enforce)}


@router.put("/inboxes/{key}/identity", summary="Take signatures of a site")
async def put_identity(key: Key, asked: IdentityChange, asker: Asker, core: Core) -> dict[str, Any]:
    """Makes the secret by which the site signs who its visitors are; it is told once."""
    found = await _mine(core, asker, key)
    made, fresh = await core.visitors.renew_key(found, enforce=asked.enforce, renew=asked.renew)
    return {"made": True, "enforce": made.enforce, **({"secret": made.secret} if fresh else {})}


@router.delete("/inboxes/{key}/identity", status_code=204, summary="Take no signatures any more")
async def drop_identity(key: Key, asker: Asker, core: Core) -> None:
    """The secret is forgotten; whoever came by it stays signed in."""
    await core.visitors.store.drop_key((await _mine(core, asker, key)).id)


async def _admit(core: Services, inbox: Inbox, place: str, proof: Proof | None) -> None:
    """Bound how many begin from an address and in an inbox; once an address is noisy, each must have computed something.

    Raises:
        ProofNeeded: with a challenge. TooMany: a proof does not help any more.
    """
    if proof is not None:
        await core.proofs.check(place, proof.challenge, proof.answer)
    else:
        if core.intrusion.shield.of(place) in {Follows.CHALLENGE, Follows.SLOW}:
            raise core.proofs.needed(place, CHALLENGED_BITS)
        try:
            await core.limits.take("visitor_free", place)
        except TooMany as noisy:
            raise core.proofs.needed(place) from noisy
    await core.limits.take("visitor_address", place)
    await core.limits.take("visitor_inbox", inbox.id)
    core.intrusion.requests.visitor_began(place.partition("/")[0])


async def _known(core: Services, inbox: Inbox, subject: str | None) -> User | None:
    user = await core.visitors.store.known(inbox.id, subject) if subject is not None else None
    return await core.accounts.user(user) if user is not None else None


async def _present(core: Services, request: Request, inbox: Inbox) -> User | None:
    """The anonymous visitor whose token came along, who is signed by nobody yet."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith("bearer "):
        return None
    try:
        asker = await core.tokens.principal(header[7:].strip())
    except Unauthorised:
        return None
    if asker.kind is not UserKind.VISITOR or asker.workspace != inbox.workspace:
        return None
    before = await core.visitors.store.profile(asker.user)
    if before is not None and before.subject is not None:
        return None
    return await core.accounts.user(asker.user)


async def _inbox(core: Services, key: str) -> Inbox:
    found = await core.accounts.inbox_by_key(key) if key.isprintable() else None
    if found is None:
        raise NotFound(f"There is no inbox {key!r}.")
    return found


async def _mine(core: Services, asker: Principal, key: str) -> Inbox:
    require(asker, Verb.ADMINISTER)
    found = await _inbox(core, key)
    if found.workspace != asker.workspace:
        raise NotFound(f"There is no inbox {key!r}.")
    return found


def _check_origin(inbox: Inbox, origin: str | None, own: str) -> None:
    # The widget's frame is served by this server, so its origin is ours; other origins must be on the inbox's list.
    if origin is None or not inbox.allowed_origins or origin == own.rstrip("/"):
        return
    if origin not in inbox.allowed_origins:
        raise Forbidden(
            f"The origin {origin!r} may not use this inbox; add it to the inbox's list.",
            code="origin_refused",
        )
