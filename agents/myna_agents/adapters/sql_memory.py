"""What customers let agents remember, on both databases."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.columns import table
from myna.adapters.sql.upserts import upserting
from myna_agents.adapters.tables import ConsentRow, FactRow
from myna_agents.memory import Fact

_fact, _consent = table(FactRow), table(ConsentRow)


class SqlMemory:
    """`Memory` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def consent(self, customer: int) -> bool | None:
        """Whether the customer agreed; None when they were never asked."""
        async with self._database.read() as connection:
            found = await connection.execute(select(_consent.c.given).where(_consent.c.customer == customer))
            return found.scalar_one_or_none()

    async def set_consent(self, customer: int, workspace: int, given: bool, at: float) -> None:
        """Keep what the customer said; taking it back erases every fact in the same transaction."""
        values = {"customer": customer, "workspace": workspace, "given": given, "at": at}
        put = upserting(_consent, sqlite_driver=self._database.sqlite, but={"workspace"}).values(values)
        async with self._database.write() as connection:
            await connection.execute(put)
            if not given:
                await connection.execute(delete(_fact).where(_fact.c.customer == customer))

    async def facts(self, customer: int, workspace: int, now: float) -> list[Fact]:
        """What is remembered and has not expired; expired facts are erased when they are met."""
        mine = (_fact.c.customer == customer, _fact.c.workspace == workspace)
        async with self._database.read() as connection:
            found = (await connection.execute(select(_fact).where(*mine).order_by(_fact.c.name))).all()
        if any(row.expires_at <= now for row in found):
            async with self._database.write() as connection:
                await connection.execute(delete(_fact).where(_fact.c.expires_at <= now))
        return [
            Fact(
                row.customer,
                row.workspace,
                row.name,
                row.value,
                row.conversation,
                row.seq,
                row.at,
                row.expires_at,
            )
            for row in found
            if row.expires_at > now
        ]

    async def remember(self, facts: Sequence[Fact]) -> int:
        """Store facts of customers who agreed; consent is looked at in the same transaction."""
        stored = 0
        async with self._database.write() as connection:
            for each in facts:
                agreed = (
                    select(_consent.c.given).where(_consent.c.customer == each.customer).with_for_update()
                )
                if not (await connection.execute(agreed)).scalar_one_or_none():
                    continue
                values = {name: getattr(each, name) for name in Fact.__slots__}
                put = upserting(_fact, sqlite_driver=self._database.sqlite, keys=("customer", "name"))
                await connection.execute(put.values(values))
                stored += 1
        return stored

    async def forget(self, customer: int, workspace: int, name: str | None) -> int:
        """Erase one fact or all; how many there were."""
        which = [_fact.c.customer == customer, _fact.c.workspace == workspace]
        if name is not None:
            which.append(_fact.c.name == name)
        async with self._database.write() as connection:
            return (await connection.execute(delete(_fact).where(*which))).rowcount
