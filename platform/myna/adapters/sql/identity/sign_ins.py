"""Sign-ins, people and second factors on both databases."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.providers import invitation_of
from myna.adapters.sql.rows import core as rows
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.identity import InvitationRow, RecoveryCodeRow, SecondFactorRow, SignInRow
from myna.adapters.sql.tables.providers import EmailRow, LinkedRow
from myna.adapters.sql.tables.workspace import RefreshTokenRow, SocketTicketRow, UserRow
from myna.errors import Conflict, NotFound
from myna.model.identity import Device, Factor, Invitation, Person, SignIn
from myna.model.workspace import User, UserKind, WorkspaceRole

_user = table(UserRow)
_token = table(RefreshTokenRow)
_ticket = table(SocketTicketRow)
_sign_in = table(SignInRow)
_invitation = table(InvitationRow)
_factor = table(SecondFactorRow)
_recovery = table(RecoveryCodeRow)
_email = table(EmailRow)
_linked = table(LinkedRow)
FORGET_S = 3600.0
"""Ended sign-ins are dropped after this time: no access token of theirs is valid any more."""


class SqlIdentity:
    """Everything of the identity port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, sign_in: SignIn, scope: str | None = None) -> None:
        """Store a new sign-in."""
        values = {
            "id": sign_in.id,
            "user": sign_in.user,
            "device": sign_in.device.name,
            "address": sign_in.device.address,
            "created_at": sign_in.created_at,
            "used_at": sign_in.used_at,
            "ended_at": None,
            "application": sign_in.application,
            "scope": scope,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(_sign_in).values(values))

    async def seen(self, sign_in: int, device: Device, at: float) -> None:
        """The device renewed its access."""
        change = update(_sign_in).where(_sign_in.c.id == sign_in)
        async with self._database.write() as connection:
            await connection.execute(change.values(device=device.name, address=device.address, used_at=at))

    async def of(self, user: int) -> list[SignIn]:
        """A person's sign-ins, used last first."""
        mine = and_(_sign_in.c.user == user, _sign_in.c.ended_at.is_(None))
        query = select(_sign_in).where(mine).order_by(_sign_in.c.used_at.desc(), _sign_in.c.id)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            SignIn(
                row.id,
                row.user,
                Device(row.device, row.address),
                row.created_at,
                row.used_at,
                row.application,
            )
            for row in found
        ]

    async def end(self, user: int, sign_ins: Collection[int] | None, at: float) -> list[int]:
        """End these sign-ins of the user, or all of them."""
        async with self._database.write() as connection:
            return await _end(connection, user, sign_ins, at)

    async def ended_since(self, at: float) -> list[int]:
        """Sign-ins that ended at that time or later."""
        async with self._database.read() as connection:
            found = await connection.execute(select(_sign_in.c.id).where(_sign_in.c.ended_at >= at))
        return [row.id for row in found]

    async def members(self, workspace: int) -> list[Person]:
        """Everybody with a role, a password or an account at a provider, by name."""
        people = or_(
            _user.c.role.is_not(None),
            _user.c.password.is_not(None),
            _user.c.id.in_(select(_linked.c.user)),
        )
        human = and_(_user.c.workspace == workspace, _user.c.kind == UserKind.HUMAN.value)
        seen = (
            select(_sign_in.c.user, func.max(_sign_in.c.used_at).label("seen_at"))
            .group_by(_sign_in.c.user)
            .subquery()
        )
        query = (
            select(_user, _factor.c.confirmed, seen.c.seen_at, _email.c.email)
            .outerjoin(_factor, _factor.c.user == _user.c.id)
            .outerjoin(seen, seen.c.user == _user.c.id)
            .outerjoin(_email, _email.c.user == _user.c.id)
            .where(human, people)
            .order_by(_user.c.name, _user.c.id)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            Person(rows.user_of_columns(row), row.deactivated_at, bool(row.confirmed), row.seen_at, row.email)
            for row in found
        ]

    async def change(self, user: User, deactivated_at: float | None) -> None:
        """Set role and whether the person may come in; one active owner stays."""
        owners = and_(
            _user.c.workspace == user.workspace,
            _user.c.role == WorkspaceRole.OWNER.value,
            _user.c.deactivated_at.is_(None),
        )
        person = and_(
            _user.c.id == user.id,
            _user.c.workspace == user.workspace,
            _user.c.kind == UserKind.HUMAN.value,
        )
        values = rows.user_values(user, None, 0.0)
        values = {name: values[name] for name in ("role", "custom_role", "verbs")}
        values["deactivated_at"] = deactivated_at
        async with self._database.write() as connection:
            # The owners are locked, so two administrators cannot take the last two at once.
            before = (await connection.execute(select(_user.c.id).where(owners).with_for_update())).all()
            changed = await connection.execute(update(_user).where(person).values(values))
            if not changed.rowcount:
                raise NotFound(f"There is no person {user.id} in this workspace.")
            stays = user.role is WorkspaceRole.OWNER and deactivated_at is None
            if not stays and not [row for row in before if row.id != user.id]:
                raise Conflict(
                    "A workspace needs an active owner; name another one first.", code="last_owner"
                )

    async def rename(self, user: int, name: str, locale: str) -> None:
        """Set what others see."""
        async with self._database.write() as connection:
            await connection.execute(update(_user).where(_user.c.id == user).values(name=name, locale=locale))

    async def invite(self, invitation: Invitation, digest: str) -> None:
        """Store a link; an older one for the same user ends."""
        values = {
            "id": invitation.id,
            "workspace": invitation.workspace,
            "digest": digest,
            "name": invitation.name,
            "role": None if invitation.role is None else invitation.role.value,
            "created_by": invitation.created_by,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
            "user": invitation.user,
            "email": invitation.email,
            "custom_role": invitation.custom_role,
        }
        async with self._database.write() as connection:
            old: ColumnElement[bool] = _invitation.c.expires_at < invitation.created_at
            if invitation.user is not None:
                old = or_(old, _invitation.c.user == invitation.user)
            await connection.execute(delete(_invitation).where(old))
            await connection.execute(insert(_invitation).values(values))

    async def invitations(self, workspace: int, now: float) -> list[Invitation]:
        """Links that still work, newest first."""
        mine = and_(_invitation.c.workspace == workspace, _invitation.c.expires_at >= now)
        query = select(_invitation).where(mine).order_by(_invitation.c.id.desc())
        async with self._database.read() as connection:
            return [invitation_of(row) for row in await connection.execute(query)]

    async def invitation(self, digest: str, now: float) -> Invitation | None:
        """The link of a secret, if it still works."""
        async with self._database.read() as connection:
            row = (await connection.execute(_working(digest, now))).first()
        return None if row is None else invitation_of(row)

    async def withdraw(self, workspace: int, invitation: int) -> bool:
        """End a link."""
        one = and_(_invitation.c.id == invitation, _invitation.c.workspace == workspace)
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(_invitation).where(one))).rowcount)

    async def accept(self, digest: str, now: float, user: User, password_hash: str) -> bool:
        """Use a link up: in one transaction the link goes and the person comes, or neither."""
        try:
            async with self._database.write() as connection:
                row = (await connection.execute(_working(digest, now).with_for_update())).first()
                if row is None:
                    return False
                await connection.execute(delete(_invitation).where(_invitation.c.id == row.id))
                if row.user is None:
                    # People sign in by handle alone, whatever their workspace: nobody's is taken from another one.
                    signs_in = and_(_user.c.handle == user.handle, _user.c.password.is_not(None))
                    if (await connection.execute(select(_user.c.id).where(signs_in))).first() is not None:
                        raise taken(user)
                    await connection.execute(insert(_user).values(rows.user_values(user, password_hash, now)))
                    mine = and_(_email.c.workspace == user.workspace, _email.c.email == row.email)
                    known = (await connection.execute(select(_email.c.user).where(mine))).first()
                    if row.email is not None and known is None:
                        values = {"user": user.id, "workspace": user.workspace, "email": row.email}
                        await connection.execute(insert(_email).values(values))
                    return True
                same = update(_user).where(_user.c.id == row.user)
                await connection.execute(same.values(password=password_hash))
                await connection.execute(delete(_token).where(_token.c.user == row.user))
                return True
        except IntegrityError as known:
            raise taken(user) from known

    async def password_of(self, user: int) -> str | None:
        """The hash of a password."""
        async with self._database.read() as connection:
            found = await connection.execute(select(_user.c.password).where(_user.c.id == user))
            return found.scalar_one_or_none()

    async def replace_password(self, user: int, password_hash: str) -> None:
        """Set a new one; sign-ins go on."""
        async with self._database.write() as connection:
            await connection.execute(update(_user).where(_user.c.id == user).values(password=password_hash))

    async def factor(self, user: int) -> Factor | None:
        """What the user has set up or begun to."""
        left = select(func.count()).select_from(_recovery).where(_recovery.c.user == user)
        async with self._database.read() as connection:
            row = (await connection.execute(select(_factor).where(_factor.c.user == user))).first()
            if row is None:
                return None
            codes = (await connection.execute(left)).scalar_one()
        return Factor(row.secret, bool(row.confirmed), row.last_step, codes)

    async def begin_factor(self, user: int, secret: str) -> bool:
        """Store a new secret in place of an unconfirmed one."""
        pending = and_(_factor.c.user == user, _factor.c.confirmed.is_(False))
        values = {"user": user, "secret": secret, "confirmed": False, "last_step": 0}
        try:
            async with self._database.write() as connection:
                await connection.execute(delete(_factor).where(pending))
                await connection.execute(insert(_factor).values(values))
        except IntegrityError:
            return False
        return True

    async def confirm_factor(self, user: int, step: int, recovery: Sequence[str]) -> bool:
        """Turn it on with new recovery codes."""
        pending = and_(_factor.c.user == user, _factor.c.confirmed.is_(False))
        async with self._database.write() as connection:
            done = await connection.execute(
                update(_factor).where(pending).values(confirmed=True, last_step=step)
            )
            if not done.rowcount:
                return False
            await connection.execute(delete(_recovery).where(_recovery.c.user == user))
            await connection.execute(insert(_recovery), [{"user": user, "digest": each} for each in recovery])
        return True

    async def use_step(self, user: int, step: int) -> bool:
        """Use up all codes to this time step."""
        newer = and_(_factor.c.user == user, _factor.c.confirmed.is_(True), _factor.c.last_step < step)
        async with self._database.write() as connection:
            return bool(
                (await connection.execute(update(_factor).where(newer).values(last_step=step))).rowcount
            )

    async def use_recovery(self, user: int, digest: str) -> bool:
        """Use a recovery code up."""
        one = and_(_recovery.c.user == user, _recovery.c.digest == digest)
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(_recovery).where(one))).rowcount)

    async def drop_factor(self, user: int) -> bool:
        """Turn it off."""
        async with self._database.write() as connection:
            await connection.execute(delete(_recovery).where(_recovery.c.user == user))
            return bool((await connection.execute(delete(_factor).where(_factor.c.user == user))).rowcount)


def taken(user: User) -> Conflict:
    """Somebody signs in with this handle already."""
    return Conflict(f"The name {user.handle!r} is taken; choose another one.", code="handle_taken")


async def _end(
    connection: AsyncConnection, user: int, sign_ins: Collection[int] | None, at: float
) -> list[int]:
    wanted = and_(_sign_in.c.user == user, _sign_in.c.ended_at.is_(None))
    if sign_ins is not None:
        wanted = and_(wanted, _sign_in.c.id.in_(sign_ins))
    found = [row.id for row in await connection.execute(select(_sign_in.c.id).where(wanted))]
    await connection.execute(update(_sign_in).where(_sign_in.c.id.in_(found)).values(ended_at=at))
    tokens = _token.c.user == user if sign_ins is None else _token.c.family.in_(found)
    await connection.execute(delete(_token).where(tokens))
    # A ticket that was fetched just before would open one more connection.
    await connection.execute(delete(_ticket).where(_ticket.c.user == user))
    await connection.execute(delete(_sign_in).where(_sign_in.c.ended_at < at - FORGET_S))
    return found


def _working(digest: str, now: float) -> Any:
    return select(_invitation).where(_invitation.c.digest == digest, _invitation.c.expires_at >= now)
