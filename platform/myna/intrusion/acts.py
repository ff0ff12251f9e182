"""Reads the audit log: what somebody with rights does is a sign as well, when it is too much at once."""

from myna.intrusion.detector import Detector
from myna.intrusion.model import Sign
from myna.limits.windows import Bound, Windows
from myna.model.moderation import AuditEntry
from myna.ports.moderation import AuditStore

KINDS = {
    **dict.fromkeys(("person.export", "person.downloaded"), "mass_export"),
    **dict.fromkeys(
        (
            "person.role",
            "person.deactivated",
            "person.email",
            "person.erase",
            "person.signed_out",
            "password.link",
            "factor.off",
            "passkey.removed",
            "role.changed",
            "application.secret",
            "bot.key_made",
        ),
        "takeover",
    ),
}
"""Acts that are a sign when they are many: everything about many people, and ways into their accounts."""
PAGE = 200
_ONCE = Bound(1, 3600)


class Acts:
    """Tells the detector of new lines. Each line is told once, by whichever process reads it first."""

    def __init__(self, store: AuditStore, detector: Detector, windows: Windows) -> None:
        self._store, self._detector, self._windows = store, detector, windows
        self._reached: dict[int, int] | None = None

    async def read(self) -> None:
        """Look at what was written since the last time; the first time, only where the logs end."""
        heads = await self._store.heads()
        if self._reached is None:
            self._reached = heads
            return
        for workspace, newest in heads.items():
            number = self._reached.get(workspace, 0)
            while number < newest:
                found = await self._store.page(workspace, after=number, limit=PAGE)
                for line in found:
                    await self._look(line)
                number = found[-1].number if found else newest
                self._reached[workspace] = number

    async def _look(self, line: AuditEntry) -> None:
        kind = KINDS.get(line.action)
        own = line.subject == f"user:{line.actor}"
        if kind is None or line.actor is None or own:
            return
        if await self._windows.take(f"line:{line.workspace}:{line.number}", _ONCE) > 0.0:
            return
        self._detector.saw(Sign(kind, user=line.actor, workspace=line.workspace))
