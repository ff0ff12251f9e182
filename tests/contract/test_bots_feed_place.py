"""How far the bots' feed has passed the log is stored once, whoever passes it, on both databases."""

from myna_bots.adapters.sql_feed import SqlBotLog
from support.stores import Stores


async def test_the_place_in_the_log_moves_from_where_it_is_and_from_nowhere_else(shop: Stores) -> None:
    log = SqlBotLog(shop.database)
    place = await log.fed()
    assert await log.feed(place, place + 7, []) == []
    assert await log.feed(place, place + 9, []) is None
    assert await log.fed() == place + 7


async def test_what_no_bot_hears_is_passed_to_its_end(shop: Stores) -> None:
    log = SqlBotLog(shop.database)
    (head, _), place = await shop.log.head(), 0
    silent: set[int] = set()
    while place < head:
        heard, reached, found = await log.unheard(place, 100)
        assert heard == []
        assert reached > place
        place, silent = reached, silent | found
    assert silent
