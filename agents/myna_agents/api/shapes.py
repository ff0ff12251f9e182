"""What the agents' routes take."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from myna.api.forms import MAX_FIELDS, InputPart, Line
from myna.api.ids import IdText
from myna.wire import optional_id, stamp
from myna_agents.versions.bundles import Bundle, EvalCase

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
HeaderText = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,2000}$")]
Money = Annotated[float | None, Field(ge=0, le=1_000_000)]


class Shape(BaseModel):
    """Nothing but what is declared: a misspelt setting is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class GroupBody(Shape):
    """When it speaks in groups."""

    speak: Literal["addressed", "answerable"] = "addressed"
    quiet_s: float = Field(default=45.0, ge=0, le=3600)
    cool_down_s: float = Field(default=300.0, ge=0, le=86_400)
    least_confidence: float = Field(default=0.8, ge=0, le=1)
    reply: Literal["conversation", "thread", "whisper"] = "conversation"
    max_hops: int = Field(default=2, ge=0, le=20)


class HandoffBody(Shape):
    """When it must hand over."""

    anger: bool = True
    topics: list[Short] = Field(default_factory=list, max_length=200)
    value_limit: float | None = Field(default=None, ge=0, le=1e12)
    vips: list[IdText] = Field(default_factory=list, max_length=1_000)


class BudgetBody(Shape):
    """What its models may cost in a day of UTC."""

    day: Money = None
    customer_day: Money = None


class GateBody(Shape):
    """What the evaluation must reach."""

    least: float = Field(default=1.0, ge=0, le=1)


class HttpTool(Shape):
    """An action of the company's own API. `{argument}` may stand in the path; headers may name secrets as `{{name}}`."""

    kind: Literal["http"]
    name: ToolName
    description: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    parameters: dict[str, Any] = Field(description="JSON Schema of the arguments.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = Field(max_length=1_500)
    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict, max_length=20)
    effects: bool = False
    confirm: bool = True
    approve: bool = False
    who: Literal["anyone", "verified"] = "anyone"
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    retries: int = Field(default=1, ge=0, le=3)


class AllowedTool(Shape):
    """One tool of an MCP server that the agent may use."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    effects: bool = True
    confirm: bool = True
    approve: bool = False
    who: Literal["anyone", "verified"] = "verified"
    timeout_s: float = Field(default=10.0, gt=0, le=60)


class McpTool(Shape):
    """Tools of an MCP server, those of the allow-list alone."""

    kind: Literal["mcp"]
    name: ToolName
    address: str = Field(max_length=1_500, pattern=r"^https?://")
    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict, max_length=20)
    allow: list[AllowedTool] = Field(min_length=1, max_length=50)


class PluginTool(Shape):
    """A tool that a plugin brings: `GET /v1/plugins` names them under `tools`."""

    kind: Literal["plugin"]
    name: ToolName


class ScheduleTool(Shape):
    """Appointments within the opening hours of the inbox: `NAME_slots`, `NAME_book` and `NAME_cancel`."""

    kind: Literal["schedule"]
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,57}$")]
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    minutes: int = Field(default=30, ge=5, le=480, description="How long an appointment takes.")
    days: int = Field(default=14, ge=1, le=90, description="How far ahead.")
    places: int = Field(default=1, ge=1, le=100, description="How many customers can be served at once.")
    notice_minutes: int = Field(default=60, ge=0, le=10_080, description="How long before it must be made.")


class FormTool(Shape):
    """A form that the customer fills in. Without `url` operators get what they wrote, through the queue; with it, the company's
    own API, once."""

    kind: Literal["form"]
    name: ToolName
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    title: Line
    submit: Annotated[str, StringConstraints(max_length=200)] = ""
    fields: list[InputPart] = Field(min_length=1, max_length=MAX_FIELDS)
    words: list[Short] = Field(
        default_factory=list,
        max_length=50,
        description="Words and phrases that ask for the form, besides its title.",
    )
    url: str = Field(default="", max_length=1_500, pattern=r"^(https?://.*)?$")
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict, max_length=20)
    approve: bool = False
    who: Literal["anyone", "verified"] | None = Field(
        default=None, description="Left out: `verified` with `url`, otherwise `anyone`."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    retries: int = Field(default=1, ge=0, le=3)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [each.name for each in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        if self.approve and not self.url:
            raise ValueError("approve is for forms with a url: operators get the others anyway")
        return self


class TopicBody(Shape):
    """What another agent answers."""

    agent: IdText
    words: list[Short] = Field(min_length=1, max_length=200)


class BundleBody(Shape):
    """Everything that makes an agent answer as it does."""

    bases: list[IdText] = Field(default_factory=list, max_length=50)
    model: str = Field(default="", max_length=200)
    persona: str = Field(default="", max_length=8_000)
    aliases: list[Short] = Field(default_factory=list, max_length=20)
    languages: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(
        default=["en", "zh"], min_length=1, max_length=20
    )
    threshold: float | None = Field(default=None, ge=0, le=1)
    near_miss: float = Field(default=0.4, ge=0, le=1)
    misses_before_hand_off: int = Field(default=2, ge=1, le=10)
    group: GroupBody = Field(default_factory=GroupBody)
    handoff: HandoffBody = Field(default_factory=HandoffBody)
    budget: BudgetBody = Field(default_factory=BudgetBody)
    gate: GateBody = Field(default_factory=GateBody)
    tools: list[
        Annotated[HttpTool | McpTool | PluginTool | ScheduleTool | FormTool, Field(discriminator="kind")]
    ] = Field(default=[], max_length=20)
    topics: list[TopicBody] = Field(default=[], max_length=50)
    remember: bool = False
    mask: bool = False

    def stored(self) -> dict[str, Any]:
        """As the agent's row keeps it; a threshold that is not set is left out."""
        body = self.model_dump()
        if body["threshold"] is None:
            del body["threshold"]
        return body


class NewVersion(Shape):
    """A version of an agent. Without `body` it begins as a copy of the live one."""

    body: BundleBody | None = None
    note: str = Field(default="", max_length=500)


class Publish(Shape):
    """`override` is the reason to publish although the evaluation fails or is empty; it is kept with the version."""

    override: str | None = Field(default=None, min_length=3, max_length=500)


class NewCase(Shape):
    """A question with what must come of it."""

    question: Words
    expect: Literal["answer", "not_answer", "hand_off"] = "answer"
    holds: list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]] = (
        Field(default_factory=list, max_length=20)
    )


class Trial(Shape):
    """A question to try a version with."""

    question: Words


class ReplayBody(Shape):
    """Which turns to replay: the newest of these conversations, or of the agent's newest ones."""

    conversations: list[IdText] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=20, ge=1, le=100)


def bundle_object(bundle: Bundle, live: int) -> dict[str, Any]:
    """A version."""
    return {
        "number": bundle.number,
        "live": bundle.number == live,
        "body": dict(bundle.body),
        "note": bundle.note,
        "gate": None if bundle.gate is None else {**bundle.gate, "at": stamp(bundle.gate["at"])},
        "made_by": str(bundle.made_by),
        "created_at": stamp(bundle.created_at),
        "published_by": optional_id(bundle.published_by),
        "published_at": None if bundle.published_at is None else stamp(bundle.published_at),
    }


def case_object(case: EvalCase) -> dict[str, Any]:
    """A question of the evaluation set."""
    return {
        "id": str(case.id),
        "question": case.question,
        "expect": case.expect,
        "holds": list(case.holds),
        "created_at": stamp(case.created_at),
    }
