"""Who may do what. The only place where roles are interpreted; everything else asks `may`."""

from dataclasses import dataclass, field
from enum import StrEnum

from myna.errors import Forbidden
from myna.model.conversation import Conversation, ConversationKind, Member, MemberRole
from myna.model.workspace import User, UserKind, WorkspaceRole


class Verb(StrEnum):
    """What can be asked for; in a conversation or, from `OPERATE` on, in the workspace."""

    READ = "read"
    SEND = "send"
    HAND_OFF = "hand_off"
    TAKE = "take"
    SEE_TURNS = "see_turns"
    EDIT = "edit"
    RECALL = "recall"
    RECALL_OTHERS = "recall_others"
    REACT = "react"
    PIN = "pin"
    MENTION_ALL = "mention_all"
    INVITE = "invite"
    ADMIT = "admit"
    REMOVE = "remove"
    BAN = "ban"
    MUTE = "mute"
    SET_ROLE = "set_role"
    CONFIGURE = "configure"
    EXPORT = "export"
    OPEN_GROUP = "open_group"
    OPERATE = "operate"
    MODERATE = "moderate"
    SEE_KNOWLEDGE = "see_knowledge"
    TEACH = "teach"
    ADMINISTER = "administer"
    BUILD_BOTS = "build_bots"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, as the token says."""

    user: int
    workspace: int
    kind: UserKind
    role: WorkspaceRole | None = None
    scopes: frozenset[str] | None = None
    """What a bot's key may do at most; None for people, visitors and the server's own agents."""
    sign_in: int = field(default=0, compare=False)
    """The sign-in that the token belongs to."""
    application: int = 0
    """The application that acts for the user; 0 when they act themselves."""
    verbs: frozenset[str] = frozenset()
    """What a role of the workspace's own gives; only looked at when `role` is `custom`."""
    granted: frozenset[str] | None = None
    """The scopes that it was given, which open routes and give no right; None when they act themselves."""

    @property
    def operator(self) -> bool:
        """Whether support conversations are visible without a seat in them."""
        return Verb.OPERATE in held(self)


@dataclass(frozen=True, slots=True)
class Seat:
    """A principal's place in a conversation. Operators watch support conversations without being members."""

    conversation: Conversation
    member: Member | None
    operator: bool
    scopes: frozenset[str] | None = None
    """What this conversation grants a bot; only looked at when the principal has scopes."""

    @property
    def floor(self) -> int:
        """The first message that may be read."""
        kept = self.conversation.retained_through + 1
        if self.member is None:
            return kept
        return max(self.member.from_seq, self.member.deleted_to + 1, kept)

    @property
    def hides_for(self) -> int:
        """Whose single deletions are left out of what is read; 0 for nobody's."""
        return 0 if self.member is None else self.member.user

    @property
    def observer(self) -> bool:
        """Whether the place comes from the workspace role alone."""
        return self.member is None


_ROLE_VERBS: dict[WorkspaceRole, frozenset[Verb]] = {
    WorkspaceRole.OWNER: frozenset(Verb),
    WorkspaceRole.ADMIN: frozenset(Verb),
    WorkspaceRole.OPERATOR: frozenset(
        {
            Verb.OPEN_GROUP,
            Verb.OPERATE,
            Verb.MODERATE,
            Verb.SEE_KNOWLEDGE,
            Verb.TEACH,
            Verb.TAKE,
            Verb.SEE_TURNS,
        }
    ),
    WorkspaceRole.ANALYST: frozenset({Verb.OPEN_GROUP, Verb.SEE_KNOWLEDGE, Verb.SEE_TURNS}),
    WorkspaceRole.DEVELOPER: frozenset(
        {Verb.OPEN_GROUP, Verb.SEE_KNOWLEDGE, Verb.TEACH, Verb.SEE_TURNS, Verb.BUILD_BOTS}
    ),
}
OFFERED = frozenset(
    {
        Verb.OPEN_GROUP,
        Verb.OPERATE,
        Verb.TAKE,
        Verb.MODERATE,
        Verb.SEE_KNOWLEDGE,
        Verb.TEACH,
        Verb.SEE_TURNS,
        Verb.BUILD_BOTS,
        Verb.ADMINISTER,
    }
)
"""What a workspace's own roles are made of. Owners alone make owners, whatever a role holds."""
_SCOPES: dict[Verb, str] = {
    Verb.READ: "messages:read:all",
    Verb.SEND: "messages:write",
    **dict.fromkeys((Verb.EDIT, Verb.RECALL, Verb.REACT, Verb.PIN, Verb.MENTION_ALL), "messages:write"),
    Verb.RECALL_OTHERS: "messages:delete",
    **dict.fromkeys(
        (Verb.INVITE, Verb.ADMIT, Verb.REMOVE, Verb.BAN, Verb.MUTE, Verb.SET_ROLE, Verb.CONFIGURE),
        "members:manage",
    ),
    Verb.HAND_OFF: "conversations:assign",
    Verb.SEE_KNOWLEDGE: "knowledge:read",
}
"""The scope that a bot's key needs; what is not listed is not for bots."""
_HEARS = "messages:read:mentions"
_SPEAKS_IN_CHANNEL = frozenset({MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MODERATOR})
_RANKS = {
    MemberRole.OWNER: 5,
    MemberRole.ADMIN: 4,
    MemberRole.MODERATOR: 3,
    MemberRole.MEMBER: 2,
    MemberRole.GUEST: 1,
    MemberRole.READ_ONLY: 0,
}
_SPEAKER = frozenset({Verb.READ, Verb.SEND, Verb.EDIT, Verb.RECALL, Verb.REACT})
_MODERATES = frozenset(
    {Verb.RECALL_OTHERS, Verb.MENTION_ALL, Verb.ADMIT, Verb.REMOVE, Verb.BAN, Verb.MUTE, Verb.SET_ROLE}
)
_SEAT_VERBS: dict[MemberRole, frozenset[Verb]] = {
    MemberRole.READ_ONLY: frozenset({Verb.READ}),
    MemberRole.GUEST: _SPEAKER,
    MemberRole.MEMBER: _SPEAKER,
    MemberRole.MODERATOR: _SPEAKER | _MODERATES,
    MemberRole.ADMIN: _SPEAKER | _MODERATES | {Verb.CONFIGURE, Verb.EXPORT},
    MemberRole.OWNER: _SPEAKER | _MODERATES | {Verb.CONFIGURE, Verb.EXPORT},
}
"""Rights by role. Who may pin and invite is the conversation's policy."""
_BETWEEN_TWO = _SPEAKER | {Verb.PIN, Verb.EXPORT}
_WATCHER = _SPEAKER | {Verb.PIN, Verb.RECALL_OTHERS, Verb.EXPORT}
SEAT_ONLY = frozenset(
    {
        Verb.EDIT,
        Verb.RECALL,
        Verb.RECALL_OTHERS,
        Verb.REACT,
        Verb.PIN,
        Verb.MENTION_ALL,
        Verb.INVITE,
        Verb.ADMIT,
        Verb.REMOVE,
        Verb.BAN,
        Verb.MUTE,
        Verb.SET_ROLE,
        Verb.CONFIGURE,
        Verb.EXPORT,
    }
)
"""What only a seat gives, or watching a support conversation; no workspace role."""


def role_verbs(role: WorkspaceRole | None, verbs: frozenset[str] = frozenset()) -> frozenset[Verb]:
    """What a workspace role gives; `verbs` are those of a role of the workspace's own."""
    if role is WorkspaceRole.CUSTOM:
        return frozenset(verb for verb in OFFERED if verb.value in verbs)
    return frozenset() if role is None else _ROLE_VERBS[role]


def held(principal: Principal) -> frozenset[Verb]:
    """What the principal may do in the whole workspace. A bot's key holds nothing there."""
    return role_verbs(principal.role, principal.verbs)


def gives(principal: Principal, role: WorkspaceRole | None, verbs: frozenset[str] = frozenset()) -> bool:
    """Whether the principal may give somebody this role: nobody gives more than they have, and only owners make owners."""
    if role is WorkspaceRole.OWNER and principal.role is not WorkspaceRole.OWNER:
        return False
    return role_verbs(role, verbs) <= held(principal)


def principal_of(user: User, sign_in: int = 0) -> Principal:
    """A user as who asks, with the role that they have now."""
    return Principal(user.id, user.workspace, user.kind, user.role, sign_in=sign_in, verbs=user.verbs)


def rank(role: MemberRole) -> int:
    """How high a role stands: nobody acts against somebody of the same rank or above."""
    return _RANKS[role]


def seat_may(conversation: Conversation, role: MemberRole, verb: Verb) -> bool:
    """Whether a seat of this role gives a right in this conversation; asked again inside the commit."""
    if conversation.kind in {ConversationKind.DIRECT, ConversationKind.SAVED}:
        return verb in _BETWEEN_TWO
    if verb is Verb.PIN or verb is Verb.INVITE:
        lowest = conversation.policy.pins if verb is Verb.PIN else conversation.policy.invites
        invites = conversation.kind is not ConversationKind.SUPPORT or verb is Verb.PIN
        return invites and _RANKS[role] >= _RANKS[MemberRole(lowest)]
    if verb is Verb.SEND and conversation.kind is ConversationKind.CHANNEL:
        return role in _SPEAKS_IN_CHANNEL
    return verb in _SEAT_VERBS[role]


def sees(principal: Principal, conversation: Conversation, member: Member | None) -> bool:
    """Whether the conversation exists for this principal at all; if not, it must look like a missing one."""
    if conversation.workspace != principal.workspace:
        return False
    if member is not None and member.to_seq is None:
        return True
    return conversation.kind is ConversationKind.SUPPORT and principal.operator


def may(principal: Principal, verb: Verb, seat: Seat | None = None) -> bool:
    """Whether the principal may do this, in the seat's conversation or in the workspace."""
    if principal.scopes is not None:
        return _scoped(principal.scopes, verb, seat)
    if seat is None:
        if verb in SEAT_ONLY:
            return False
        return verb in held(principal)
    support = seat.conversation.kind is ConversationKind.SUPPORT
    match verb:
        case Verb.READ:
            return seat.member is not None or (support and principal.operator)
        case Verb.SEND:
            if seat.member is None:
                return support and principal.operator
            return seat_may(seat.conversation, seat.member.role, Verb.SEND)
        case Verb.HAND_OFF:
            return support and (principal.operator or principal.kind is UserKind.VISITOR)
        case Verb.TAKE:
            return support and principal.operator
        case _ if verb in SEAT_ONLY:
            if support and principal.operator and verb in _WATCHER:
                return True
            return seat.member is not None and seat_may(seat.conversation, seat.member.role, verb)
        case _:
            return may(principal, verb)


def _scoped(scopes: frozenset[str], verb: Verb, seat: Seat | None) -> bool:
    """A bot needs the scope in its key and, in a conversation, a seat and the scope in the installation."""
    wanted = {_SCOPES.get(verb, "")}
    if verb is Verb.READ and seat is not None and seat.conversation.kind is ConversationKind.DIRECT:
        # Everything that is said to it alone is meant for the bot, so it has heard it anyway.
        wanted.add(_HEARS)
    if not scopes & wanted:
        return False
    if seat is None:
        return verb is Verb.SEE_KNOWLEDGE
    if seat.member is None or not wanted & (seat.scopes or frozenset()):
        return False
    if verb is Verb.HAND_OFF:
        return seat.conversation.kind is ConversationKind.SUPPORT
    return seat_may(seat.conversation, seat.member.role, verb)


def require(principal: Principal, verb: Verb, seat: Seat | None = None) -> None:
    """Let the principal pass.

    Raises:
        Forbidden: it may not; nothing was done.
    """
    if not may(principal, verb, seat):
        raise Forbidden(f"You may not {verb.replace('_', ' ')} here.")
