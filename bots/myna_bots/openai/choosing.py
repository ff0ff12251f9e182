"""What a client may ask for beside the messages: tools, their choice, the shape of the answer. Each refusal says why."""

from typing import Any, cast

from myna_bots.openai.errors import OpenAIError
from myna_bots.openai.shapes import ChatRequest, FunctionTool, ResponsesRequest

CHOICES = frozenset({"none", "auto", "required"})
JSON = frozenset({"json_object", "json_schema"})


def checked(asked: ChatRequest) -> ChatRequest:
    """The request, its tools narrowed to those that `tool_choice` allows.

    Raises:
        OpenAIError: it asks for what no agent gives, or contradicts itself.
    """
    if (asked.n or 1) > 1:
        raise OpenAIError("An agent has one answer; n must be 1.", param="n")
    if asked.stream_options is not None and not asked.stream:
        raise OpenAIError("stream_options is only for stream: true.", param="stream_options")
    for name in ("logprobs", "audio", "functions", "function_call", "web_search_options"):
        if getattr(asked, name):
            instead = "; use tools and tool_choice" if name.startswith("function") else ""
            raise OpenAIError(
                f"{name} is not offered here{instead}.", code="unsupported_parameter", param=name
            )
    if asked.modalities is not None and asked.modalities != ["text"]:
        raise OpenAIError("Agents answer in text only.", code="unsupported_parameter", param="modalities")
    if asked.response_format is not None:
        _require_format(asked.response_format)
    return _chosen(asked)


def wants_json(asked: ChatRequest) -> bool:
    """Whether the answer must be JSON."""
    return asked.response_format is not None and asked.response_format.get("type") in JSON


def _require_format(given: dict[str, Any]) -> None:
    kind = given.get("type")
    if kind not in JSON | {"text"}:
        raise OpenAIError(
            f"response_format.type is text, json_object or json_schema, not {kind!r}.",
            param="response_format",
        )
    schema = given.get("json_schema")
    if kind == "json_schema" and not (isinstance(schema, dict) and "name" in schema):
        raise OpenAIError("json_schema needs a name and a schema.", param="response_format.json_schema")


def _chosen(asked: ChatRequest) -> ChatRequest:
    choice = asked.tool_choice
    if choice is None:
        return asked
    if not asked.tools:
        # As OpenAI has it, except for the two that ask for nothing.
        if choice in {"none", "auto"}:
            return asked.model_copy(update={"tool_choice": None})
        raise OpenAIError("tool_choice is only for requests with tools.", param="tool_choice")
    names = [str(each.function.get("name")) for each in asked.tools]
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise OpenAIError(
                f"tool_choice is none, auto, required or a tool, not {choice!r}.", param="tool_choice"
            )
        return asked
    if choice.get("type") == "allowed_tools":
        allowed = cast("dict[str, Any]", choice.get("allowed_tools") or choice)
        wanted = {_named(each) for each in allowed.get("tools") or ()}
        kept = [each for each in asked.tools if each.function.get("name") in wanted]
        if not kept or allowed.get("mode", "auto") not in {"auto", "required"}:
            raise OpenAIError("allowed_tools names none of the tools, or no mode.", param="tool_choice")
        return asked.model_copy(update={"tools": kept, "tool_choice": allowed.get("mode", "auto")})
    if choice.get("type") != "function" or _named(choice) not in names:
        raise OpenAIError(f"tool_choice {_named(choice)!r} is none of the tools.", param="tool_choice")
    return asked


def _named(given: Any) -> str:
    """The function that a choice names, in the older shape or the newer one."""
    found = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    inside = found.get("function")
    return str((cast("dict[str, Any]", inside) if isinstance(inside, dict) else found).get("name", ""))


def chat_of(asked: ResponsesRequest, messages: list[Any]) -> ChatRequest:
    """A request of the newer kind as one of the older.

    Raises:
        OpenAIError: it wants something stored, or a tool that the server would have to bring.
    """
    for name in ("previous_response_id", "conversation", "background", "prompt"):
        if getattr(asked, name):
            why = (
                "Responses are not stored; send the whole history."
                if name != "prompt"
                else "There are no prompts here."
            )
            raise OpenAIError(why, code="unsupported_parameter", param=name)
    tools: list[FunctionTool] = []
    for each in asked.tools or ():
        if each.get("type") != "function":
            raise OpenAIError(
                f"Tools of the type {each.get('type')!r} are not offered here.",
                code="unsupported_parameter",
                param="tools",
            )
        tools.append(
            FunctionTool(type="function", function={key: each[key] for key in each if key != "type"})
        )
    return checked(
        ChatRequest(
            model=asked.model,
            messages=messages,
            tools=tools or None,
            tool_choice=_older(asked.tool_choice),
            parallel_tool_calls=asked.parallel_tool_calls,
            temperature=asked.temperature,
            top_p=asked.top_p,
            max_completion_tokens=asked.max_output_tokens,
            response_format=_format(asked.text),
            reasoning_effort=(asked.reasoning or {}).get("effort"),
        )
    )


def _older(given: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
    """The newer shape of a chosen function as the older one."""
    if isinstance(given, dict) and given.get("type") == "function" and "name" in given:
        return {"type": "function", "function": {"name": given["name"]}}
    return given


def _format(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """`text.format` as `response_format`."""
    found = cast("Any", (given or {}).get("format"))
    if not isinstance(found, dict):
        return None
    asked = cast("dict[str, Any]", found)
    if asked.get("type") != "json_schema":
        return {"type": asked.get("type")}
    return {"type": "json_schema", "json_schema": {key: asked[key] for key in asked if key != "type"}}
