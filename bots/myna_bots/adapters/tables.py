"""The bot platform's tables, declared once for SQLite and PostgreSQL. Rows never leave the adapters."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big
from myna.adapters.sql.tables.columns import text as words


def moment(*, null: bool = False) -> "Column[float]":
    """A time in unix seconds."""
    return Column(Float, nullable=null)


class BotRow(SQLModel, table=True):
    """What makes a user a bot. `seq` is the newest entry of its log, taken inside the transaction that stores it."""

    __tablename__ = "bot"
    user: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    description: str = Field(sa_column=words())
    privacy: str = Field(sa_column=words())
    hears_bots: bool = Field(sa_column=Column(Boolean, nullable=False))
    settings: str = Field(sa_column=words())
    created_by: int | None = Field(sa_column=big(null=True))
    created_at: float = Field(sa_column=moment())
    disabled_at: float | None = Field(sa_column=moment(null=True))
    seq: int = Field(sa_column=big())


class BotTokenRow(SQLModel, table=True):
    """A key by its digest."""

    __tablename__ = "bot_token"
    id: int = Field(sa_column=big(primary=True))
    bot: int = Field(sa_column=big(index=True))
    digest: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=words())
    scopes: str = Field(sa_column=words())
    created_at: float = Field(sa_column=moment())
    revoked_at: float | None = Field(sa_column=moment(null=True))


class BotInstallationRow(SQLModel, table=True):
    __tablename__ = "bot_installation"
    conversation: int = Field(sa_column=big(primary=True))
    bot: int = Field(sa_column=big(primary=True, index=True))
    scopes: str = Field(sa_column=words())
    privacy: str = Field(sa_column=words())
    installed_by: int | None = Field(sa_column=big(null=True))
    created_at: float = Field(sa_column=moment())
    removed_at: float | None = Field(sa_column=moment(null=True))


class BotEventRow(SQLModel, table=True):
    """A bot's log. `key` makes an entry that does not come from the conversation log storable once."""

    __tablename__ = "bot_event"
    __table_args__ = (UniqueConstraint("bot", "key"), Index("ix_bot_event_age", "created_at"))
    bot: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    type: str = Field(sa_column=words())
    conversation: int | None = Field(sa_column=big(null=True))
    data: str = Field(sa_column=words())
    key: str | None = Field(sa_column=words(null=True))
    created_at: float = Field(sa_column=moment())


class BotFeedRow(SQLModel, table=True):
    """Up to where the conversation log was fed into the bots' logs; moved in the transaction that stores the entries."""

    __tablename__ = "bot_feed"
    id: int = Field(sa_column=big(primary=True))
    pos: int = Field(sa_column=big())


class BotCursorRow(SQLModel, table=True):
    __tablename__ = "bot_cursor"
    bot: int = Field(sa_column=big(primary=True))
    view: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=big())


class BotWebhookRow(SQLModel, table=True):
    """Where events go. The secret is kept as it is: HMAC needs it on both sides."""

    __tablename__ = "bot_webhook"
    bot: int = Field(sa_column=big(primary=True))
    kind: str = Field(sa_column=words())
    url: str = Field(sa_column=words())
    secret: str = Field(sa_column=words())
    old_secret: str | None = Field(sa_column=words(null=True))
    old_until: float | None = Field(sa_column=moment(null=True))
    types: str = Field(sa_column=words())
    state: str = Field(sa_column=words())
    failing_since: float | None = Field(sa_column=moment(null=True))
    parallel: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: float = Field(sa_column=moment())
    last_error: str | None = Field(sa_column=words(null=True))
    last_error_at: float | None = Field(sa_column=moment(null=True))


class BotDeliveryRow(SQLModel, table=True):
    """An entry on its way. `place` is its conversation, or 0: one delivery of a place is tried at a time."""

    __tablename__ = "bot_delivery"
    __table_args__ = (Index("ix_bot_delivery_due", "state", "due_at"),)
    bot: int = Field(sa_column=big(primary=True))
    seq: int = Field(sa_column=big(primary=True))
    place: int = Field(sa_column=big())
    attempt: int = Field(sa_column=Column(Integer, nullable=False))
    due_at: float = Field(sa_column=moment())
    leased_until: float = Field(sa_column=moment())
    state: str = Field(sa_column=words())
    status: int | None = Field(sa_column=Column(Integer, nullable=True))
    error: str | None = Field(sa_column=words(null=True))
    part: int = Field(sa_column=Column(Integer, nullable=False, server_default="0"))


class BotHookRow(SQLModel, table=True):
    """An incoming webhook: whoever knows its secret speaks as the bot in one conversation."""

    __tablename__ = "bot_hook"
    id: int = Field(sa_column=big(primary=True))
    bot: int = Field(sa_column=big(index=True))
    conversation: int = Field(sa_column=big())
    digest: str = Field(sa_column=words())
    name: str = Field(sa_column=words())
    created_at: float = Field(sa_column=moment())
    revoked_at: float | None = Field(sa_column=moment(null=True))


class BotFileRow(SQLModel, table=True):
    """A file of a bot with its content, so that every process has it."""

    __tablename__ = "bot_file"
    id: str = Field(sa_column=Column(Text, primary_key=True))
    workspace: int = Field(sa_column=big(index=True))
    owner: int = Field(sa_column=big())
    name: str = Field(sa_column=words())
    type: str = Field(sa_column=words())
    size: int = Field(sa_column=big())
    digest: str = Field(sa_column=words())
    width: int = Field(sa_column=Column(Integer, nullable=False))
    height: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: float = Field(sa_column=moment())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class BotStateRow(SQLModel, table=True):
    """What a bot remembers."""

    __tablename__ = "bot_state"
    bot: int = Field(sa_column=big(primary=True))
    space: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = Field(sa_column=words())
    until: float | None = Field(sa_column=moment(null=True))
