"""What a message says, as it comes over HTTP."""

from typing import Any

from pydantic import BaseModel, Field

from myna.api.ids import IdText


class Forward(BaseModel):
    """The message that is passed on."""

    conversation: IdText
    seq: int = Field(ge=1, lt=2**53)


class Body(BaseModel):
    """Text, files or a forwarded message, and who is called."""

    text: str = ""
    mentions: list[str] = Field(
        default_factory=list[str],
        max_length=50,
        description="User ids, or `all`.",
        examples=[["61234567890123"]],
    )
    files: list[IdText] = Field(default_factory=list[str], max_length=10)
    forward: Forward | None = None

    def given(self) -> dict[str, Any]:
        """What was given of it."""
        return self.model_dump(exclude_defaults=True) or {"text": ""}
