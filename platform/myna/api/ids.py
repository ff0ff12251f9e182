"""Ids in paths and bodies: decimal strings on the wire, integers inside."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, Field, StringConstraints

MAX_ID = 2**53


def _number(text: str) -> str:
    if int(text) >= MAX_ID:
        raise ValueError("must be below 2^53")
    return text


IdText = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,15}$"),
    AfterValidator(_number),
    Field(examples=["61234567890123"]),
]
ConversationPath = Annotated[int, Path(ge=1, lt=MAX_ID, description="The conversation's id.")]
IdPath = Annotated[int, Path(ge=1, lt=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[int | None, Query(ge=0, lt=MAX_ID)]
