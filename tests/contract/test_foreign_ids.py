"""Every id that a route takes, of things that exist, shown by an owner of another workspace and by another visitor of this."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from support.made_rows import MARK, made_up, tables
from support.route_rights import ENDLESS, FOREIGN, Gate, gate

ROWS = {
    "alert": "alert",
    "application": "application",
    "appointment": "agent_appointment",
    "approval": "agent_approval",
    "case": "agent_case",
    "chunk": "kb_chunk",
    "device": "sign_in",
    "file": "file",
    "finding": "kb_finding",
    "gap": "kb_gap",
    "guided": "agent_guidance",
    "held": "held",
    "hook": "bot_hook",
    "invitation": "invitation",
    "invite": "invite",
    "item": "desk_item",
    "linked": "linked_identity",
    "listing": "filter_listing",
    "mark": "agent_mark",
    "note": "note",
    "passkey": "passkey",
    "provider": "provider",
    "reply": "prepared_reply",
    "role": "custom_role",
    "scheduled": "scheduled",
    "team": "desk_team",
    "token": "bot_token",
    "view": "saved_view",
}
"""What each id in a path is of."""
JOBS = ("privacy_job", "kb_job", "import_job")
"""`job` stands for one of these, by the rest of the path."""
SAME = {"label": "item", "macro": "item"}
ELSEWHERE = {"number", "event", "code", "secret", "space", "model", "kind", "place", "emoji", "special"}
"""No ids: words, and counts within something whose id stands before."""
TAKES_A_SECRET = re.compile(r"/hooks/|/invites/")
"""Whoever knows the secret in the path is let in, from wherever they are."""
OTHER = "other visitor"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Gate]:
    async with gate(tmp_path) as made:
        database = made.app.state.services.privacy.store._database
        owner = int((await _asked(made, "owner", "/v1/me"))["user"]["id"])
        home = int((await _asked(made, "owner", "/v1/me"))["workspace"]["id"])
        base, bot, agent = (int(made.things[each]) for each in ("kb", "bot", "agent"))
        place = int(made.things["conversation"])
        known = {"workspace": home, "base": base, "bot": bot, "agent": agent, "conversation": place}
        async with database.write() as connection:
            for name in [*ROWS.values(), *JOBS]:
                row = made_up(name, owner, place)
                row |= {key: value for key, value in known.items() if key in row}
                words = {
                    key: MARK
                    for key, value in row.items()
                    if value == "x" and key in {"name", "title", "text", "error"}
                }
                if name in JOBS:
                    row["id"] = 4711
                await connection.execute(insert(tables()[name]).values(row | words))
                for param, table in ROWS.items():
                    if table == name:
                        made.things[param] = str(row["id"])
        made.things |= {each: made.things[known] for each, known in SAME.items()} | {"job": "4711"}
        begun = (await made.http.post("/v1/visitors", json={"inbox": "demo"})).json()
        made.tokens[OTHER] = begun["access_token"]
        yield made


async def _asked(gate: Gate, asker: str, path: str) -> Any:
    answer = await gate.http.get(path, headers={"Authorization": f"Bearer {gate.tokens[asker]}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rows_of(gate: Gate) -> dict[str, list[dict[str, Any]]]:
    """All rows of what was made up."""
    database = gate.app.state.services.privacy.store._database
    return {
        name: [dict(row._mapping) for row in await database.all(select(tables()[name]))]
        for name in {
            *ROWS.values(),
            *JOBS,
            "conversation",
            "message",
            "ticket",
            "agent",
            "bot",
            "kb_base",
            "users",
        }
    }


async def test_nobody_reads_or_changes_what_is_not_theirs(shop: Gate) -> None:
    named = {each for route in shop.app.openapi()["paths"] for each in re.findall(r"{(\w+)}", route)}
    assert named <= set(shop.things) | ELSEWHERE
    before, wrong = await rows_of(shop), list[str]()
    routes = [route for route in shop.routes() if "{" in route.name and route.name not in ENDLESS]
    for route in routes:
        if TAKES_A_SECRET.search(route.name):
            continue
        for asker in (FOREIGN, OTHER):
            headers = {**route.content.get("headers", {}), "Authorization": f"Bearer {shop.tokens[asker]}"}
            content = {**route.content, "headers": headers}
            answer = await shop.http.request(route.method, route.path, **content)
            if MARK in answer.text or answer.status_code >= 500:
                wrong.append(f"{asker}: {route.name} answers {answer.status_code} {answer.text[:200]}")
    after = await rows_of(shop)
    for name, rows in before.items():
        wrong += [f"{name} changed: {row}" for row in rows if row not in after[name]]
    assert not wrong, "\n".join(wrong)
