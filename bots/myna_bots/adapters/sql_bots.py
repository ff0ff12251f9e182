"""Bots, keys, installations and what bots remember, in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.rows.core import from_json, to_json
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.workspace import UserRow
from myna_bots.adapters.tables import BotInstallationRow, BotRow, BotStateRow, BotTokenRow
from myna_bots.host.model import Bot, Installation, Privacy, Scope, Token

BOT, TOKEN, INSTALLATION, STATE, USER = (
    table(row) for row in (BotRow, BotTokenRow, BotInstallationRow, BotStateRow, UserRow)
)
_BOTS = select(*BOT.c, USER.c.name, USER.c.handle).join(USER, USER.c.id == BOT.c.user)


class SqlBots:
    """`BotStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bot: Bot) -> None:
        values = {
            "user": bot.user,
            "workspace": bot.workspace,
            "description": bot.description,
            "privacy": bot.privacy.value,
            "hears_bots": bot.hears_bots,
            "settings": to_json(bot.settings),
            "created_by": bot.created_by,
            "created_at": bot.created_at,
            "disabled_at": bot.disabled_at,
            "seq": bot.seq,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(BOT).values(values))

    async def bot(self, bot: int) -> Bot | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_BOTS.where(BOT.c.user == bot))).first()
        return None if row is None else bot_of(row)

    async def bots(self, workspace: int) -> list[Bot]:
        query = _BOTS.where(BOT.c.workspace == workspace, BOT.c.disabled_at.is_(None)).order_by(BOT.c.user)
        async with self._database.read() as connection:
            return [bot_of(row) for row in (await connection.execute(query)).all()]

    async def change(self, bot: int, values: Mapping[str, Any]) -> None:
        given = dict(values)
        async with self._database.write() as connection:
            if "name" in given:
                named = update(USER).where(USER.c.id == bot).values(name=given.pop("name"))
                await connection.execute(named)
            if "settings" in given:
                given["settings"] = to_json(given["settings"])
            if given:
                await connection.execute(update(BOT).where(BOT.c.user == bot).values(given))

    async def add_token(self, token: Token, digest: str) -> None:
        values = {
            "id": token.id,
            "bot": token.bot,
            "digest": digest,
            "name": token.name,
            "scopes": to_json(sorted(token.scopes)),
            "created_at": token.created_at,
            "revoked_at": token.revoked_at,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(TOKEN).values(values))

    async def tokens(self, bot: int) -> list[Token]:
        query = select(TOKEN).where(TOKEN.c.bot == bot).order_by(TOKEN.c.id)
        async with self._database.read() as connection:
            return [_token(row) for row in (await connection.execute(query)).all()]

    async def token_by_digest(self, digest: str) -> tuple[Token, Bot] | None:
        width = len(TOKEN.c)
        query = (
            select(*TOKEN.c, *BOT.c, USER.c.name, USER.c.handle)
            .join(BOT, BOT.c.user == TOKEN.c.bot)
            .join(USER, USER.c.id == BOT.c.user)
            .where(TOKEN.c.digest == digest, TOKEN.c.revoked_at.is_(None), BOT.c.disabled_at.is_(None))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else (_token(row[:width]), bot_of(row[width:]))

    async def revoke_token(self, bot: int, token: int, now: float) -> bool:
        living = (TOKEN.c.bot == bot, TOKEN.c.id == token, TOKEN.c.revoked_at.is_(None))
        async with self._database.write() as connection:
            return bool(
                (await connection.execute(update(TOKEN).where(*living).values(revoked_at=now))).rowcount
            )

    async def install(self, installation: Installation) -> None:
        key = (
            INSTALLATION.c.conversation == installation.conversation,
            INSTALLATION.c.bot == installation.bot,
        )
        values = {
            "conversation": installation.conversation,
            "bot": installation.bot,
            "scopes": to_json(sorted(installation.scopes)),
            "privacy": installation.privacy.value,
            "installed_by": installation.installed_by,
            "created_at": installation.created_at,
            "removed_at": installation.removed_at,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(INSTALLATION).where(*key))
            await connection.execute(insert(INSTALLATION).values(values))

    async def installation(self, conversation: int, bot: int) -> Installation | None:
        query = select(INSTALLATION).where(
            INSTALLATION.c.conversation == conversation, INSTALLATION.c.bot == bot
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _installation(row)

    async def installations(self, bot: int) -> list[Installation]:
        query = (
            select(INSTALLATION)
            .where(INSTALLATION.c.bot == bot, INSTALLATION.c.removed_at.is_(None))
            .order_by(INSTALLATION.c.conversation)
        )
        async with self._database.read() as connection:
            return [_installation(row) for row in (await connection.execute(query)).all()]


class SqlState:
    """`StateStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, bot: int, space: str, key: str, now: float) -> Any:
        query = select(STATE.c.value).where(*_state(bot, space), STATE.c.key == key, _living(now))
        async with self._database.read() as connection:
            return from_json((await connection.execute(query)).scalar())

    async def put(self, bot: int, space: str, key: str, value: Any, until: float | None) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(STATE).where(*_state(bot, space), STATE.c.key == key))
            if value is not None:
                values = {"bot": bot, "space": space, "key": key, "value": to_json(value), "until": until}
                await connection.execute(insert(STATE).values(values))

    async def expired(self, space: str, now: float, limit: int) -> list[tuple[int, str]]:
        over = (STATE.c.space == space, STATE.c.until <= now)
        query = select(STATE.c.bot, STATE.c.key).where(*over).limit(limit)
        async with self._database.read() as connection:
            found = [(row[0], row[1]) for row in (await connection.execute(query)).all()]
        if not found:
            return []
        async with self._database.write() as connection:
            for bot, key in found:
                await connection.execute(delete(STATE).where(*over, STATE.c.bot == bot, STATE.c.key == key))
        return found

    async def list(self, bot: int, space: str, now: float, limit: int) -> dict[str, Any]:
        query = (
            select(STATE.c.key, STATE.c.value)
            .where(*_state(bot, space), _living(now))
            .order_by(STATE.c.key)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return {row[0]: from_json(row[1]) for row in (await connection.execute(query)).all()}


def _state(bot: int, space: str) -> tuple[Any, ...]:
    return (STATE.c.bot == bot, STATE.c.space == space)


def _living(now: float) -> Any:
    return or_(STATE.c.until.is_(None), STATE.c.until > now)


def bot_of(row: Sequence[Any]) -> Bot:
    """A bot from its row followed by its user's name and handle."""
    user, workspace, description, privacy, hears, settings, by, at, disabled, seq, name, handle = row
    return Bot(
        user,
        workspace,
        name,
        handle,
        description,
        Privacy(privacy),
        bool(hears),
        from_json(settings),
        by,
        at,
        disabled,
        seq,
    )


def scopes_of(text: str) -> frozenset[Scope]:
    """Scopes as they are stored; those of a newer version are left out."""
    return frozenset(Scope(each) for each in from_json(text) if each in set(Scope))


def _token(row: Sequence[Any]) -> Token:
    return Token(row[0], row[1], row[3], scopes_of(row[4]), row[5], row[6])


def _installation(row: Sequence[Any]) -> Installation:
    return Installation(row[0], row[1], scopes_of(row[2]), Privacy(row[3]), row[4], row[5], row[6])
