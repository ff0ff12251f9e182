"""The stores on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_world import World, world
from support.openai_provider import Provider, openai_provider
from support.stores import Stores, stores


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Stores]:
    """A shop with people and three conversations; the test runs once on each database."""
    async with stores(database_url) as made:
        yield made


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The core with its routes; the test runs once on each database."""
    async with world(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """A server that speaks the OpenAI protocol and plays what the test says."""
    async with openai_provider() as made:
        yield made
