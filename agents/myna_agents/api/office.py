"""The office of this process, and the agent that a path names."""

from typing import Annotated

from fastapi import Depends, Request

from myna.api.ids import IdPath
from myna.api.principal import Asker, Core
from myna.errors import NotFound
from myna.model.ticket import Ticket
from myna.model.workspace import User
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna_agents.agent import AgentProfile, profile_of
from myna_agents.opening import Office


async def office(request: Request) -> Office:
    """The office that the application was given."""
    found = request.app.state.office
    assert isinstance(found, Office)
    return found


Desk = Annotated[Office, Depends(office)]


async def agent(agent: IdPath, asker: Asker, core: Core) -> User:
    """An agent of the asker's workspace; one of another looks like a missing one.

    Raises:
        NotFound: there is none.
    """
    found = await core.accounts.user(agent)
    if found is None or found.workspace != asker.workspace or await core.accounts.agent(agent) is None:
        raise NotFound(f"There is no agent {agent}.")
    return found


AgentPath = Annotated[User, Depends(agent)]


async def ticket(core: Services, asker: Principal, conversation: int) -> Ticket:
    """The ticket of a support conversation, for whoever may take it over.

    Raises:
        NotFound, Forbidden: it is not visible, none of support, or not theirs to work on.
    """
    require(asker, Verb.TAKE, await core.directory.seat(asker, conversation))
    found = await core.desk.ticket(conversation)
    if found is None:
        raise NotFound("This is no support conversation.")
    return found


async def profile_for(core: Services, asker: Principal, found: Ticket) -> AgentProfile:
    """The profile of the conversation's agent; where there is none, of any agent of the workspace.

    Raises:
        NotFound: the workspace has no agent.
    """
    agents = [found.agent] if found.agent is not None else []
    if not agents:
        agents = [each.id for each in await core.accounts.humans(asker.workspace, 500) if each.agent]
    for each in agents:
        user, config = await core.accounts.user(each), await core.accounts.agent(each)
        if user is not None and config is not None:
            return profile_of(user, *config)
    raise NotFound("There is no agent in this workspace whose knowledge could help.", code="no_agent")
