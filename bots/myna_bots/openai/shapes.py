"""What clients send, as far as it is understood here. Unknown fields change nothing, so that newer clients can talk to it."""

from typing import Any, Literal, cast

from pydantic import BaseModel, Field, field_validator

from myna_bots.openai.dialogue import Line
from myna_bots.openai.errors import OpenAIError

MAX_MESSAGES = 500
MAX_TEXT_CHARS = 200_000
MAX_STOPS, MAX_STOP_CHARS = 4, 256


class ToolCallFunction(BaseModel):
    """A call that the model had made."""

    name: str = Field(max_length=128)
    arguments: str = Field(default="", max_length=MAX_TEXT_CHARS)


class ToolCallPart(BaseModel):
    """The same with its id."""

    id: str = Field(max_length=256)
    type: Literal["function"] = "function"
    function: ToolCallFunction


class ChatMessage(BaseModel):
    """One message of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    name: str | None = Field(default=None, max_length=128)
    tool_calls: list[ToolCallPart] | None = None
    tool_call_id: str | None = Field(default=None, max_length=256)

    def text(self) -> str:
        """What it says; of several parts, the texts."""
        return text_of(self.content)


class FunctionTool(BaseModel):
    """A tool of the client's."""

    type: Literal["function"]
    function: dict[str, Any]


class StreamOptions(BaseModel):
    """What a stream carries."""

    include_usage: bool = False
    include_obfuscation: bool = False
    """Taken and without effect: pieces of an answer are of any length already."""


class ChatRequest(BaseModel):
    """`POST /v1/chat/completions`."""

    model: str = Field(min_length=1, max_length=128)
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(default=None, ge=1, le=128)
    tools: list[FunctionTool] | None = Field(default=None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    top_p: float | None = Field(default=None, ge=0, le=1)
    stop: str | list[str] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = Field(default=None, max_length=32)
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    audio: dict[str, Any] | None = None
    functions: list[Any] | None = None
    function_call: Any = None
    web_search_options: dict[str, Any] | None = None

    @field_validator("stop")
    @classmethod
    def _few_stops(cls, given: str | list[str] | None) -> str | list[str] | None:
        found = [given] if isinstance(given, str) else given or []
        if len(found) > MAX_STOPS or not all(0 < len(each) <= MAX_STOP_CHARS for each in found):
            raise ValueError(f"stop has at most {MAX_STOPS} texts of 1 to {MAX_STOP_CHARS} characters")
        return given

    def stops(self) -> list[str]:
        """Where the answer ends before its text does."""
        return [self.stop] if isinstance(self.stop, str) else list(self.stop or ())

    def most_tokens(self) -> int | None:
        """How long the answer may be; the newer of the two names counts."""
        return self.max_completion_tokens or self.max_tokens


class ResponsesRequest(BaseModel):
    """`POST /v1/responses`."""

    model: str = Field(min_length=1, max_length=128)
    input: str | list[dict[str, Any]]
    instructions: str | None = Field(default=None, max_length=MAX_TEXT_CHARS)
    stream: bool = False
    tools: list[dict[str, Any]] | None = Field(default=None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_output_tokens: int | None = Field(default=None, ge=1)
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    background: bool | None = None
    prompt: dict[str, Any] | None = None


def text_of(content: Any) -> str:
    """The text of a content: a string, or parts of which the textual ones count.

    Raises:
        OpenAIError: it holds what an agent cannot read.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return _checked(content)
    if not isinstance(content, list):
        raise OpenAIError("content must be a string or an array of parts.", param="messages")
    texts: list[str] = []
    for each in cast("list[object]", content):
        part = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
        if part.get("type") not in {"text", "input_text", "output_text", "refusal"}:
            kind = part.get("type")
            raise OpenAIError(
                f"Agents read text only, not {kind!r}.", code="unsupported_content", param="messages"
            )
        texts.append(_checked(str(part.get("text") or part.get("refusal") or "")))
    return "\n".join(texts)


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise OpenAIError(f"A message has at most {MAX_TEXT_CHARS} characters.", param="messages")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise OpenAIError("A message holds an unpaired surrogate.", param="messages") from None
    return text.replace("\x00", "")


def lines_of(messages: list[ChatMessage]) -> list[Line]:
    """The history as an agent reads it; what the system says is the client's wish, not part of the talk.

    Raises:
        OpenAIError: the last word is not the user's.
    """
    made = [Line(each.role, each.text()) for each in messages if each.role in {"user", "assistant"}]
    made = [each for each in made if each.text.strip()]
    if not made or made[-1].role != "user":
        raise OpenAIError("The last message must be the user's.", param="messages")
    return made


def messages_of(asked: ResponsesRequest) -> list[ChatMessage]:
    """A request of the newer kind as messages."""
    found: list[ChatMessage] = []
    if asked.instructions:
        found.append(ChatMessage(role="system", content=asked.instructions))
    if isinstance(asked.input, str):
        return [*found, ChatMessage(role="user", content=asked.input)]
    for item in asked.input:
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") in {"user", "assistant", "system", "developer"}:
            found.append(ChatMessage(role=item["role"], content=text_of(item.get("content"))))
        elif kind == "function_call":
            call = ToolCallPart(
                id=str(item.get("call_id")),
                function=ToolCallFunction(
                    name=str(item.get("name")), arguments=str(item.get("arguments") or "")
                ),
            )
            found.append(ChatMessage(role="assistant", tool_calls=[call]))
        elif kind == "function_call_output":
            found.append(
                ChatMessage(
                    role="tool", content=text_of(item.get("output")), tool_call_id=str(item.get("call_id"))
                )
            )
        elif kind != "reasoning":
            raise OpenAIError(f"Input items of the type {kind!r} are not understood.", param="input")
    return found


def tokens(text: str) -> int:
    """About how many tokens a text has: four bytes each, as tokenizers of common models have on average."""
    return -(-len(text.encode()) // 4)
