"""Everything that the wire needs, put together once by the composition root."""

from dataclasses import dataclass, field

from myna.access import Access
from myna.amend import Amender
from myna.appeals import Appeals
from myna.audit import AuditLog
from myna.deliver.admission import Admission
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.directory import Directory
from myna.errors import Busy
from myna.export import Export
from myna.files import FileStore
from myna.filters import Filters
from myna.greeter import Greeter
from myna.handoff import Handoff
from myna.helpdesk.service import Helpdesk
from myna.helpdesk.snooze import Snoozes
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
from myna.limits import Limits
from myna.log.committer import Committer
from myna.mine import Mine, Timer
from myna.ports import Accounts, Desk
from myna.presence import Presence
from myna.previews import Previews
from myna.privacy.desk import Privacy
from myna.proof import Proofs
from myna.receipts import Receipts
from myna.review import Review
from myna.search import Indexer, Search
from myna.seats import Membership
from myna.send import Sender
from myna.service import ServiceStore
from myna.settings import Settings
from myna.signals import Signals
from myna.turns import Turns
from myna.visitors import Identities


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
