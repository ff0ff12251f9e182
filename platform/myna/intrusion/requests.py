"""Reads the stream of requests: what each one that was refused is a sign of."""

from myna.identity.devices import device_name
from myna.intrusion.detector import Detector
from myna.intrusion.model import Sign
from myna.intrusion.probes import is_probe
from myna.limits.addresses import place_of
from myna.model.workspace import UserKind
from myna.rights import Principal

WRONG = frozenset({"bad_credentials", "code_wrong"})
FORGED = frozenset({"token_invalid", "identity_invalid"})


class Requests:
    """Tells the detector of signs."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def asked(self, address: str, path: str, query: bytes) -> None:
        """Look at a request before it is served."""
        if is_probe(path, query):
            self._detector.saw(Sign("injection", address))

    def answered(
        self, address: str, path: str, status: int, code: str, principal: Principal | None, handle: str
    ) -> None:
        """Look at a request that was refused; `code` is the problem's."""
        saw, user = self._detector.saw, principal.user if principal is not None else None
        workspace = principal.workspace if principal is not None else None
        if code == "proof_needed" and handle:
            # It goes on after wrong passwords, and computes nothing: no browser of ours does that.
            saw(Sign("brute_force", address))
        elif code in WRONG and handle:
            self._wrong(address, handle)
        elif code in WRONG:
            saw(Sign("brute_force", address, user, workspace))
        elif code in FORGED:
            saw(Sign("forged_token", address))
        elif status == 403 and principal is not None and principal.scopes is None:
            saw(Sign("probing", address, user, workspace))
        elif status == 404 and self._detector.new_pair("missing", place_of(address), path):
            saw(Sign("enumeration", address, user, workspace))
        elif status == 429:
            saw(Sign("flood", address, user, workspace))

    def reused(self, address: str, user: int) -> None:
        """A refresh token came twice."""
        self._detector.saw(Sign("token_reuse", address, user))

    def acted(self, principal: Principal, address: str, agent: str) -> None:
        """Look at who is behind a request: one sign-in is one program on one machine.

        A browser that is brought up to date keeps its name, and a telephone that walks changes its address; both at once with
        another name is somebody else.
        """
        if not principal.sign_in or principal.kind is UserKind.BOT:
            return
        place, name = place_of(address), device_name(agent)
        key = str(principal.sign_in)
        before = self._detector.changed("device", key, f"{name}|{place}")
        if before is None:
            return
        name_before, _, place_before = before.rpartition("|")
        if name_before and name and name_before != name and place_before != place:
            self._detector.saw(Sign("device_change", address, principal.user, principal.workspace))

    def visitor_began(self, address: str) -> None:
        """Somebody began as a visitor."""
        self._detector.saw(Sign("visitors", address))

    def limit_refused(self, name: str, key: str) -> None:
        """A limit of messages refused somebody."""
        if name in {"message_user", "message_visitor"} and key.isdecimal():
            self._detector.saw(Sign("message_flood", user=int(key)))

    def question(self, principal: Principal) -> None:
        """A visitor wrote into a support conversation."""
        self._detector.saw(Sign("scraping", self.address_of(principal), principal.user, principal.workspace))

    def address_of(self, principal: Principal) -> str:
        """Where the sign-in was last seen, or nothing."""
        found = self._detector.seen("device", str(principal.sign_in))
        return "" if found is None else found.rpartition("|")[2].partition("/")[0]

    def _wrong(self, address: str, handle: str) -> None:
        saw, place = self._detector.saw, place_of(address)
        saw(Sign("brute_force", address))
        if self._detector.new_pair("handles", place, handle):
            saw(Sign("spraying", address))
        saw(Sign("guessing", address, handle=handle))
