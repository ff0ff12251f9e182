"""Which platform serves a request, and which bot asks."""

from typing import Annotated, cast

from fastapi import Depends, Request

from myna.api.principal import Asker
from myna.errors import Forbidden
from myna.rights import Principal
from myna_bots.host.platform import BotPlatform


def platform(request: Request) -> BotPlatform:
    """The bot platform of this process."""
    return cast(BotPlatform, request.app.state.bots)


async def bot(asker: Asker) -> Principal:
    """The bot whose key the request carries.

    Raises:
        Forbidden: the token is a person's.
    """
    if asker.scopes is None:
        raise Forbidden("This is for bots: send a bot's key as the bearer token.", code="not_a_bot")
    return asker


async def _platform(request: Request) -> BotPlatform:
    return platform(request)


Platform = Annotated[BotPlatform, Depends(_platform)]
BotAsker = Annotated[Principal, Depends(bot)]
