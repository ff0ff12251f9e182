"""Limits over HTTP: which hold, and how often each refused something."""

from typing import Any

from fastapi import APIRouter

from myna.api.principal import Asker, Core
from myna.errors import Forbidden
from myna.limits import LIMITS
from myna.rights import Principal, Verb, require
from myna.services import Services

router = APIRouter(prefix="/v1", tags=["safety"])


async def require_server(core: Services, asker: Principal) -> None:
    """Let pass administrators of the workspace that the first start made: what follows is about the whole server.

    Raises:
        Forbidden: the asker is somebody else.
    """
    require(asker, Verb.ADMINISTER)
    first = await core.accounts.first_workspace()
    if first is None or first.id != asker.workspace:
        raise Forbidden("This is for administrators of the server's first workspace.", code="not_your_server")


@router.get("/admin/limits", summary="Which limits hold")
async def limits(asker: Asker, core: Core) -> dict[str, Any]:
    """Each limit with its bound, null when it is lifted, and how often this process refused something by it since its start."""
    await require_server(core, asker)
    found = core.limits
    return {
        "limits": [
            {
                "name": name,
                "per": limit.per,
                "what": limit.what,
                "count": bound.count if (bound := found.bounds.get(name)) else None,
                "window_s": bound.window_s if bound else None,
                "usual": str(limit.bound),
                "refused": found.refused[name],
            }
            for name, limit in LIMITS.items()
        ],
        "shared": found.windows.shared,
    }
