"""Every table has a decision about what becomes of a person's rows, and exports and erasures of the whole program keep it."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, insert, select, update

from support import privacy_decisions as decided
from support.made_rows import MARK, made_up, subject, tables
from support.route_rights import Gate, gate


def words(text: str) -> set[str]:
    """The names of a block."""
    return set(text.split())


DECIDED = [words(each) for each in (decided.GONE, decided.BLANKED, decided.NUMBERS, decided.NOBODYS)]
GONE, BLANKED, NUMBERS, NOBODYS = DECIDED
EXPORTED = dict(line.split() for line in decided.EXPORTED.strip().splitlines())
PEOPLE, OTHERS = words(decided.PEOPLE), words(decided.OTHERS)
REAL = {
    "conversation",
    "event",
    "file",
    "message",
    "message_version",
    "search_document",
    "ticket",
    "turn",
    "users",
}
"""Filled by a visitor's own conversation; `message_version` and `file` are those of `test_privacy_api.py`."""


def test_every_table_has_one_decision() -> None:
    assert set().union(*DECIDED) == set(tables())
    assert sum(map(len, DECIDED)) == len(tables())
    assert set(EXPORTED) <= GONE | BLANKED | NUMBERS


def test_every_column_of_numbers_says_whether_it_names_a_person() -> None:
    named = {
        column.name
        for each in tables().values()
        for column in each.columns
        if isinstance(column.type, BigInteger)
    }
    assert named == PEOPLE | OTHERS
    assert not PEOPLE & OTHERS


def test_a_table_that_names_a_person_is_nobodys_only_by_mistake() -> None:
    wrong = {name for name in NOBODYS for column in tables()[name].columns if column.name in PEOPLE}
    # An agent's and a label of a team's rows name bots; bots are deleted, not erased.
    assert wrong == {"agent"}


@dataclass(slots=True)
class House:
    """The whole program with a visitor who said something."""

    gate: Gate
    victim: int
    place: int

    async def ask(self, asker: str, method: str, path: str, **content: Any) -> Any:
        """The JSON of an answer."""
        headers = {"Authorization": f"Bearer {self.gate.tokens[asker]}", **content.pop("headers", {})}
        answer = await self.gate.http.request(method, path, headers=headers, **content)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer

    async def job(self, task: str) -> Any:
        """The end of an export or erasure."""
        made = (await self.ask("owner", "POST", f"/v1/admin/users/{self.victim}/{task}")).json()
        jobs = self.gate.app.state.services.privacy.jobs
        while True:
            found = (await self.ask("owner", "GET", f"/v1/privacy/jobs/{made['id']}")).json()
            if found["state"] not in {"waiting", "running"}:
                assert found["state"] == "done", found
                return found
            await jobs.once()

    @property
    def database(self) -> Any:
        """The program's own."""
        return self.gate.app.state.services.privacy.store._database

    async def rows(self, name: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        return [dict(row._mapping) for row in await self.database.all(select(tables()[name]))]


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    async with gate(tmp_path, database_url) as made:
        begun = (await made.http.post("/v1/visitors", json={"inbox": "demo"})).json()
        made.tokens["victim"] = begun["access_token"]
        found = House(made, int(begun["user"]["id"]), 0)
        users = tables()["users"]
        async with found.database.write() as connection:
            await connection.execute(update(users).where(users.c.id == found.victim).values(name="Tea Pot"))
        asked = {"kind": "support", "inbox": "demo"}
        found.place = int((await found.ask("victim", "POST", "/v1/conversations", json=asked)).json()["id"])
        said = {"body": {"text": "I am called Tea Pot"}}
        path, once = f"/v1/conversations/{found.place}/messages", {"Idempotency-Key": "once"}
        await found.ask("victim", "POST", path, json=said, headers=once)
        yield found


async def test_an_export_and_an_erasure_reach_every_table(house: House) -> None:
    home = (await house.rows("ticket"))[0]["workspace"]
    rows_of_others = {name: len(await house.rows(name)) for name in NOBODYS}
    for name in sorted((GONE | BLANKED | set(EXPORTED) | {"import_job"}) - REAL - {"audit", "member"}):
        made = made_up(name, house.victim, house.place)
        if "workspace" in made:
            made["workspace"] = home
        async with house.database.write() as connection:
            await connection.execute(insert(tables()[name]).values(made))
    done = await house.job("export")
    content = (await house.ask("owner", "GET", f"/v1/privacy/jobs/{done['id']}/content")).content
    archive = zipfile.ZipFile(io.BytesIO(content))
    files = {each.removesuffix(".ndjson") for each in archive.namelist()}
    assert {EXPORTED[name] for name in EXPORTED if name not in {"audit", "file"}} <= files
    for each in archive.namelist():
        for line in archive.read(each).splitlines():
            assert not {"password", "secret", "digest", "public_key"} & set(json.loads(line)), each
    await house.job("erase")
    left = [(name, row) for name in tables() for row in await house.rows(name) if MARK in str(row)]
    assert left == []
    for name in GONE:
        about = subject(name)
        if about is not None:
            assert [row for row in await house.rows(name) if row[about] == house.victim] == [], name
    assert {name: len(await house.rows(name)) for name in NOBODYS} == rows_of_others
