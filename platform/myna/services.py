"""Everything that the wire needs, put together once by the composition root."""

from dataclasses import dataclass, field

from myna.access import Access
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.directory import Directory
from myna.handoff import Handoff
from myna.helpdesk.service import Helpdesk
from myna.helpdesk.watch import QueueWatch
from myna.identity.tokens import Tokens
from myna.log.committer import Committer
from myna.ports import Accounts, Desk
from myna.review import Review
from myna.send import Sender
from myna.settings import Settings
from myna.signals import Signals
from myna.turns import Turns


@dataclass(frozen=True, slots=True)
class Services:
    """The core of a running server process."""

    settings: Settings
    accounts: Accounts
    desk: Desk
    tokens: Tokens
    committer: Committer
    relay: Relay
    hub: Hub
    access: Access
    sender: Sender
    signals: Signals
    directory: Directory
    handoff: Handoff
    helpdesk: Helpdesk
    queue_watch: QueueWatch
    review: Review
    turns: Turns
    draining: list[bool] = field(default_factory=list[bool])
    """Not empty once the server stops: it takes no new connections then."""
