"""A conversation of 100,000 members costs a sender what one of two does: no row of a member is read for others or written."""

import pytest
from sqlalchemy import insert, text

from myna.adapters.sql.rows.core import member_row
from myna.adapters.sql.statement_texts import columns_of
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.tables.conversations import MemberRow
from myna.model.conversation import Member, MemberRole
from myna.model.message import Ack
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
    names = columns_of(MemberRow)
    async with shop.database.write() as connection:
        for start in range(1_000_000, 1_000_000 + MEMBERS, 10_000):
            seats = [Member(GROUP, user, MemberRole.MEMBER) for user in range(start, start + 10_000)]
            rows = [dict(zip(names, member_row(seat), strict=True)) for seat in seats]
            await connection.execute(insert(table(MemberRow)), rows)
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
