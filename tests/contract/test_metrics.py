"""Counts and times over `/metrics`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.api_world import ANN, GROUP, World, world
from support.words_filter import Words

TOKEN = {"Authorization": "Bearer 1234-5678"}


@pytest.fixture
async def counted(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database_url, tmp_path, moderator=Words(), metrics_token="1234-5678") as made:
        yield made


async def read(app: World) -> dict[tuple[str, str], float]:
    answer = await app.http.get("http://myna/metrics", headers=TOKEN)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_verdicts_failures_and_times_are_counted(counted: World) -> None:
    await counted.say(ANN, GROUP, "one", "hello")
    await counted.say(ANN, GROUP, "two", "hello again")
    await counted.say(ANN, GROUP, "three", "please break")
    await counted.say(ANN, GROUP, "four", "spam", status=202)
    found = await read(counted)
    assert found["myna_moderation_verdicts_total", "allow"] == 2
    assert found["myna_moderation_verdicts_total", "hold"] == 1
    assert found["myna_moderation_verdicts_total", "block"] == 0
    assert found["myna_moderation_failures_total", "error"] == 1
    assert found["myna_moderation_seconds_count", ""] == 3
    assert found["myna_moderation_seconds_bucket", "+Inf"] == 3
    assert found["myna_moderation_seconds_sum", ""] > 0


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer 1234"}, {"Authorization": "1234-5678"}])
async def test_metrics_need_their_token(counted: World, sent: dict[str, str]) -> None:
    assert (await counted.http.get("http://myna/metrics", headers=sent)).status_code == 401


async def test_without_a_token_there_are_no_metrics(database_url: str, tmp_path: Path) -> None:
    async with world(database_url, tmp_path) as made:
        assert (await made.http.get("http://myna/metrics", headers=TOKEN)).status_code == 404
