"""The composition root of the core: every service over one database, not yet running."""

from typing import TYPE_CHECKING

from myna.adapters.pictures import PillowPictures
from myna.adapters.sounds import TinytagSounds
from myna.adapters.sql.conversations.arrivals import SqlArrivals
from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.adapters.sql.conversations.crowds import SqlCrowds
from myna.adapters.sql.conversations.files import SqlFiles
from myna.adapters.sql.conversations.marks import SqlMarks
from myna.adapters.sql.conversations.personal import SqlPersonal
from myna.adapters.sql.conversations.seats import SqlSeats
from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.helpdesk import SqlHelpdesk
from myna.adapters.sql.desk.service import SqlService
from myna.adapters.sql.desk.sleeps import SqlSleeps
from myna.adapters.sql.desk.tickets import SqlDesk, SqlTurnQueue
from myna.adapters.sql.desk.visitors import SqlVisitors
from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.adapters.sql.log.postgres import PostgresCommits
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.log.sqlite import SqliteCommits
from myna.adapters.sql.safety.moderation import SqlAudit, SqlModeration
from myna.adapters.sql.search.index import SqlIndex
from myna.adapters.web_pages import WebPages
from myna.audit import AuditLog
from myna.conversations.access import Access
from myna.conversations.directory import Directory
from myna.conversations.opening import Opening
from myna.conversations.seats import Membership
from myna.core import Core
from myna.deliver.admission import Admission
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.files.store import FileStore
from myna.helpdesk.handoff import Handoff, Leaving
from myna.helpdesk.service import Helpdesk
from myna.helpdesk.snooze import Snoozes
from myna.helpdesk.visitors import Identities
from myna.helpdesk.watch import QueueWatch
from myna.identity.tokens import load_key
from myna.live.greeter import Greeter
from myna.live.presence import Presence
from myna.live.receipts import Receipts
from myna.live.signals import Signals
from myna.log.committer import Committer
from myna.log.ports import Commits
from myna.messages.amend import Amender
from myna.messages.compose import Composer
from myna.messages.export import Export
from myna.messages.mine import Mine, Timer
from myna.messages.previews import Previews
from myna.messages.send import Sender
from myna.moderation.appeals import Appeals
from myna.moderation.consequences import Consequences
from myna.moderation.filters import Filters
from myna.moderation.review import Review
from myna.ports.moderator import Moderator
from myna.search import Indexer, Search
from myna.services import Services
from myna.settings import Settings
from myna.turns import Turns
from myna.wiring.backends import open_blobs, open_bus
from myna.wiring.identity import build_identity
from myna.wiring.safety import build_privacy, open_safety

if TYPE_CHECKING:
    pass


def build_core(settings: Settings, database: Database, moderator: Moderator | None) -> Core:
    """The core over a migrated database, not yet running."""
    commits: Commits = (
        SqliteCommits(database.path or "", database.turn) if database.sqlite else PostgresCommits(database)
    )
    bus = open_bus(settings)
    delay_s = settings.turn_delay_ms / 1000
    log, conversations, accounts = SqlLog(database), SqlConversations(database), SqlAccounts(database)
    desk, hub = SqlDesk(database), Hub()
    relay = Relay(log, bus, hub)
    committer = Committer(commits, relay.publish)
    access = Access(conversations)
    relay.listeners.append(access.heard)
    composer = Composer(access, accounts, log)
    sender = Sender(access, accounts, composer, committer, moderator, delay_s)
    personal, seats, crowds = SqlPersonal(database), SqlSeats(database), SqlCrowds(database)
    mine = Mine(access, composer, committer, personal)
    key, blobs = load_key(settings.data_dir / "secret.key"), open_blobs(settings)
    max_bytes = settings.file_max_mb * 1_000_000
    files = FileStore(SqlFiles(database), blobs, PillowPictures(), TinytagSounds(), key, max_bytes)
    composer.files = files
    index, pages = SqlIndex(database), WebPages()
    indexer = Indexer(log, index)
    relay.listeners.append(indexer.heard)
    review = Review(desk, accounts, conversations, committer, relay, delay_s)
    sender.held = review.arrived
    moderation = SqlModeration(database)
    filters = Filters(moderation, access, accounts, conversations, committer)
    sender.filtering, sender.filtering_now = filters.of, filters.now
    review.followed = Consequences(filters, moderation, conversations, committer, relay).after
    sender.fail_closed = settings.moderation_fails_closed
    sender.streamed = hub.streamed
    helpdesk_store = SqlHelpdesk(database)
    helpdesk = Helpdesk(access, accounts, desk, log, helpdesk_store, committer)
    queue_watch = QueueWatch(helpdesk, helpdesk_store)
    relay.listeners.append(queue_watch.heard)
    receipts = Receipts(relay, access, conversations, crowds)
    relay.listeners.append(receipts.heard)
    directory = Directory(access, accounts, conversations, desk, log, personal, crowds)
    safety = open_safety(settings, database, sender, committer, accounts, key)
    identity = build_identity(settings, database, key, accounts, committer, relay)
    hub.endings.append(identity.tokens.end)
    handoff = Handoff(access, accounts, committer, hub, delay_s)
    identity.people.left = Leaving(desk, handoff).left
    services = Services(
        settings=settings,
        accounts=accounts,
        desk=desk,
        tokens=identity.tokens,
        sign_ins=identity.sign_ins,
        account=identity.account,
        people=identity.people,
        providers=identity.providers,
        arrivals=identity.arrivals,
        passkeys=identity.passkeys,
        roles=identity.roles,
        applications=identity.applications,
        tickets=identity.tickets,
        committer=committer,
        relay=relay,
        hub=hub,
        access=access,
        sender=sender,
        amender=Amender(access, sender, committer, log, SqlMarks(database)),
        membership=Membership(access, accounts, committer, seats),
        mine=mine,
        files=files,
        search=Search(access, accounts, index),
        indexer=indexer,
        export=Export(access, log, seats),
        previews=Previews(pages),
        timer=Timer(mine, accounts, sender, committer, personal, files.collect),
        signals=Signals(relay),
        receipts=receipts,
        presence=Presence(relay, hub, access, accounts, crowds, receipts),
        opening=Opening(accounts, conversations, committer, seats, crowds),
        directory=directory,
        greeter=Greeter(hub, relay, directory, SqlArrivals(database)),
        handoff=handoff,
        helpdesk=helpdesk,
        snoozes=Snoozes(access, desk, SqlSleeps(database)),
        queue_watch=queue_watch,
        review=review,
        appeals=Appeals(review, moderation, desk, access, committer, delay_s),
        filters=filters,
        audit=AuditLog(SqlAudit(database), accounts),
        turns=Turns(SqlTurnQueue(database), committer, relay, hub),
        admission=Admission(settings.connects_per_s, settings.connects_per_s),
        service=SqlService(database),
        visitors=Identities(SqlVisitors(database)),
        limits=safety.limits,
        intrusion=safety.intrusion,
        privacy=build_privacy(database, accounts, committer, identity.sign_ins, blobs, safety.limits),
        proofs=safety.proofs,
    )

    async def close() -> None:
        await blobs.close()
        await pages.close()
        await identity.close()
        await safety.close()
        await database.close()

    return Core(services, commits, bus, close)
