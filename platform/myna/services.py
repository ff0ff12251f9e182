"""Everything that the wire needs, put together once by the composition root."""

from dataclasses import dataclass, field

from myna.audit import AuditLog
from myna.conversations.access import Access
from myna.conversations.directory import Directory
from myna.conversations.opening import Opening
from myna.conversations.seats import Membership
from myna.deliver.admission import Admission
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.errors import Busy
from myna.files.store import FileStore
from myna.helpdesk.handoff import Handoff
from myna.helpdesk.service import Helpdesk
from myna.helpdesk.snooze import Snoozes
from myna.helpdesk.visitors import Identities
from myna.helpdesk.watch import QueueWatch
from myna.identity.account import Account
from myna.identity.applications import Applications
from myna.identity.arrivals import Arrivals
from myna.identity.passkeys import Passkeys
from myna.identity.people import People
from myna.identity.providers import Providers
from myna.identity.roles import Roles
from myna.identity.sign_ins import SignIns
from myna.identity.socket_tickets import SocketTickets
from myna.identity.tokens import Tokens
from myna.intrusion.office import Intrusion
from myna.limits.bounds import Limits
from myna.limits.proof import Proofs
from myna.live.greeter import Greeter
from myna.live.presence import Presence
from myna.live.receipts import Receipts
from myna.live.signals import Signals
from myna.log.committer import Committer
from myna.messages.amend import Amender
from myna.messages.export import Export
from myna.messages.mine import Mine, Timer
from myna.messages.previews import Previews
from myna.messages.send import Sender
from myna.model.service import ServiceStore
from myna.moderation.appeals import Appeals
from myna.moderation.filters import Filters
from myna.moderation.review import Review
from myna.ports.accounts import Accounts
from myna.ports.desk import Desk
from myna.privacy.desk import Privacy
from myna.search import Indexer, Search
from myna.settings import Settings
from myna.turns import Turns


@dataclass(frozen=True, slots=True)
class Services:
    """The core of a running server process."""

    settings: Settings
    accounts: Accounts
    desk: Desk
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
    committer: Committer
    relay: Relay
    hub: Hub
    access: Access
    sender: Sender
    amender: Amender
    membership: Membership
    mine: Mine
    files: FileStore
    search: Search
    indexer: Indexer
    export: Export
    previews: Previews
    timer: Timer
    signals: Signals
    receipts: Receipts
    presence: Presence
    opening: Opening
    directory: Directory
    handoff: Handoff
    helpdesk: Helpdesk
    snoozes: Snoozes
    queue_watch: QueueWatch
    review: Review
    appeals: Appeals
    filters: Filters
    audit: AuditLog
    turns: Turns
    admission: Admission
    greeter: Greeter
    service: ServiceStore
    visitors: Identities
    limits: Limits
    proofs: Proofs
    intrusion: Intrusion
    privacy: Privacy
    draining: list[bool] = field(default_factory=list[bool])
    """Not empty once the server stops: it takes no new connections then."""

    def admit(self) -> None:
        """Let a client connect.

        Raises:
            Busy: the server stops, or too many come at once; `retry_ms` says when to come back.
        """
        if self.draining:
            raise Busy("The server is stopping; connect again.", code="draining", retry_ms=1000)
        self.admission.enter()
