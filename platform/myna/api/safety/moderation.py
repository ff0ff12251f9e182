"""Moderation over HTTP: policies, lists, campaigns, appeals, reports, and the audit log."""

from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from myna.api.ids import MAX_ID, ConversationPath, Cursor, IdPath, Limit
from myna.api.principal import Asker, Core
from myna.model.filtering import Consequence, FilterPolicy, Listed, PlaceKind
from myna.model.moderation import AppealState

router = APIRouter(prefix="/v1", tags=["moderation"])
# Reports make work for people; so many in an hour are enough for a reader.
_Chance = Annotated[float | None, Field(ge=0, le=1)]
_KindPath = Annotated[PlaceKind, Path(description="`workspace`, `inbox` or `conversation`.")]


class ConsequenceIn(BaseModel):
    """What happens to a sender whose messages are flagged, held, refused or kept out."""

    model_config = ConfigDict(extra="forbid")
    on: Literal["flag", "hold", "block", "kept_out"]
    do: Literal["warn", "mute", "ban", "slow"]
    after: int = Field(default=1, ge=1, le=100, description="How many such messages it takes.")
    within_s: int = Field(default=3_600, ge=1, le=86_400)
    for_s: int = Field(
        default=600, ge=1, le=366 * 86_400, description="Length of a mute or ban; pace of slow mode."
    )


class PolicyIn(BaseModel):
    """How messages are judged in a place. What is left out or null is as in the wider place."""

    model_config = ConfigDict(extra="forbid")
    level: Literal["off", "lenient", "standard", "strict"] | None = None
    layers: dict[str, bool] = Field(default_factory=dict, max_length=20, examples=[{"offensive": False}])
    flag_at: _Chance = None
    hold_at: _Chance = None
    block_at: _Chance = None
    offensive_at: _Chance = None
    may_block: bool | None = None
    fails: Literal["open", "closed"] | None = None
    consequences: list[ConsequenceIn] | None = Field(default=None, max_length=10)

    def policy(self) -> FilterPolicy:
        """The policy as a value."""
        values = {each.name: getattr(self, each.name) for each in fields(FilterPolicy)}
        if self.consequences is not None:
            values["consequences"] = tuple(Consequence(**each.model_dump()) for each in self.consequences)
        return FilterPolicy(**values)


class ListingIn(BaseModel):
    """What is always wanted or unwanted."""

    model_config = ConfigDict(extra="forbid")
    kind: Listed
    value: str = Field(min_length=1, max_length=200, examples=["shop.example.com"])
    decision: Literal["allow", "flag", "hold", "block"]
    name: str = Field(
        default="", max_length=100, description="A note; for a rule, what it is called in reasons."
    )


class AppealIn(BaseModel):
    """What the sender says for the message."""

    text: str = Field(min_length=1, max_length=1_000)


class AppealDecision(BaseModel):
    """A moderator's answer to an appeal."""

    decision: Literal["grant", "reject"]
    answer: str = Field(default="", max_length=1_000)


class ReportIn(BaseModel):
    """Why moderators should look."""

    note: str = Field(default="", max_length=1_000)


@router.get("/moderation/policies", summary="All policies of judging")
async def policies(asker: Asker, core: Core) -> dict[str, Any]:
    """Of the workspace, its inboxes and conversations; for administrators."""
    return {"policies": await core.filters.policies(asker)}


@router.get("/moderation/policies/{kind}/{place}", summary="How messages are judged in a place")
async def policy(kind: _KindPath, place: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The place's own `policy` (null: none), and what `holds` there with that of the wider places."""
    return await core.filters.policy(asker, kind, place)


@router.put("/moderation/policies/{kind}/{place}", summary="Decide how messages are judged in a place")
async def set_policy(
    kind: _KindPath, place: IdPath, asked: PolicyIn, asker: Asker, core: Core
) -> dict[str, Any]:
    """Replaces the place's own policy. Workspace and inboxes: administrators; groups and channels: their owners, too."""
    return await core.filters.set_policy(asker, kind, place, asked.policy())


@router.delete("/moderation/policies/{kind}/{place}", summary="Take a place's policy away")
async def drop_policy(kind: _KindPath, place: IdPath, asker: Asker, core: Core) -> dict[str, Any]:
    """The wider place's counts again."""
    return await core.filters.set_policy(asker, kind, place, None)


@router.get("/moderation/list", summary="What is always wanted or unwanted")
async def listings(
    asker: Asker, core: Core, kind: Listed | None = None, after: Cursor = None, limit: Limit = 50
) -> dict[str, Any]:
    """Senders, links, phones, handles, phrases and rules, newest first."""
    found = await core.filters.listings(asker, kind, after, limit)
    return {"list": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.post("/moderation/list", summary="Always allow, flag, hold or block")
async def put_listing(asked: ListingIn, asker: Asker, core: Core) -> dict[str, Any]:
    """An entry for the same value is replaced. A rule that could run away is refused with 400 `bad_rule`."""
    return await core.filters.put(asker, asked.kind, asked.value, asked.decision, asked.name)


@router.delete("/moderation/list/{listing}", status_code=204, summary="Take something off the list")
async def drop_listing(listing: IdPath, asker: Asker, core: Core) -> None:
    """From now on the filter judges it again."""
    await core.filters.drop(asker, listing)


@router.get("/held/campaigns", summary="Waiting messages that are alike")
async def campaigns(asker: Asker, core: Core) -> dict[str, Any]:
    """Groups of near-duplicates, over senders and conversations, largest first; decide a whole one with `POST /held/decide`."""
    return {"campaigns": await core.review.campaigns(asker)}


@router.get("/held/mine", summary="My messages that were held or refused")
async def mine(asker: Asker, core: Core, after: Cursor = None, limit: Limit = 50) -> dict[str, Any]:
    """Newest first, with my appeals and their answers."""
    found = await core.appeals.mine(asker, after, limit)
    return {"held": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/held/appeals", summary="Appeals")
async def appeals(
    asker: Asker,
    core: Core,
    state: Literal["waiting", "granted", "rejected"] = "waiting",
    after: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Waiting ones oldest first, answered ones newest first."""
    found = await core.appeals.waiting(asker, AppealState(state), after, limit)
    return {"held": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.post("/held/{held}/appeal", status_code=201, summary="Appeal against a block")
async def appeal(held: IdPath, asked: AppealIn, asker: Asker, core: Core) -> dict[str, Any]:
    """Once for each own message that was blocked, by the filter or by a moderator."""
    return await core.appeals.make(asker, held, asked.text)


@router.post("/held/{held}/appeal/decide", summary="Answer an appeal")
async def decide_appeal(held: IdPath, asked: AppealDecision, asker: Asker, core: Core) -> dict[str, Any]:
    """A granted one lets the message into the log now; the sender is told either way."""
    return await core.appeals.decide(asker, held, grant=asked.decision == "grant", answer=asked.answer)


@router.post(
    "/conversations/{conversation}/messages/{seq}/report", status_code=202, summary="Report a message"
)
async def report(
    conversation: ConversationPath,
    seq: Annotated[int, Path(ge=1, lt=MAX_ID)],
    asked: ReportIn,
    asker: Asker,
    core: Core,
) -> dict[str, Any]:
    """Moderators are asked to look; who reported is in the audit log only."""
    await core.appeals.report(
        asker, conversation, seq, asked.note, lambda: core.limits.use("report_user", asker.user)
    )
    return {"reported": True}


@router.get("/audit", summary="The audit log")
async def audit(
    asker: Asker,
    core: Core,
    before: Cursor = None,
    action: Annotated[str | None, Query(max_length=64, pattern=r"^[a-z_]+(\.[a-z_]*)?$")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first, for administrators. `action` is a whole one (`message.held`) or a kind with its dot (`policy.`)."""
    found, following = await core.audit.page(asker, before or 0, limit, action)
    return {"lines": found, "next": following}


@router.get("/audit/verify", summary="Is the audit log intact?")
async def verify(asker: Asker, core: Core) -> dict[str, Any]:
    """Follows the chain of hashes from the first line; `broken_at` is the first line that does not fit."""
    return await core.audit.verify(asker)


@router.get("/audit/export", summary="Export the audit log")
async def export(asker: Asker, core: Core) -> StreamingResponse:
    """Lines of JSON, oldest first, with everything that the hashes cover, as a download."""
    headers = {
        "Content-Disposition": 'attachment; filename="audit.ndjson"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(core.audit.export(asker), headers=headers, media_type="application/x-ndjson")
