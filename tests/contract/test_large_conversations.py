"""A conversation of 100,000 members costs a sender what one of two does: no row of a member is read for others or written."""

import pytest
from sqlalchemy import insert, text

from myna.adapters.sql.tables import MemberRow, table
from myna.model import Ack
from support.planning import ANN, GROUP, WORKSPACE, say
from support.stores import Stores

MEMBERS = 100_000
REFUSE_WRITES = {
    "sqlite": [
        f"CREATE TRIGGER no_{verb} BEFORE {verb} ON member BEGIN SELECT RAISE(ABORT, 'a member row was written'); END"
        for verb in ("insert", "update", "delete")
    ],
    "postgres": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a member row was written'; END $$",
        "CREATE TRIGGER no_writes BEFORE INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}


@pytest.fixture
async def crowded(shop: Stores) -> Stores:
    """The group with 100,000 further members, in a database that refuses every write to a seat from now on."""
    row = {
        "conversation": GROUP,
        "role": "member",
        "from_seq": 1,
        "to_seq": None,
        "read_seq": 0,
        "joined_at": 0.0,
    }
    more = {column.name: column.default for column in table(MemberRow).columns if column.name not in row}
    known = {
        name: None if default is None else default.arg for name, default in more.items() if name != "user"
    }
    async with shop.database.write() as connection:
        for start in range(0, MEMBERS, 10_000):
            seats = [row | known | {"user": 1_000_000 + start + place} for place in range(10_000)]
            await connection.execute(insert(table(MemberRow)), seats)
        for statement in REFUSE_WRITES["sqlite" if shop.database.sqlite else "postgres"]:
            await connection.execute(text(statement))
    return shop


async def test_one_send_to_100_000_members_writes_no_member_row(crowded: Stores) -> None:
    before = await crowded.conversations.find(GROUP, WORKSPACE)
    assert before is not None
    done = await crowded.one(say(GROUP, ANN, "to-all"))
    assert isinstance(done, Ack)
    assert done.seq == before.seq + 1
    found = await crowded.log.messages(GROUP, floor=1, before=None, after=before.seq, limit=10)
    assert [each.client_id for each in found] == ["to-all"]
