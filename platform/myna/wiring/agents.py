"""The composition root's agents: what they read from, what their routes serve, and what is told of people."""

import asyncio
from typing import TYPE_CHECKING

from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.adapters.sql.database import Database
from myna.adapters.sql.log.reads import SqlLog
from myna.core import Core
from myna.model.ticket import Turn
from myna.model.workspace import User, UserKind
from myna.services import Services
from myna.settings import Settings

if TYPE_CHECKING:
    from myna_agents.answers.engine import Engine
    from myna_agents.opening import Office
    from myna_agents.tools.declared import Toolshed
    from myna_agents.turns.world import World
    from myna_knowledge.library import Library


def build_world(
    settings: Settings,
    core: Core,
    database: Database,
    library: "Library",
    engine: "Engine",
    shed: "Toolshed",
) -> "World":
    """What agents read from and answer through."""
    from myna_agents.adapters.sql_comparisons import SqlComparisons
    from myna_agents.adapters.sql_ledger import SqlLedger
    from myna_agents.adapters.sql_memory import SqlMemory
    from myna_agents.adapters.sql_steering import SqlApprovals, SqlGuidance
    from myna_agents.adapters.whispers import whispers
    from myna_agents.agent import AgentProfile, profile_of
    from myna_agents.engines.offline import OfflineEngine
    from myna_agents.ledger import Prices
    from myna_agents.turns.world import World
    from myna_agents.versions.comparing import variant

    accounts, comparisons = core.services.accounts, SqlComparisons(database)

    async def version_for(turn: Turn, live: AgentProfile) -> AgentProfile:
        return await variant(comparisons, accounts, turn, live)

    async def profile(user: int) -> AgentProfile | None:
        found, config = await asyncio.gather(accounts.user(user), accounts.agent(user))
        if found is None or config is None:
            return None
        bases, stored = config
        return profile_of(found, bases, stored)

    async def vouched_for(user: User) -> bool:
        """People sign in; of visitors the site must have signed who they are."""
        if user.kind is UserKind.HUMAN:
            return True
        known = await core.services.visitors.store.profile(user.id)
        return known is not None and known.subject is not None

    return World(
        turns=core.services.turns,
        history=SqlLog(database),
        people=accounts,
        knowledge=library,
        profiles=profile,
        engine=engine,
        fallback=OfflineEngine(),
        outlook=core.services.helpdesk.outlook,
        ledger=SqlLedger(database),
        prices=Prices.parse(settings.model_prices),
        memory=SqlMemory(database),
        guidance=SqlGuidance(database),
        approvals=SqlApprovals(database),
        variant=version_for,
        rouse=core.services.handoff.rouse,
        whisper=whispers(core.services, SqlConversations(database)),
        tools=shed.tools,
        verified=vouched_for,
    )


def build_office(settings: Settings, core: Core, database: Database, library: "Library") -> "Office":
    """What the agents' routes serve; models are loaded when they are asked first. Close it after use."""
    from myna_agents.adapters.egress import ToolEgress
    from myna_agents.adapters.sql_appointments import SqlAppointments
    from myna_agents.adapters.sql_bundles import SqlBundles
    from myna_agents.adapters.sql_comparisons import SqlComparisons
    from myna_agents.adapters.sql_ledger import SqlLedger
    from myna_agents.adapters.sql_marks import SqlMarks as SqlWrongAnswers
    from myna_agents.adapters.sql_memory import SqlMemory
    from myna_agents.appointments import Calendar, Schedule
    from myna_agents.desk.foretelling import foretelling
    from myna_agents.engines.opening import open_engines
    from myna_agents.opening import open_office
    from myna_agents.tools.declared import Toolshed, read_secrets

    _tell_what_is_known(core.services, database, library)
    engine, writer = open_engines(settings.model, settings.model_key)
    egress = ToolEgress(allow_private=settings.private_tools)
    appointments = SqlAppointments(database)

    async def calendar(conversation: int) -> Calendar | None:
        found = await core.services.helpdesk.calendar(conversation)
        return None if found is None else Calendar(found[0].workspace, found[0].inbox, found[1])

    schedule = Schedule(appointments, calendar)
    shed = Toolshed(egress, read_secrets(settings.tool_secrets), schedule=schedule)
    office = open_office(
        build_world(settings, core, database, library, engine, shed),
        writer,
        library,
        shed,
        egress.close,
        bundles=SqlBundles(database),
        ledger=SqlLedger(database),
        marks=SqlWrongAnswers(database),
        memory=SqlMemory(database),
        comparisons=SqlComparisons(database),
        appointments=appointments,
    )
    core.services.handoff.foretell = foretelling(office.world, office.copilot, core.services.desk.ticket)
    return office


def _tell_what_is_known(services: Services, database: Database, library: "Library") -> None:
    """Let exports and erasures reach what agents and the knowledge base know of people."""
    from myna_agents.adapters.sql_appointments import SqlAppointments
    from myna_agents.adapters.sql_memory import SqlMemory
    from myna_agents.adapters.sql_people import SqlTraces
    from myna_agents.people import agents_know
    from myna_bots.adapters.sql_people import SqlHeard
    from myna_bots.host.people import bots_know
    from myna_knowledge.adapters.sql_people import SqlQuestions
    from myna_knowledge.people import library_knows

    services.privacy.jobs.elsewhere += [
        agents_know(SqlMemory(database), SqlAppointments(database), SqlTraces(database)),
        library_knows(SqlQuestions(database), library),
        bots_know(SqlHeard(database)),
    ]
