"""How PostgreSQL finds what a commit reads."""

import asyncpg
import pytest

from myna.adapters.sql.log.postgres import SET
from myna.adapters.sql.log.statements import statements

TEXTS = statements(sqlite_driver=False)
KEYS = {"seen": '[[1, 2, "a"]]', "members": "[[1, 2]]", "conversations": "[[1]]"}


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("name", KEYS)
async def test_a_commit_reads_by_keys_however_empty_the_tables_were_when_it_was_planned(
    postgres_url: str, name: str
) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        for setting, value in SET.items():
            await connection.execute(f"SET {setting} = {value}")
        rows = await connection.fetch(f"EXPLAIN {getattr(TEXTS, name)}", KEYS[name])
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Index" in plan
    assert "Seq Scan" not in plan
    assert "Hash Join" not in plan
