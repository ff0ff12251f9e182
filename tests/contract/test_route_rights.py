"""Every HTTP route, asked by everybody: nobody, a customer, a member, each workspace role, and an owner of elsewhere."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support import route_decisions as decided
from support.route_rights import ASKERS, CUSTOM, ENDLESS, FOREIGN, MEMBER, NOBODY, VISITOR, Gate, Route, gate

ADMINS = {"owner", "admin"}
OPERATORS = ADMINS | {"operator"}
STAFF = OPERATORS | {"analyst", "developer"}
PASSES: dict[str, set[str]] = {
    name: passing
    for names, passing in (
        (decided.SIGNED_IN, STAFF | {MEMBER, VISITOR}),
        (decided.PEOPLE, STAFF | {MEMBER}),
        (decided.STAFF, STAFF),
        (decided.TEACHERS, OPERATORS | {"developer"}),
        (decided.BUILDERS, ADMINS | {"developer"}),
        (decided.OPERATORS, OPERATORS),
        (decided.ADMINS, ADMINS),
        (decided.PARTIES, OPERATORS | {VISITOR}),
        (decided.CUSTOMER, {VISITOR}),
        (decided.ELSEWHERE, set[str]()),
    )
    for name in names.split("\n")
    if name
}
OPEN = set(decided.OPEN.split("\n")) - {""}
OF_THIS_WORKSPACE = ("conversation", "agent", "kb", "source", "inbox", "user", "bot")
HIDES_ITSELF = {MEMBER, "analyst", "developer"}
"""To them a support conversation looks like a missing one."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Gate]:
    async with gate(tmp_path) as made:
        yield made


def passing(route: Route, answers: dict[str, int]) -> set[str]:
    """Who was not turned away. Missing things are told from hidden ones by what others are told."""
    asked = set(ASKERS) - {NOBODY, FOREIGN}
    hidden = "{conversation}" in route.name and len({answers[each] for each in asked}) > 1
    refused = {each for each in asked if answers[each] == 403}
    if hidden:
        refused |= {each for each in asked & HIDES_ITSELF if answers[each] == 404}
    return asked - refused


async def test_every_route_turns_away_whom_it_should(shop: Gate) -> None:
    # Whoever may do least asks first, so that nothing is gone before they ask.
    order = (NOBODY, FOREIGN, VISITOR, MEMBER, "analyst", "developer", CUSTOM, "operator", "admin", "owner")
    routes = [route for route in shop.routes() if route.name not in ENDLESS]
    wrong: list[str] = []
    for route in routes:
        answers = {asker: await shop.status(route, asker) for asker in order}
        if [status for status in answers.values() if status >= 500]:
            wrong.append(f"{route.name} breaks: {answers}")
        if route.name in OPEN:
            continue
        if answers[NOBODY] != 401:
            wrong.append(f"{route.name} answers {answers[NOBODY]} without a token")
        of_here = any("{" + thing + "}" in route.name for thing in OF_THIS_WORKSPACE)
        if of_here and answers[FOREIGN] not in {400, 403, 404} and "/memory/" not in route.name:
            wrong.append(f"{route.name} answers {answers[FOREIGN]} to an owner of another workspace")
        passed = passing(route, answers)
        if (CUSTOM in passed) != ("operator" in passed):
            wrong.append(f"{route.name} tells a role with an operator's verbs from operators: {answers}")
        if (passed := passed - {CUSTOM}) != PASSES.get(route.name):
            wrong.append(f"{route.name} lets pass {sorted(passed)}")
    assert not wrong, "\n".join(wrong)


async def test_every_route_has_a_decision_and_every_decision_a_route(shop: Gate) -> None:
    names = {route.name for route in shop.routes()} - ENDLESS
    assert names == set(PASSES) | OPEN
