"""All routes of agents."""

from fastapi import APIRouter

from myna_agents.api import copilot, ledger, marks, memory, versions


def routers() -> list[APIRouter]:
    """They serve the office at `app.state.office`."""
    return [versions.router, copilot.router, marks.router, ledger.router, memory.router]
