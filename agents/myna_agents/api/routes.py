"""All routes of agents."""

from fastapi import APIRouter

from myna_agents.api import appointments, comparisons, copilot, ledger, marks, memory, steering, versions


def routers() -> list[APIRouter]:
    """They serve the office at `app.state.office`."""
    return [
        versions.router,
        comparisons.router,
        steering.router,
        appointments.router,
        copilot.router,
        marks.router,
        ledger.router,
        memory.router,
    ]
