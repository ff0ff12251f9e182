"""Who the bots are: made, given keys, installed in conversations, and taken away again."""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from myna.conversations.access import Access
from myna.errors import Conflict, Forbidden, Malformed, NotFound, Unauthorised
from myna.identity.trail import Trail
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.seat_writes import Leave
from myna.log.writes import Join
from myna.model.conversation import ConversationKind, MemberRole
from myna.model.workspace import User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.conversations import Conversations
from myna.rights import Principal, Seat, Verb, may, require
from myna.wire import user_object
from myna_bots.host.model import DEFAULT_SCOPES, Bot, Installation, Privacy, Scope, Token, default_scopes
from myna_bots.host.ports import BotStore

TOKEN = re.compile(r"^([1-9]\d{0,15}):([A-Za-z0-9_-]{35})$")
"""A key: the bot's id and 210 random bits; the shape that Telegram's libraries expect."""
HANDLE = re.compile(r"^[A-Za-z][A-Za-z0-9_]{2,31}$")
MAX_TOKENS = 20
MAX_BOTS = 1_000
_SETTLERS = frozenset({MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MODERATOR})


@dataclass(frozen=True, slots=True)
class NewBot:
    """What a bot is made from."""

    name: str
    handle: str
    description: str = ""
    privacy: Privacy = Privacy.MENTIONS
    hears_bots: bool = False
    scopes: frozenset[Scope] = DEFAULT_SCOPES


class Registry:
    """Bots of a workspace, as its owners, admins and developers manage them."""

    def __init__(
        self,
        store: BotStore,
        accounts: Accounts,
        conversations: Conversations,
        access: Access,
        committer: Committer,
    ) -> None:
        self.store = store
        self._accounts, self._conversations = accounts, conversations
        self._access, self._committer, self._trail = access, committer, Trail(committer)

    async def create(self, principal: Principal, new: NewBot) -> tuple[Bot, Token, str]:
        """A new bot with its first key, which is shown only now.

        Raises:
            Malformed: the handle has another shape. Conflict: it is taken. Forbidden.
        """
        require(principal, Verb.BUILD_BOTS)
        if not HANDLE.match(new.handle):
            raise Malformed("handle must have 3 to 32 letters, digits and underscores, a letter first.")
        if len(await self.store.bots(principal.workspace)) >= MAX_BOTS:
            raise Conflict(f"A workspace has at most {MAX_BOTS} bots.", code="too_many_bots")
        now = time.time()
        user = User(new_id(), principal.workspace, UserKind.BOT, new.name, new.handle)
        await self._accounts.add_user(user)
        bot = Bot(
            user.id,
            principal.workspace,
            new.name,
            new.handle,
            new.description,
            new.privacy,
            new.hears_bots,
            {},
            principal.user,
            now,
        )
        told = {"name": bot.name, "handle": bot.handle}
        async with self._trail.act(principal, "bot.added", f"bot:{bot.user}", **told):
            await self.store.add(bot)
        token, key = await self._issue(principal, bot.user, "first", new.scopes)
        return bot, token, key

    async def bots(self, principal: Principal) -> list[Bot]:
        """The bots of the workspace."""
        require(principal, Verb.BUILD_BOTS)
        return await self.store.bots(principal.workspace)

    async def bot(self, principal: Principal, bot: int) -> Bot:
        """One bot of the workspace; a foreign or removed one looks like a missing one."""
        require(principal, Verb.BUILD_BOTS)
        found = await self.store.bot(bot)
        if found is None or found.workspace != principal.workspace or found.disabled_at is not None:
            raise NotFound(f"There is no bot {bot} here.")
        return found

    async def change(self, principal: Principal, bot: int, values: Mapping[str, Any]) -> Bot:
        """Change name, description, privacy or whether it hears other bots."""
        await self.bot(principal, bot)
        async with self._trail.act(principal, "bot.changed", f"bot:{bot}", changed=sorted(values)):
            await self.store.change(bot, values)
        return await self.bot(principal, bot)

    async def remove(self, principal: Principal, bot: int) -> None:
        """Disable a bot for good: its keys end, it hears nothing more; what it said stays."""
        found = await self.bot(principal, bot)
        async with self._trail.act(principal, "bot.removed", f"bot:{bot}", name=found.name):
            await self.store.change(bot, {"disabled_at": time.time()})

    async def issue(
        self, principal: Principal, bot: int, name: str, scopes: frozenset[Scope]
    ) -> tuple[Token, str]:
        """Another key."""
        await self.bot(principal, bot)
        living = [each for each in await self.store.tokens(bot) if each.revoked_at is None]
        if len(living) >= MAX_TOKENS:
            raise Conflict(f"A bot has at most {MAX_TOKENS} keys; revoke one.", code="too_many_keys")
        return await self._issue(principal, bot, name, scopes)

    async def revoke(self, principal: Principal, bot: int, token: int) -> None:
        """End a key at once."""
        await self.bot(principal, bot)
        async with self._trail.act(principal, "bot.key_revoked", f"bot:{bot}", key=str(token)):
            if not await self.store.revoke_token(bot, token, time.time()):
                raise NotFound(f"This bot has no living key {token}.")

    async def install(
        self,
        principal: Principal,
        bot: int,
        conversation: int,
        *,
        scopes: frozenset[Scope],
        privacy: Privacy | None,
        role: MemberRole = MemberRole.MEMBER,
    ) -> Installation:
        """Let a bot into a conversation, or change what it may do there.

        Raises:
            NotFound: no such bot or conversation. Forbidden: only those who run a conversation let bots in.
        """
        found = await self.store.bot(bot)
        if found is None or found.workspace != principal.workspace or found.disabled_at is not None:
            raise NotFound(f"There is no bot {bot} here.")
        seat = await self._access.seat(principal, conversation)
        _require_settler(principal, seat)
        if privacy is Privacy.ALL and Scope.READ_ALL not in scopes:
            raise Malformed(f"To hear everything the bot needs the scope {Scope.READ_ALL.value!r}.")
        made = Installation(conversation, bot, scopes, privacy or found.privacy, principal.user, time.time())
        told = {"bot": str(bot), "scopes": sorted(scopes)}
        async with self._trail.act(principal, "bot.installed", f"conversation:{conversation}", **told):
            await self.store.install(made)
        user = await self._accounts.user(bot)
        assert user is not None
        await self._committer.write(Join(conversation, bot, role, user_object(user), history="none"))
        return made

    async def uninstall(self, principal: Principal, bot: int, conversation: int) -> None:
        """Take a bot's rights in a conversation away; it hears and says nothing there any more."""
        seat = await self._access.seat(principal, conversation)
        _require_settler(principal, seat)
        known = await self.store.installation(conversation, bot)
        member = await self._conversations.member(conversation, bot)
        if known is None and member is None:
            raise NotFound("This bot is not installed here.")
        await self.left(conversation, bot)

    async def left(self, conversation: int, bot: int) -> None:
        """Take the bot's seat and its rights in a conversation away. Obligation: the caller may do this."""
        member = await self._conversations.member(conversation, bot)
        if member is not None and member.to_seq is None:
            await self._committer.write(Leave(conversation, bot))
        known, now = await self.store.installation(conversation, bot), time.time()
        before = known or Installation(conversation, bot, frozenset(), Privacy.MENTIONS, None, now)
        await self.store.install(replace(before, removed_at=now))

    async def principal(self, key: str) -> Principal:
        """Who a key belongs to.

        Raises:
            Unauthorised: the key is unknown or revoked, or its bot was removed.
        """
        found = await self.store.token_by_digest(digest(key)) if TOKEN.match(key) else None
        if found is None:
            raise Unauthorised("The bot's key is not valid, or was revoked.", code="token_invalid")
        token, bot = found
        return Principal(bot.user, bot.workspace, UserKind.BOT, scopes=frozenset(token.scopes))

    async def principal_of(self, bot: int) -> Principal:
        """A bot with all that its living keys may do, for what it asked for in the answer to a webhook.

        Raises:
            Unauthorised: it has no living key.
        """
        found = await self.store.bot(bot)
        living = [each for each in await self.store.tokens(bot) if each.revoked_at is None]
        if found is None or found.disabled_at is not None or not living:
            raise Unauthorised("The bot has no valid key.", code="token_invalid")
        scopes = frozenset(str(scope) for each in living for scope in each.scopes)
        return Principal(bot, found.workspace, UserKind.BOT, scopes=scopes)

    async def grants(self, conversation: int, bot: int) -> frozenset[str]:
        """What a conversation grants a bot. A bot that was brought in as a member has the default scopes."""
        found = await self.store.installation(conversation, bot)
        if found is None:
            known = await self.store.bot(bot)
            return frozenset() if known is None else frozenset(default_scopes(known.privacy))
        return frozenset() if found.removed_at is not None else frozenset(found.scopes)

    async def _issue(
        self, principal: Principal, bot: int, name: str, scopes: frozenset[Scope]
    ) -> tuple[Token, str]:
        key = f"{bot}:{secrets.token_urlsafe(27)[:35]}"
        token = Token(new_id(), bot, name, scopes, time.time())
        told = {"key": str(token.id), "name": name, "scopes": sorted(scopes)}
        async with self._trail.act(principal, "bot.key_made", f"bot:{bot}", **told):
            await self.store.add_token(token, digest(key))
        return token, key


def digest(key: str) -> str:
    """What is stored of a key: SHA-256 is enough for 210 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def scopes_of(names: Sequence[str]) -> frozenset[Scope]:
    """Scopes by name.

    Raises:
        Malformed: with the name that is none.
    """
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError as unknown:
        known = ", ".join(sorted(Scope))
        raise Malformed(f"{unknown}; scopes are {known}.") from None


def _require_settler(principal: Principal, seat: Seat) -> None:
    support = seat.conversation.kind is ConversationKind.SUPPORT
    runs = seat.member is not None and seat.member.role in _SETTLERS
    if not (runs or (support and may(principal, Verb.OPERATE)) or may(principal, Verb.ADMINISTER)):
        raise Forbidden("Only owners, admins and moderators of a conversation decide about its bots.")
