"""What a client of OpenAI's API may ask for, and where an answer is cut; and whom a question is addressed to."""

from typing import Any

import pytest

from myna_bots.host.hearing import unaddressed
from myna_bots.openai.choosing import chat_of, checked, wants_json
from myna_bots.openai.cutting import Cutter
from myna_bots.openai.errors import OpenAIError
from myna_bots.openai.shapes import ChatRequest, ResponsesRequest, messages_of

ASK = {"role": "user", "content": "hi"}


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {}}}


def asked(**given: Any) -> ChatRequest:
    return ChatRequest.model_validate({"model": "myna", "messages": [ASK], **given})


@pytest.mark.parametrize(
    ("stops", "most", "pieces", "shown", "finish"),
    [
        ([], None, ["Hello", " you"], "Hello you", None),
        (["END"], None, ["Hello E", "ND you"], "Hello ", "stop"),
        (["END"], None, ["Hello E", "N"], "Hello EN", None),
        (["b", "ab"], None, ["xa", "b"], "x", "stop"),
        ([], 2, ["12345", "6789"], "12345678", "length"),
        ([], 1, ["ééé"], "éé", "length"),
        ([], 1, ["é語"], "é", "length"),
        (["4"], 1, ["12345678"], "123", "stop"),
        (["9"], 1, ["123456789"], "1234", "length"),
    ],
)
def test_an_answer_ends_at_the_first_stop_or_after_its_tokens(
    stops: list[str], most: int | None, pieces: list[str], shown: str, finish: str | None
) -> None:
    cutter = Cutter(stops, most)
    said = "".join(cutter.feed(each) for each in pieces) + cutter.rest()
    assert (said, cutter.finish) == (shown, finish)
    if finish is not None:
        assert cutter.feed("more") == cutter.rest() == ""


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"n": 2}, "n"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"logprobs": True}, "logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"functions": [{"name": "x"}]}, "functions"),
        ({"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [tool("a")], "tool_choice": "any"}, "tool_choice"),
        (
            {"tools": [tool("a")], "tool_choice": {"type": "function", "function": {"name": "b"}}},
            "tool_choice",
        ),
        ({"tools": [tool("a")], "tool_choice": {"type": "custom", "custom": {"name": "a"}}}, "tool_choice"),
        (
            {"tools": [tool("a")], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
            "tool_choice",
        ),
    ],
)
def test_what_no_agent_gives_is_refused_by_its_name(given: dict[str, Any], param: str) -> None:
    with pytest.raises(OpenAIError) as refused:
        checked(asked(**given))
    assert (refused.value.status, refused.value.param) == (400, param)


def test_what_changes_nothing_is_taken() -> None:
    new = {"seed": 7, "user": "u", "store": True, "metadata": {}, "service_tier": "auto", "verbosity": "low"}
    given = {"logprobs": False, "modalities": ["text"], "tool_choice": "auto", "prompt_cache_key": "k"}
    found = checked(asked(**new, **given, stream=True, stream_options={"include_obfuscation": False}))
    assert (found.tool_choice, found.stream, wants_json(found)) == (None, True, False)
    assert asked(max_tokens=5, max_completion_tokens=7).most_tokens() == 7
    assert asked(stop="x").stops() == ["x"]
    for wrong in ({"stop": [""]}, {"stop": ["a"] * 5}, {"max_completion_tokens": 0}, {"top_p": 2}):
        with pytest.raises(ValueError, match="1 validation error"):
            asked(**wrong)


def test_allowed_tools_narrow_the_tools() -> None:
    named = [{"type": "function", "function": {"name": "b"}}, {"type": "function", "name": "c"}]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": named}}
    found = checked(asked(tools=[tool("a"), tool("b"), tool("c")], tool_choice=choice))
    assert [each.function["name"] for each in found.tools or ()] == ["b", "c"]
    assert found.tool_choice == "required"


def test_a_request_of_the_newer_kind_means_the_same() -> None:
    schema = {"type": "json_schema", "name": "Order", "schema": {"type": "object"}, "strict": True}
    request = ResponsesRequest.model_validate(
        {
            "model": "myna",
            "input": "hi",
            "max_output_tokens": 9,
            "text": {"format": schema},
            "reasoning": {"effort": "low"},
            "tools": [{"type": "function", "name": "a", "parameters": {}}],
            "tool_choice": {"type": "function", "name": "a"},
        }
    )
    found = chat_of(request, messages_of(request))
    assert (found.most_tokens(), found.reasoning_effort, wants_json(found)) == (9, "low", True)
    assert found.response_format is not None
    assert found.response_format["json_schema"]["name"] == "Order"
    assert found.tool_choice == {"type": "function", "function": {"name": "a"}}
    refused: list[dict[str, Any]] = [
        {"tools": [{"type": "web_search"}]},
        {"background": True},
        {"conversation": "conv_1"},
        {"prompt": {"id": "p"}},
        {"previous_response_id": "resp_1"},
        {"text": {"format": {"type": "grammar"}}},
    ]
    for given in refused:
        request = ResponsesRequest.model_validate({"model": "myna", "input": "hi", **given})
        with pytest.raises(OpenAIError) as wrong:
            chat_of(request, messages_of(request))
        assert wrong.value.param


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@shop_bot how long?", "how long?"),
        ("hey @Shop_Bot, how long?", "hey , how long?"),
        ("@shop_bot: how long?", "how long?"),
        ("@shop_bots how long?", "@shop_bots how long?"),
        ("me@shop_bot how long?", "me@shop_bot how long?"),
        ("@shop_bot", "@shop_bot"),
    ],
)
def test_whom_a_question_is_put_to_is_no_part_of_it(text: str, left: str) -> None:
    assert unaddressed(text, "shop_bot") == left
    assert unaddressed(text, None) == text
