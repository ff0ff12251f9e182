"""The stores on each database."""

from collections.abc import AsyncIterator

import pytest

from support.stores import Stores, stores


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Stores]:
    """A shop with people and three conversations; the test runs once on each database."""
    async with stores(database_url) as made:
        yield made
