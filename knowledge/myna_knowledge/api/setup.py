"""The first step of a new workspace over HTTP: a knowledge base, an agent that answers from it, an inbox for its chat."""

import re
import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from myna.api.at_hand import at_hand
from myna.api.principal import Asker, Core
from myna.errors import Conflict
from myna.ids import new_id
from myna.model.workspace import Inbox, User, UserKind
from myna.rights import Verb, require
from myna_knowledge.library import Library

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class Setup(BaseModel):
    """Whose service desk this will be, and what its agent is called."""

    name: Name
    agent: Name = "Myna"


def router(opened: Callable[[], Library]) -> APIRouter:
    """The setup route over the library that is open when a request comes."""
    routes = APIRouter()
    shelf = at_hand(opened)

    @routes.post("/setup", status_code=201, summary="Set up a first service desk")
    async def set_up(asked: Setup, who: Asker, core: Core, library: Library = shelf) -> dict[str, Any]:
        """For administrators of a workspace that has no inbox yet; 409 when it has one.

        The inbox comes last, so a setup that was cut off is simply done again.
        """
        require(who, Verb.ADMINISTER)
        if await core.accounts.inboxes(who.workspace):
            raise Conflict("This workspace is set up already.", code="already_set_up")
        base = await library.create_base(who.workspace, asked.name)
        handle = f"{slug(asked.agent)}-{secrets.token_hex(2)}"
        agent = User(new_id(), who.workspace, UserKind.BOT, asked.agent, handle, agent=True)
        await core.accounts.add_agent(agent.id, agent.workspace, [base.id], {})
        await core.accounts.add_user(agent)
        key = slug(asked.name)
        if await core.accounts.inbox_by_key(key) is not None:
            key = f"{key}-{secrets.token_hex(3)}"
        greeting = {
            "en": f"Hi, I'm {asked.agent}. Ask me anything about {asked.name}; say so if you prefer a person.",
            "zh": f"您好，我是 {asked.agent}。关于 {asked.name} 的问题都可以问我；想找人工，说一声就行。",
        }
        inbox = Inbox(
            new_id(),
            who.workspace,
            key,
            asked.name,
            agent.id,
            texts={"greeting": greeting, "suggestions": {}},
        )
        await core.accounts.add_inbox(inbox)
        return {"inbox": key, "base": str(base.id), "agent": str(agent.id)}

    return routes


def slug(name: str) -> str:
    """A key for addresses: lower case letters and digits of the name, or `desk` where there are none."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "desk"
