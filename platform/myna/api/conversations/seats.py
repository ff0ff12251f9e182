"""Members, roles, bans, links, requests and rules over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from myna.api.ids import MAX_ID, ConversationPath, IdText, Limit
from myna.api.principal import Asker, Core
from myna.model.conversation import MemberRole

router = APIRouter(prefix="/v1", tags=["members"])

HERE = "/conversations/{conversation}"
UserPath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The user's id.")]
CodePath = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
YEAR_S = 366 * 86_400


class Added(BaseModel):
    """Who gets a seat."""

    users: list[IdText] = Field(min_length=1, max_length=200)


class SeatChange(BaseModel):
    """What changes of a member."""

    role: MemberRole | None = None
    mute_s: int | None = Field(default=None, ge=0, le=YEAR_S, description="Seconds from now; 0 ends a mute.")


class Rules(BaseModel):
    """Rules of a conversation; what is left out stays."""

    history: str | None = Field(default=None, examples=["all", "last:100", "since_join", "none"])
    join: Literal["invite", "request", "open"] | None = None
    invites: Literal["member", "moderator", "admin", "owner"] | None = None
    pins: Literal["member", "moderator", "admin", "owner"] | None = None
    slow_s: int | None = None
    edit_s: int | None = None
    recall_s: int | None = None
    expire_s: int | None = None
    retain_days: int | None = None


class Settings(BaseModel):
    """Title and rules; what is left out stays."""

    title: str | None = Field(default=None, max_length=200)
    policy: Rules = Field(default_factory=Rules)


class NewInvite(BaseModel):
    """What a link allows."""

    role: Literal[MemberRole.MEMBER, MemberRole.GUEST, MemberRole.READ_ONLY] = MemberRole.MEMBER
    expires_s: int | None = Field(default=None, ge=1, le=YEAR_S)
    max_uses: int | None = Field(default=None, ge=1, le=1_000_000)
    approval: bool = False


class Note(BaseModel):
    """What who wants to come in says to the moderators."""

    note: str = Field(default="", max_length=500)


class Decision(BaseModel):
    """Whether somebody comes in."""

    allow: bool


@router.get(HERE + "/members", summary="Members of a conversation")
async def members(
    conversation: ConversationPath,
    asker: Asker,
    core: Core,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?-[0-9]{1,16}$")] = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Present members, longest first; `next` goes into `after`."""
    at = None
    if after is not None:
        joined_at, _, user = after.partition("-")
        at = (float(joined_at), int(user))
    shown, following = await core.membership.members(asker, conversation, at, limit)
    return {"members": shown, "next": None if following is None else f"{following[0]!r}-{following[1]}"}


@router.post(HERE + "/members", summary="Add members")
async def add(conversation: ConversationPath, asked: Added, asker: Asker, core: Core) -> dict[str, Any]:
    """Give seats to users of the workspace; those who have one keep it."""
    users = await core.membership.add(asker, conversation, [int(each) for each in asked.users])
    return {"users": [str(each) for each in users]}


@router.delete(HERE + "/members/me", status_code=204, summary="Leave a conversation")
async def leave(conversation: ConversationPath, asker: Asker, core: Core) -> None:
    """Give up my seat. When the last owner leaves, the member that stands highest and longest becomes owner."""
    await core.membership.leave(asker, conversation)


@router.patch(HERE + "/members/{user}", summary="Change a member's role, or mute it")
async def change(
    conversation: ConversationPath, user: UserPath, asked: SeatChange, asker: Asker, core: Core
) -> dict[str, Any]:
    """One acts on members below one's own role only; an owner may make others owners."""
    return await core.membership.set_seat(asker, conversation, user, asked.role, asked.mute_s)


@router.delete(HERE + "/members/{user}", status_code=204, summary="Remove or ban a member")
async def remove(
    conversation: ConversationPath,
    user: UserPath,
    asker: Asker,
    core: Core,
    ban_s: Annotated[
        int | None, Query(ge=0, le=YEAR_S, description="Ban for so many seconds; 0: for good.")
    ] = None,
) -> None:
    """Take a member's seat away. Without `ban_s` it may come back by a link."""
    await core.membership.remove(asker, conversation, user, ban_s)


@router.get(HERE + "/bans", summary="Who may not come in")
async def bans(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Banned users, with the end of the ban or null."""
    return {"bans": await core.membership.banned(asker, conversation)}


@router.delete(HERE + "/bans/{user}", status_code=204, summary="End a ban")
async def unban(conversation: ConversationPath, user: UserPath, asker: Asker, core: Core) -> None:
    """Let somebody come back."""
    await core.membership.unban(asker, conversation, user)


@router.patch(HERE, summary="Change title and rules")
async def configure(
    conversation: ConversationPath, asked: Settings, asker: Asker, core: Core
) -> dict[str, Any]:
    """What is left out stays as it is."""
    rules = asked.policy.model_dump(exclude_none=True)
    await core.membership.configure(asker, conversation, asked.title, rules)
    return await core.directory.one(asker, conversation)


@router.get(HERE + "/invites", summary="Links into a conversation")
async def invites(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """All links, newest first, also those that ended."""
    return {"invites": await core.membership.invites(asker, conversation)}


@router.post(HERE + "/invites", status_code=201, summary="Make a link")
async def make_invite(
    conversation: ConversationPath, asked: NewInvite, asker: Asker, core: Core
) -> dict[str, Any]:
    """A link that ends after a time or a number of uses, and may ask for approval."""
    return await core.membership.make_invite(
        asker,
        conversation,
        role=asked.role,
        expires_s=asked.expires_s,
        max_uses=asked.max_uses,
        approval=asked.approval,
    )


@router.delete(HERE + "/invites/{invite}", status_code=204, summary="End a link")
async def revoke(
    conversation: ConversationPath, invite: Annotated[int, Path(ge=1, lt=MAX_ID)], asker: Asker, core: Core
) -> None:
    """Nobody comes in by it any more."""
    await core.membership.revoke_invite(asker, conversation, invite)


@router.get("/invites/{code}", summary="What a link leads to")
async def preview(code: CodePath, asker: Asker, core: Core) -> dict[str, Any]:
    """Title and size of the conversation, before one enters."""
    return await core.membership.preview(asker, code)


@router.post("/invites/{code}", summary="Come in by a link")
async def enter(code: CodePath, asked: Note, asker: Asker, core: Core) -> dict[str, Any]:
    """`state` is `joined`, or `waiting` when moderators must allow it first."""
    return await core.membership.enter(asker, code, asked.note)


@router.post(HERE + "/join", summary="Come into an open conversation")
async def join(conversation: ConversationPath, asked: Note, asker: Asker, core: Core) -> dict[str, Any]:
    """`state` is `joined`, or `waiting` when the conversation admits on request."""
    return await core.membership.join(asker, conversation, asked.note)


@router.get("/joinable", summary="Conversations that one may enter or ask to")
async def joinable(
    asker: Asker, core: Core, after: Annotated[int, Query(ge=0, lt=MAX_ID)] = 0, limit: Limit = 50
) -> dict[str, Any]:
    """Open conversations of my workspace where I have no seat; the last id goes into `after`."""
    return {"conversations": await core.membership.joinable(asker, after, limit)}


@router.get(HERE + "/requests", summary="Who waits to come in")
async def requests(conversation: ConversationPath, asker: Asker, core: Core) -> dict[str, Any]:
    """Longest waiting first."""
    return {"requests": await core.membership.requests(asker, conversation)}


@router.post(HERE + "/requests/{user}", status_code=204, summary="Let somebody in, or not")
async def decide(
    conversation: ConversationPath, user: UserPath, asked: Decision, asker: Asker, core: Core
) -> None:
    """Decide once; a second decision gives 409."""
    await core.membership.decide(asker, conversation, user, asked.allow)


@router.get("/blocks", summary="Whom I block")
async def blocks(asker: Asker, core: Core) -> dict[str, Any]:
    """Newest first."""
    return {"users": await core.membership.blocks(asker)}


@router.put("/blocks/{user}", status_code=204, summary="Block a user")
async def block(user: UserPath, asker: Asker, core: Core) -> None:
    """It cannot write to me directly nor add me to groups. It is not told."""
    await core.membership.block(asker, user, True)


@router.delete("/blocks/{user}", status_code=204, summary="End a block")
async def unblock(user: UserPath, asker: Asker, core: Core) -> None:
    """It can write to me again."""
    await core.membership.block(asker, user, False)
