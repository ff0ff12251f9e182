"""Who may do what, as one table; a right that is not in it is not given."""

import itertools

import pytest

from myna.errors import Forbidden
from myna.model.conversation import Conversation, ConversationKind, Member, MemberRole
from myna.model.workspace import UserKind, WorkspaceRole
from myna.rights import (
    OFFERED,
    SEAT_ONLY,
    Principal,
    Seat,
    Verb,
    gives,
    held,
    may,
    require,
    role_verbs,
    sees,
)

ROLES = {
    role.value: Principal(1, 1, UserKind.HUMAN, role)
    for role in WorkspaceRole
    if role is not WorkspaceRole.CUSTOM
}
EVERYBODY = {
    **ROLES,
    "member": Principal(2, 1, UserKind.HUMAN),
    "visitor": Principal(3, 1, UserKind.VISITOR),
    "bot": Principal(4, 1, UserKind.BOT),
}
OPERATORS = {"owner", "admin", "operator"}
WORKSPACE_RIGHTS: dict[Verb, set[str]] = {
    Verb.READ: {"owner", "admin"},
    Verb.SEND: {"owner", "admin"},
    Verb.HAND_OFF: {"owner", "admin"},
    Verb.TAKE: OPERATORS,
    Verb.SEE_TURNS: set(ROLES),
    Verb.OPEN_GROUP: set(ROLES),
    Verb.OPERATE: OPERATORS,
    Verb.MODERATE: OPERATORS,
    Verb.SEE_KNOWLEDGE: set(ROLES),
    Verb.TEACH: OPERATORS | {"developer"},
    Verb.ADMINISTER: {"owner", "admin"},
    Verb.BUILD_BOTS: {"owner", "admin", "developer"},
    **{verb: set[str]() for verb in SEAT_ONLY},
}
MODERATORS = {MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MODERATOR}
SPEAKERS = set(MemberRole) - {MemberRole.READ_ONLY}
LEADERS = {MemberRole.OWNER, MemberRole.ADMIN}
SEAT_RIGHTS: dict[Verb, set[MemberRole]] = {
    Verb.EDIT: SPEAKERS,
    Verb.RECALL: SPEAKERS,
    Verb.REACT: SPEAKERS,
    Verb.RECALL_OTHERS: MODERATORS,
    Verb.PIN: MODERATORS,
    Verb.MENTION_ALL: MODERATORS,
    Verb.INVITE: MODERATORS,
    Verb.ADMIT: MODERATORS,
    Verb.REMOVE: MODERATORS,
    Verb.BAN: MODERATORS,
    Verb.MUTE: MODERATORS,
    Verb.SET_ROLE: MODERATORS,
    Verb.CONFIGURE: LEADERS,
    Verb.EXPORT: LEADERS,
}
BETWEEN_TWO = {Verb.EDIT, Verb.RECALL, Verb.REACT, Verb.PIN, Verb.EXPORT}
WATCHERS = {Verb.EDIT, Verb.RECALL, Verb.REACT, Verb.PIN, Verb.RECALL_OTHERS, Verb.EXPORT}


def place(kind: ConversationKind, workspace: int = 1) -> Conversation:
    return Conversation(9, workspace, kind, "", 0, 0, 0, 0.0, 0.0)


def seat(who: Principal, kind: ConversationKind, role: MemberRole | None) -> Seat:
    member = None if role is None else Member(9, who.user, role)
    return Seat(place(kind), member, who.operator)


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("who", list(EVERYBODY))
def test_rights_in_the_workspace(verb: Verb, who: str) -> None:
    assert may(EVERYBODY[who], verb) == (who in WORKSPACE_RIGHTS[verb])


@pytest.mark.parametrize("kind", list(ConversationKind))
@pytest.mark.parametrize("role", [None, *MemberRole])
@pytest.mark.parametrize("who", list(EVERYBODY))
def test_rights_in_a_conversation(kind: ConversationKind, role: MemberRole | None, who: str) -> None:
    asker = EVERYBODY[who]
    here = seat(asker, kind, role)
    support = kind is ConversationKind.SUPPORT
    watches = support and who in OPERATORS
    two = kind in {ConversationKind.DIRECT, ConversationKind.SAVED}
    speaks = role in MODERATORS if kind is ConversationKind.CHANNEL else two or role in SPEAKERS
    expected = {
        Verb.READ: role is not None or watches,
        Verb.SEND: (role is not None and speaks) or (role is None and watches),
        Verb.HAND_OFF: support and (who in OPERATORS or who == "visitor"),
        Verb.TAKE: watches,
    }
    assert {verb: may(asker, verb, here) for verb in expected} == expected
    for verb in SEAT_ONLY:
        watcher = watches and verb in WATCHERS
        given = verb in BETWEEN_TWO if two else role in SEAT_RIGHTS[verb]
        if support and verb is Verb.INVITE:
            given = False
        assert may(asker, verb, here) == (watcher or (role is not None and given)), verb
    for verb in set(Verb) - set(expected) - SEAT_ONLY:
        assert may(asker, verb, here) == may(asker, verb)


@pytest.mark.parametrize(("kind", "who"), list(itertools.product(ConversationKind, EVERYBODY)))
def test_what_exists_for_whom(kind: ConversationKind, who: str) -> None:
    asker = EVERYBODY[who]
    sits, left = Member(9, asker.user, MemberRole.MEMBER), Member(9, asker.user, MemberRole.MEMBER, to_seq=4)
    watches = kind is ConversationKind.SUPPORT and who in OPERATORS
    assert sees(asker, place(kind), sits)
    assert sees(asker, place(kind), left) == watches
    assert sees(asker, place(kind), None) == watches
    assert not sees(asker, place(kind, workspace=2), sits)
    assert not sees(asker, place(kind, workspace=2), None)


def custom(verbs: frozenset[Verb]) -> Principal:
    return Principal(5, 1, UserKind.HUMAN, WorkspaceRole.CUSTOM, verbs=frozenset(map(str, verbs)))


@pytest.mark.parametrize("role", ["operator", "analyst", "developer"])
def test_a_role_of_ones_own_with_the_same_verbs_may_the_same(role: str) -> None:
    given, own = ROLES[role], custom(role_verbs(WorkspaceRole(role)))
    assert own.operator == given.operator
    places = [None, *itertools.product(ConversationKind, [None, *MemberRole])]
    for verb, where in itertools.product(Verb, places):
        seats = [None if where is None else seat(each, *where) for each in (given, own)]
        assert may(given, verb, seats[0]) == may(own, verb, seats[1]), (verb, where)
    for kind in ConversationKind:
        assert sees(given, place(kind), None) == sees(own, place(kind), None)


@pytest.mark.parametrize("verb", list(Verb))
def test_one_verb_gives_one_right_and_what_is_not_offered_gives_none(verb: Verb) -> None:
    assert held(custom(frozenset({verb}))) == ({verb} if verb in OFFERED else set())
    made_up = Principal(5, 1, UserKind.HUMAN, WorkspaceRole.CUSTOM, verbs=frozenset({"everything"}))
    assert not held(made_up)
    assert not held(Principal(5, 1, UserKind.HUMAN, WorkspaceRole.ANALYST, verbs=OFFERED)) - held(
        ROLES["analyst"]
    )


def test_nobody_gives_more_than_they_have() -> None:
    helper = custom(frozenset({Verb.ADMINISTER, Verb.OPERATE}))
    assert gives(helper, None)
    assert gives(helper, WorkspaceRole.CUSTOM, frozenset({"operate"}))
    assert not gives(helper, WorkspaceRole.CUSTOM, frozenset({"operate", "teach"}))
    for role in (WorkspaceRole.OPERATOR, WorkspaceRole.ADMIN, WorkspaceRole.OWNER):
        assert not gives(helper, role)
    assert gives(ROLES["admin"], WorkspaceRole.ADMIN)
    assert not gives(ROLES["admin"], WorkspaceRole.OWNER)
    assert gives(ROLES["owner"], WorkspaceRole.OWNER)


def test_a_refusal_says_what_is_refused() -> None:
    require(ROLES["owner"], Verb.ADMINISTER)
    with pytest.raises(Forbidden, match="hand off"):
        require(EVERYBODY["bot"], Verb.HAND_OFF, seat(EVERYBODY["bot"], ConversationKind.GROUP, None))


def test_a_seat_has_a_floor() -> None:
    ann = EVERYBODY["member"]
    assert seat(ann, ConversationKind.GROUP, None).floor == 1
    assert seat(ann, ConversationKind.GROUP, None).observer
    later = Seat(place(ConversationKind.GROUP), Member(9, 2, MemberRole.MEMBER, from_seq=7), False)
    assert (later.floor, later.observer) == (7, False)
