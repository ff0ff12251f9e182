"""Every op of the socket, asked by everybody: each role, a customer, a member, and people of another workspace."""

import itertools
from typing import Any, get_args

import msgspec
import pytest

from myna.api.live.frames import OPS, Frame
from myna.errors import MynaError
from myna.log.writes import Say
from myna.model.message import Draft
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.rights import Principal, role_verbs
from support import op_decisions as decided
from support.api_world import BOB, ELSEWHERE, GROUP, VIC, World
from support.planning import SUPPORT, WORKSPACE

_HELD = frozenset(map(str, role_verbs(WorkspaceRole.OPERATOR)))
"""The role of the workspace's own holds what operators hold."""
STAFF = {
    role.value: Principal(900 + at, WORKSPACE, UserKind.HUMAN, role, verbs=_HELD)
    for at, role in enumerate(WorkspaceRole)
}
FOREIGN = {
    "foreign owner": Principal(950, ELSEWHERE, UserKind.HUMAN, WorkspaceRole.OWNER),
    "foreign visitor": Principal(951, ELSEWHERE, UserKind.VISITOR),
}
ASKERS = {
    **STAFF,
    **FOREIGN,
    "person": Principal(940, WORKSPACE, UserKind.HUMAN),
    "other visitor": Principal(941, WORKSPACE, UserKind.VISITOR),
    "customer": Principal(VIC, WORKSPACE, UserKind.VISITOR),
    "member": Principal(BOB, WORKSPACE, UserKind.HUMAN),
}
OPERATORS = {"owner", "admin", "operator", "custom"}
PASSES: dict[str, tuple[set[str], set[str]]] = {
    op: passing
    for ops, passing in (
        (decided.OWN, (set(ASKERS), set(ASKERS))),
        (decided.PARTIES, (OPERATORS | {"customer"}, {"member"})),
        (decided.OPERATORS, (OPERATORS, set[str]())),
        (decided.CUSTOMER, ({"customer"}, {"member"})),
    )
    for op in ops.split()
}
"""For each op, who passes in the support conversation and who in the group."""
_counted = itertools.count(1)


def example(kind: Any, conversation: int) -> Frame:
    """A well-formed frame about the first message of a conversation."""
    filled = {
        "conversation": str(conversation),
        "client_id": f"op-{next(_counted)}",
        "seq": 1,
        "body": {"text": "Hello"},
        "emoji": "👍",
    }
    wanted = {field.name: filled[field.name] for field in msgspec.structs.fields(kind) if field.required}
    made: Frame = kind(**wanted)
    return made


async def answered(app: World, asker: str, frame: Frame) -> int:
    """The status of what the asker is answered."""
    try:
        await app.commands.answer(ASKERS[asker], frame)
    except MynaError as failed:
        return failed.status
    return 200


@pytest.fixture
async def people(app: World) -> World:
    known = {each.id for each in await app.services.accounts.humans(WORKSPACE, 100)} | {VIC}
    for name, each in ASKERS.items():
        if each.user not in known:
            await app.services.accounts.add_user(
                User(each.user, each.workspace, each.kind, name, f"op{each.user}", role=each.role)
            )
    for place, sender in ((SUPPORT, VIC), (GROUP, BOB)):
        await app.write(Say(Draft(place, sender, "first", {"text": "Hello"})))
    return app


def test_every_op_has_a_decision_and_every_decision_an_op() -> None:
    assert set(PASSES) == set(OPS)


async def test_every_op_turns_away_whom_it_should(people: World) -> None:
    wrong: list[str] = []
    kinds = sorted(get_args(Frame), key=lambda kind: str(kind.__struct_config__.tag) == "recall")
    for kind in kinds:
        op = str(kind.__struct_config__.tag)
        for place, expected in zip((SUPPORT, GROUP), PASSES[op], strict=True):
            # Whoever may do least asks first, so that nothing is gone before they ask.
            order = [*(set(ASKERS) - expected), *(asker for asker in ASKERS if asker in expected)]
            got = {asker: await answered(people, asker, example(kind, place)) for asker in order}
            passed = {asker for asker, status in got.items() if status not in {401, 403, 404}}
            if passed != expected or any(status >= 500 for status in got.values()):
                wrong.append(f"{op} in {place}: {got}")
            hidden = {got[asker] for asker in FOREIGN} - {200, 400}
            if expected != set(ASKERS) and hidden != {404}:
                wrong.append(f"{op} in {place} tells another workspace that it exists: {got}")
    assert not wrong, "\n".join(wrong)
