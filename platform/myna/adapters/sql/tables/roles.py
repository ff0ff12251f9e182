"""Roles of a workspace's own."""

from sqlmodel import Field, SQLModel

from myna.adapters.sql.tables.columns import big, text


class CustomRoleRow(SQLModel, table=True):
    """A set of verbs with a name; `verbs` is JSON."""

    __tablename__ = "custom_role"
    id: int = Field(sa_column=big(primary=True))
    workspace: int = Field(sa_column=big(index=True))
    name: str = Field(sa_column=text())
    verbs: str = Field(sa_column=text())
