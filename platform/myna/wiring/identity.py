"""The part of the composition root that puts identity together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from myna.adapters.openid import OpenId
from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.accounts import SqlAccounts, SqlRefreshTokens
from myna.adapters.sql.identity.applications import SqlApplications
from myna.adapters.sql.identity.once import SqlOnce
from myna.adapters.sql.identity.passkeys import SqlPasskeys
from myna.adapters.sql.identity.providers import SqlProviders
from myna.adapters.sql.identity.roles import SqlRoles
from myna.adapters.sql.identity.sign_ins import SqlIdentity
from myna.adapters.sql.identity.socket_tickets import SqlSocketTickets
from myna.api.scopes import SCOPES
from myna.deliver.relay import Relay
from myna.identity.account import Account
from myna.identity.applications import Applications
from myna.identity.arrivals import Arrivals
from myna.identity.passkeys import Passkeys
from myna.identity.people import People
from myna.identity.providers import Providers
from myna.identity.roles import Roles
from myna.identity.seal import Seal
from myna.identity.second_factor import SecondFactor
from myna.identity.sign_ins import SignIns
from myna.identity.signing import FILE, SigningKeys
from myna.identity.socket_tickets import SocketTickets
from myna.identity.tokens import Tokens
from myna.identity.trail import Trail
from myna.log.committer import Committer
from myna.settings import Settings


@dataclass(frozen=True, slots=True)
class IdentityParts:
    """Who is asking, and how people come in. Obligation: `close` at the end."""

    tokens: Tokens
    sign_ins: SignIns
    account: Account
    people: People
    providers: Providers
    arrivals: Arrivals
    passkeys: Passkeys
    roles: Roles
    applications: Applications
    tickets: SocketTickets
    close: Callable[[], Awaitable[None]]


def build_identity(
    settings: Settings,
    database: Database,
    key: bytes,
    accounts: SqlAccounts,
    committer: Committer,
    relay: Relay,
) -> IdentityParts:
    """Everything of identity on one database."""
    keys = SigningKeys(key, settings.data_dir / FILE, settings.token_algorithm)
    tokens, identities = Tokens(keys, SqlRefreshTokens(database)), SqlIdentity(database)
    trail, once, doors = (
        Trail(committer),
        SqlOnce(database),
        OpenId(allow_private=settings.private_providers),
    )
    known, seal = SqlProviders(database), Seal(key, "providers")
    second_factor = SecondFactor(identities, key)
    sign_ins = SignIns(accounts, tokens, identities, second_factor, relay)
    account = Account(accounts, identities, sign_ins, second_factor, trail)
    devices = SqlPasskeys(database)
    passkeys = Passkeys(accounts, devices, once, known, account, sign_ins, trail, settings.base_url)
    sign_ins.prove = passkeys.prove
    roles = SqlRoles(database)
    people = People(accounts, identities, sign_ins, second_factor, known, devices, roles, trail)
    applications = Applications(
        accounts,
        SqlApplications(database),
        once,
        Seal(key, "codes"),
        tokens,
        sign_ins,
        account,
        trail,
        settings.base_url,
    )
    applications.scopes, applications.roles = SCOPES, roles.roles
    return IdentityParts(
        tokens=tokens,
        sign_ins=sign_ins,
        account=account,
        people=people,
        roles=Roles(roles, sign_ins, trail),
        providers=Providers(known, doors, seal, trail, roles),
        arrivals=Arrivals(
            accounts, known, once, doors, seal, sign_ins, account, people, trail, settings.base_url
        ),
        passkeys=passkeys,
        applications=applications,
        tickets=SocketTickets(SqlSocketTickets(database), accounts, tokens),
        close=doors.close,
    )
