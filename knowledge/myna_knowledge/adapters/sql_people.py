"""What came into the knowledge base and with imports from people who are erased, on both databases."""

from collections.abc import Sequence

from sqlalchemy import Text, and_, cast, delete, literal, select, update

from myna.adapters.sql.database import Database
from myna.adapters.sql.tables.workspace import UserRow
from myna_knowledge.adapters.care_tables import GapRow, QuestionRow
from myna_knowledge.adapters.import_tables import ImportKeyRow, ImportReportRow, ImportRow
from myna_knowledge.adapters.tables import table

_question, _gap, _user = table(QuestionRow), table(GapRow), table(UserRow)
_job, _report, _key = table(ImportRow), table(ImportReportRow), table(ImportKeyRow)
NOBODY = "Deleted user"


class SqlQuestions:
    """See `myna_knowledge.people.Questions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, workspace: int, user: int, places: Sequence[int]) -> None:
        """Forget the questions of these conversations, and what reports of imports say of the person."""
        theirs = _question.c.conversation.in_(places)
        async with self._database.write() as connection:
            asked = (await connection.execute(select(_question.c.gap, _question.c.text).where(theirs))).all()
            await connection.execute(delete(_question).where(theirs))
            for gap in {row.gap for row in asked if row.gap is not None}:
                others = (
                    select(_question.c.text).where(_question.c.gap == gap).order_by(_question.c.turn).limit(1)
                )
                instead = (await connection.execute(others)).scalar()
                if instead is None:
                    await connection.execute(delete(_gap).where(_gap.c.id == gap))
                else:
                    said = {row.text for row in asked if row.gap == gap}
                    named = and_(_gap.c.id == gap, _gap.c.question.in_(said))
                    await connection.execute(update(_gap).where(named).values(question=instead))
            name = (await connection.execute(select(_user.c.name).where(_user.c.id == user))).scalar()
            own = and_(_key.c.workspace == workspace, _key.c.id == user)
            jobs = select(_job.c.id).where(_job.c.workspace == workspace)
            contact = and_(_report.c.kind == "contact", _report.c.key.in_(select(_key.c.key).where(own)))
            # Some systems know their contacts by address.
            nameless = literal("erased:").concat(cast(_report.c.number, Text))
            blank = update(_report).where(_report.c.job.in_(jobs))
            await connection.execute(blank.where(contact).values(title=NOBODY, detail="", key=nameless))
            talks = and_(_report.c.kind == "conversation", _report.c.title == name)
            await connection.execute(blank.where(talks).values(title=NOBODY, detail=""))
            await connection.execute(delete(_key).where(own))
