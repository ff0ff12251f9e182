"""How long an agent takes to answer: from a customer's question until the whole answer is in the log of a running demo server."""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rig import ROOT

QUESTIONS = ROOT / "agents" / "myna_agents" / "demo" / "help_centre" / "faq.jsonl"
ASKED, WARM = 100, 5
WAIT_S = 20.0
LOOK_S = 0.004
"""How often the log is looked at: the figures are late by half of it."""


def answer() -> dict[str, Any]:
    """The offline engine: shipped embedder, retrieval, decision, quotes, guard, commit; without the wait for more typing."""
    import httpx

    from support import myna_server

    settings = {"MYNA_TURN_DELAY_MS": "0", "MYNA_MODERATION": "0"}
    lines = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    asked = [text for each in lines for text in (each["question"], *each["variants"])][: ASKED + WARM]
    with (
        tempfile.TemporaryDirectory(prefix="myna-bench-") as folder,
        myna_server.serve(Path(folder), "--demo", settings=settings) as server,
        httpx.Client(base_url=f"{server.url}/v1", timeout=WAIT_S) as http,
    ):
        myna_server.wait_for_knowledge(server)
        customer = _Customer(http)
        took = [customer.asks(text) for text in asked][WARM:]
        operator = {"Authorization": f"Bearer {myna_server.sign_in(server)}"}
        turns = [
            each["took_ms"]
            for place in customer.places
            for each in http.get(
                f"/conversations/{place}/turns", params={"limit": 200}, headers=operator
            ).json()["turns"]
            if each["took_ms"] is not None
        ]
    return {
        "ms": _percentiles(took),
        "turn_ms": _percentiles(turns),
        "asked": len(took),
        "conversations": len(customer.places),
        "load": round(os.getloadavg()[0], 2),
    }


class _Customer:
    """Asks one question after the other, as a new visitor once a person would answer."""

    def __init__(self, http: Any) -> None:
        self._http = http
        self.places: list[str] = []
        self._headers: dict[str, str] = {}
        self._new()

    def asks(self, text: str) -> float:
        """Milliseconds until the answer stands in the log."""
        path, start = f"/conversations/{self.places[-1]}/messages", time.perf_counter()
        key = {"Idempotency-Key": f"{time.monotonic_ns()}"}
        sent = self._http.post(path, json={"body": {"text": text}}, headers={**self._headers, **key})
        sent.raise_for_status()
        seq = int(sent.json()["seq"])
        while time.perf_counter() - start < WAIT_S:
            found = self._http.get(path, params={"after_seq": seq}, headers=self._headers).json()["messages"]
            said = [each for each in found if each["kind"] == "text" and each["state"] == "sent"]
            if said:
                took = (time.perf_counter() - start) * 1000
                if any(each["kind"] == "notice" for each in found):
                    self._new()
                return took
            time.sleep(LOOK_S)
        raise RuntimeError(f"no answer to {text!r} within {WAIT_S:.0f} s")

    def _new(self) -> None:
        session = self._http.post("/visitors", json={"inbox": "demo"}).json()
        self._headers = {"Authorization": f"Bearer {session['access_token']}"}
        opened = self._http.post(
            "/conversations", json={"kind": "support", "inbox": "demo"}, headers=self._headers
        )
        self.places.append(opened.json()["id"])


def _percentiles(values: list[float]) -> dict[str, float]:
    cut = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cut[49], 1), "p95": round(cut[94], 1), "p99": round(cut[98], 1)}
