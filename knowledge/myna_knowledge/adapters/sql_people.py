"""Questions of people who are erased, on both databases."""

from collections.abc import Sequence

from sqlalchemy import delete

from myna.adapters.sql.database import Database
from myna_knowledge.adapters.care_tables import QuestionRow
from myna_knowledge.adapters.tables import table

_question = table(QuestionRow)


class SqlQuestions:
    """See `myna_knowledge.people.Questions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, places: Sequence[int]) -> None:
        """Forget the questions of these conversations."""
        if places:
            async with self._database.write() as connection:
                await connection.execute(delete(_question).where(_question.c.conversation.in_(places)))
