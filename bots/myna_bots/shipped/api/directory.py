"""A directory of a workspace's bots with what they can do, for whoever looks for one."""

from typing import Any

from fastapi import APIRouter

from myna.api.principal import Asker
from myna.rights import Verb, require
from myna_bots.api.who import Platform


class BotDirectory:
    """A plugin with the hook `routes`."""

    def routes(self) -> APIRouter:
        """`GET /plugins/directory/bots`."""
        router = APIRouter(tags=["plugins"])

        @router.get("/bots", summary="The bots of my workspace with their commands")
        async def bots(asker: Asker, platform: Platform) -> dict[str, Any]:
            """For members of the workspace."""
            require(asker, Verb.OPEN_GROUP)
            return {
                "bots": [
                    {
                        "id": str(each.user),
                        "name": each.name,
                        "handle": each.handle,
                        "description": each.description,
                        "commands": each.settings.get("commands", []),
                    }
                    for each in await platform.store.bots(asker.workspace)
                ]
            }

        return router
