"""Methods that run a group: who is in it and what it is called."""

import time
from dataclasses import replace
from typing import Any

from myna_bots.host.model import Installation, Privacy
from myna_bots.telegram.call import Call, method
from myna_bots.telegram.errors import bad


@method("leaveChat")
async def leave(call: Call) -> Any:
    """The bot hears and says nothing there any more, until somebody installs it again."""
    chat = await call.chat()
    if chat.other is not None:
        raise bad("chat member status can't be changed in private chats")
    now = time.time()
    store, place = call.platform.store, chat.place.id
    known = await store.installation(place, call.bot.user)
    before = known or Installation(place, call.bot.user, frozenset(), Privacy.MENTIONS, None, now)
    await store.install(replace(before, removed_at=now))
    return True
