"""Who visitors are: first questions, signatures of sites, and what operators see of it, on both databases."""

import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from myna.limits.proof import solve
from myna.limits.windows import Bound
from support.api_world import ANN, OPA, OTTO, World
from support.planning import WORKSPACE

ADMIN = OTTO
QUESTIONS = [
    {"name": "name", "label": "Your name", "required": True},
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "topic", "label": "What about?", "kind": "choice", "options": ["Order", "Other"]},
    {"name": "terms", "label": "I agree", "kind": "bool", "required": True},
]


class Desk:
    """An inbox with a key, and who begins in it."""

    def __init__(self, app: World, key: str) -> None:
        self.app, self.key = app, key

    async def begin(self, status: int = 201, token: str | None = None, **asked: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self.app.http.post("/visitors", json={"inbox": self.key, **asked}, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def secret(self, **asked: Any) -> str:
        made = await self.app.ask(ADMIN, "PUT", f"/inboxes/{self.key}/identity", json=asked)
        return str(made["secret"])

    def token(self, secret: str, sub: str = "customer-7", **claims: Any) -> str:
        made = {"sub": sub, "aud": self.key, "exp": time.time() + 600, **claims}
        return str(jwt.encode(made, secret, algorithm="HS256"))  # pyright: ignore[reportUnknownMemberType]


@pytest.fixture
async def desk(app: World) -> Desk:
    (inbox, *_) = await app.services.accounts.inboxes(WORKSPACE)
    return Desk(app, inbox.key)


async def test_first_answers_name_the_visitor_and_bad_ones_are_told_field_by_field(desk: Desk) -> None:
    await desk.app.ask(ADMIN, "PATCH", f"/inboxes/{desk.key}", json={"prechat": QUESTIONS})
    shown = await desk.app.ask(ANN, "GET", f"/inboxes/{desk.key}")
    assert [each["name"] for each in shown["prechat"]] == ["name", "email", "topic", "terms"]
    assert shown["open"] is True
    refused = await desk.begin(400, answers={"email": "no address", "topic": "Weather", "terms": True})
    assert refused["code"] == "form_invalid"
    assert {each["name"] for each in refused["fields"]} == {"name", "email", "topic"}
    begun = await desk.begin(answers={"name": " Ada ", "email": "ada@example.org", "terms": True, "x": "y"})
    assert begun["user"]["name"] == "Ada"
    kept = await desk.app.services.visitors.store.profile(int(begun["user"]["id"]))
    assert kept is not None
    assert kept.email == "ada@example.org"
    assert dict(kept.answers) == {"name": "Ada", "email": "ada@example.org", "terms": True}


async def test_a_signed_person_is_the_same_visitor_on_every_device(desk: Desk) -> None:
    secret = await desk.secret()
    first = await desk.begin(identity=desk.token(secret, name="Ada Lovelace", email="ada@example.org"))
    second = await desk.begin(identity=desk.token(secret))
    other = await desk.begin(identity=desk.token(secret, sub="customer-8"))
    assert first["user"]["id"] == second["user"]["id"] != other["user"]["id"]
    assert second["user"]["name"] == "Ada Lovelace"


async def test_an_anonymous_visitor_becomes_the_person_who_signs_in(desk: Desk) -> None:
    secret = await desk.secret()
    anonymous = await desk.begin()
    signed = await desk.begin(token=anonymous["access_token"], identity=desk.token(secret, name="Ada"))
    assert signed["user"]["id"] == anonymous["user"]["id"]
    assert signed["user"]["name"] == "Ada"
    # Somebody else at the same browser is somebody else.
    other = await desk.begin(token=signed["access_token"], identity=desk.token(secret, sub="customer-8"))
    assert other["user"]["id"] != signed["user"]["id"]


async def test_hashes_of_ids_work_and_cover_the_id_alone(desk: Desk) -> None:
    secret = await desk.secret()
    made = hmac.new(secret.encode(), b"customer-7", hashlib.sha256).hexdigest()
    first = await desk.begin(identity={"id": "customer-7", "hash": made})
    again = await desk.begin(identity=desk.token(secret))
    assert first["user"]["id"] == again["user"]["id"]
    wrong = await desk.begin(401, identity={"id": "customer-8", "hash": made})
    assert wrong["code"] == "identity_invalid"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() - 600},
        {"exp": time.time() + 100_000},
        {"aud": "another"},
        {"sub": ""},
        {"sub": "x" * 300},
    ],
)
async def test_tokens_of_another_time_place_or_person_are_refused(desk: Desk, claims: dict[str, Any]) -> None:
    secret = await desk.secret()
    refused = await desk.begin(401, identity=desk.token(secret, **claims))
    assert refused["code"] == "identity_invalid"


async def test_a_forged_signature_and_the_none_algorithm_are_refused(desk: Desk) -> None:
    await desk.secret()
    await desk.begin(401, identity=desk.token("x" * 43))
    none = jwt.encode({"sub": "a", "aud": desk.key, "exp": time.time() + 60}, "", algorithm="none")  # pyright: ignore[reportUnknownMemberType]
    await desk.begin(401, identity=none)


@pytest.mark.parametrize(
    "identity",
    ["\ud800", "ü.ü.ü", "", "a.b", {"id": "\ud800", "hash": "0" * 64}, {"id": "\0", "hash": "0" * 64}],
)
async def test_what_is_no_token_at_all_is_refused_too(desk: Desk, identity: Any) -> None:
    await desk.secret()
    sent = json.dumps({"inbox": desk.key, "identity": identity})
    answer = await desk.app.http.post("/visitors", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 401, 422), answer.text


async def test_an_inbox_can_ask_for_a_signature_and_renew_its_secret(desk: Desk) -> None:
    secret = await desk.secret(enforce=True)
    assert (await desk.begin(403))["code"] == "identity_required"
    await desk.begin(identity=desk.token(secret))
    kept = await desk.app.ask(ADMIN, "PUT", f"/inboxes/{desk.key}/identity", json={"enforce": True})
    assert "secret" not in kept
    renewed = await desk.secret(enforce=True, renew=True)
    await desk.begin(401, identity=desk.token(secret))
    await desk.begin(identity=desk.token(renewed))
    shown = await desk.app.ask(ADMIN, "GET", f"/inboxes/{desk.key}/identity")
    assert shown == {"made": True, "enforce": True}
    await desk.app.ask(ADMIN, "DELETE", f"/inboxes/{desk.key}/identity", 204)
    assert (await desk.begin(403, identity=desk.token(renewed)))["code"] == "identity_unknown"
    await desk.begin()


async def test_only_administrators_see_and_make_secrets(desk: Desk) -> None:
    await desk.app.ask(ANN, "GET", f"/inboxes/{desk.key}/identity", 403)
    await desk.app.ask(ANN, "PUT", f"/inboxes/{desk.key}/identity", 403, json={})
    await desk.app.ask(ADMIN, "GET", "/inboxes/nowhere/identity", 404)


async def test_operators_see_what_a_visitor_told(desk: Desk) -> None:
    await desk.app.ask(ADMIN, "PATCH", f"/inboxes/{desk.key}", json={"prechat": QUESTIONS})
    begun = await desk.begin(answers={"name": "Ada", "email": "ada@example.org", "terms": True})
    headers = {"Authorization": f"Bearer {begun['access_token']}"}
    desk.app.application.dependency_overrides.clear()
    opened = await desk.app.http.post(
        "/conversations", json={"kind": "support", "inbox": desk.key}, headers=headers
    )
    assert opened.status_code in (200, 201), opened.text
    path = f"/conversations/{opened.json()['id']}/visitor"
    assert (await desk.app.http.get(path, headers=headers)).status_code == 403
    operator = await desk.app.services.accounts.user(OPA)
    assert operator is not None
    pair = await desk.app.services.tokens.issue(operator)
    seen = await desk.app.http.get(path, headers={"Authorization": f"Bearer {pair.access}"})
    assert seen.json() == {
        "email": "ada@example.org",
        "answers": {"name": "Ada", "email": "ada@example.org", "terms": True},
        "verified": False,
        "subject": None,
    }


async def test_a_noisy_address_computes_something_before_it_begins_again(desk: Desk) -> None:
    limits = desk.app.services.limits
    limits.bounds["visitor_free"] = Bound(2, 60)
    for _ in range(2):
        await desk.begin()
    asked = await desk.begin(428)
    assert asked["code"] == "proof_needed"
    assert "Retry" not in asked["detail"]
    proof = {"challenge": asked["challenge"], "answer": solve(asked["challenge"], asked["bits"])}
    await desk.begin(proof=proof)
    again = await desk.begin(428, proof=proof)
    assert again["challenge"] != asked["challenge"]
    await desk.begin(428, proof={**proof, "answer": "0"})
    await desk.begin(400, proof={"challenge": "x", "answer": "nonsense"})


async def test_proofs_do_not_buy_more_than_the_limit_of_an_address_and_an_inbox(desk: Desk) -> None:
    limits = desk.app.services.limits
    limits.bounds["visitor_address"] = Bound(1, 60)
    await desk.begin()
    assert (await desk.begin(429))["limit"] == "visitor_address"
    del limits.bounds["visitor_address"]
    limits.bounds["visitor_inbox"] = Bound(2, 60)
    await desk.begin()
    refused = await desk.begin(429)
    assert refused["limit"] == "visitor_inbox"
    assert refused["retry_ms"] > 0
