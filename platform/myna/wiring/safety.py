"""The part of the composition root for limits, intrusion detection and privacy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from myna.adapters.alert_hook import AlertHook
from myna.adapters.sql.conversations.files import SqlFiles
from myna.adapters.sql.database import Database
from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.safety.detector import SqlSafety
from myna.adapters.sql.safety.moderation import SqlAudit
from myna.adapters.sql.safety.privacy import SqlPrivacy
from myna.adapters.sql.search.forgotten import Forgotten
from myna.identity.sign_ins import SignIns
from myna.intrusion.acts import Acts
from myna.intrusion.detector import Detector
from myna.intrusion.heralds import Heralds
from myna.intrusion.office import Intrusion
from myna.intrusion.requests import Requests
from myna.intrusion.shield import Shield
from myna.limits.bounds import Limits, bounds_of
from myna.limits.proof import Proofs
from myna.limits.windows import Windows
from myna.log.committer import Committer
from myna.messages.send import Sender
from myna.ports.content import Blobs
from myna.privacy.desk import Privacy
from myna.privacy.jobs import Jobs
from myna.settings import Settings


@dataclass(frozen=True, slots=True)
class Safety:
    """What guards the server, and what closes its connections."""

    limits: Limits
    intrusion: Intrusion
    proofs: Proofs
    close: Callable[[], Awaitable[None]]


def open_safety(
    settings: Settings,
    database: Database,
    sender: Sender,
    committer: Committer,
    accounts: SqlAccounts,
    key: bytes,
) -> Safety:
    """Limits and detection, counted in windows that are shared through Redis when the bus is there."""
    windows, close_windows = _windows(settings)
    limits = sender.limits = Limits(bounds_of(settings.limits), windows)
    shield, store = Shield(), SqlSafety(database)
    detector = Detector(windows, shield, store)
    requests, herald = Requests(detector), AlertHook(allow_private=settings.private_webhooks)
    detector.readers.append(Acts(SqlAudit(database), detector, windows).read)
    limits.listeners.append(requests.limit_refused)
    sender.asked = requests.question

    async def owner_of(handle: str) -> int | None:
        found = await accounts.credentials(handle) if handle.isprintable() else None
        return None if found is None else found[0].id

    close_others = _nothing_to_close
    if settings.bus != "memory:":
        from myna.adapters.bus_redis import RedisBus

        others = RedisBus(settings.bus, "myna.v1.shield")
        detector.others, close_others = others, others.close

    async def close() -> None:
        await close_windows()
        await close_others()
        await herald.close()

    detector.owner_of = owner_of
    heralds = Heralds(detector, herald)
    intrusion = Intrusion(detector, shield, requests, store, committer, accounts, heralds, herald.check)
    return Safety(limits, intrusion, Proofs(key, lambda each: limits.take("proof_once", each)), close)


def _windows(settings: Settings) -> tuple[Windows, Callable[[], Awaitable[None]]]:
    if settings.bus == "memory:":
        return Windows(), _nothing_to_close
    from myna.adapters.windows_redis import RedisWindows

    exchange = RedisWindows(settings.bus)
    return Windows(exchange), exchange.close


def build_privacy(
    database: Database,
    accounts: SqlAccounts,
    committer: Committer,
    sign_ins: SignIns,
    blobs: Blobs,
    limits: Limits,
) -> Privacy:
    """Exports, erasures and retention. What other packages know of people is added to `jobs.elsewhere`."""
    store = SqlPrivacy(database)
    jobs = Jobs(store, SqlLog(database), committer, sign_ins, SqlFiles(database), blobs)
    jobs.forget = Forgotten(database).forget
    return Privacy(store, jobs, accounts, committer, blobs, limits)


async def _nothing_to_close() -> None:
    return None
