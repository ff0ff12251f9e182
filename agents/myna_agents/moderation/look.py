"""One message with everything that its judgement looks at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from myna.model.filtering import FilterPolicy
from myna.model.moderation import Case
from myna_agents.moderation.normalise import Normalised
from myna_agents.moderation.places import Decided
from myna_agents.moderation.policy import Policy
from myna_agents.moderation.rules import Lists, Named

if TYPE_CHECKING:
    from myna_agents.moderation.learning import Taught
    from myna_agents.moderation.linear import LinearModel

    Models = tuple[LinearModel, LinearModel]
    """The models of spam and of offensive language."""
else:
    Models = tuple

UNREAD: Final = -1
"""In the place of a mark that nobody worked out yet."""


@dataclass(slots=True)
class Look:
    """A message, what holds where it was sent, and what the models read in it once they did."""

    case: Case
    place: FilterPolicy
    limits: Policy
    message: Normalised
    models: "Models"
    taught: "Taught | None"
    """What the moderators of its workspace taught."""
    decided: Decided
    """The list of its workspace."""
    lists: Lists
    named: Named
    """Links, phones and handles in it."""
    chance: float | None = None
    """P(spam); None when it was not read together with others."""
    rude: float | None = None
    """P(offensive), if it has Chinese in it; None as for `chance`."""
    mark: int | None = UNREAD
    """See `near.mark_of`."""
