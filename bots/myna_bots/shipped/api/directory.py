"""A directory of a workspace's bots with what they can do, for whoever looks for one."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from myna.api.principal import Asker
from myna.rights import Verb, require
from myna_bots.api.who import Platform
from myna_bots.plugged import Place


class BotsHere:
    """A panel: the bots of a conversation and what they can be told to do."""

    name = "bots"

    async def show(self, place: Place) -> Mapping[str, Any] | None:
        """A line for each bot; nothing where there is none."""
        store, directory = place.platform.store, place.platform.services.directory
        shown = await directory.one(place.asker, place.conversation)
        present = {int(each["user"]["id"]) for each in shown["members"]}
        found = [each for each in await store.bots(place.asker.workspace) if each.user in present]
        fields = [
            {
                "label": each.name[:200],
                "value": " ".join(f"/{one['name']}" for one in each.settings.get("commands", []))
                or each.description
                or f"@{each.handle}",
            }
            for each in found[:25]
        ]
        return {"title": "Bots", "fields": fields} if fields else None


class BotDirectory:
    """A plugin with the hooks `routes` and `panels`."""

    def panels(self) -> Sequence[BotsHere]:
        """`bots`."""
        return [BotsHere()]

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
