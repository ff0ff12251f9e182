"""`python -m bench [SCENARIO...] [--repeat N]`: measures, prints a line for each, and keeps everything as JSON."""

import argparse
import json
import time

from bench.answers import answer
from bench.rig import ROOT, machine
from bench.scenarios import SCENARIOS, Figures

SCENARIOS["answer"] = ("a question to the demo's agent, offline, until its answer is in the log", answer)

RESULTS = ROOT / "build" / "bench" / "results"
HEADLINES = (
    "acked_per_s",
    "delivered_per_s",
    "delivery_ms",
    "connects_per_s",
    "kb_per_connection",
    "messages_per_s",
    "ms",
    "turn_ms",
    "server_cpu",
    "generator_cpu",
    "connect_generator_cpu",
)


def main() -> None:
    """Run what was asked for; a scenario that fails does not stop the others."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO", help=", ".join(SCENARIOS)
    )
    parser.add_argument("--repeat", type=int, default=1, help="how often each is measured")
    options = parser.parse_args()
    report: dict[str, object] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
    }
    results: dict[str, list[Figures]] = {}
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    for name in options.scenarios or SCENARIOS:
        what, measure = SCENARIOS[name]
        for _ in range(options.repeat):
            try:
                found = measure()
            except Exception as failed:
                found = {"failed": str(failed)}
            results.setdefault(name, []).append(found)
            print(f"{name:18} {what}\n    {json.dumps(headline(found))}", flush=True)
        file.write_text(json.dumps({**report, "results": results}, indent=2) + "\n")
    print(f"kept in {file.relative_to(ROOT)}")


def headline(found: Figures) -> Figures:
    """The figures that people look at first."""
    return found if "failed" in found else {name: found[name] for name in HEADLINES if name in found}


if __name__ == "__main__":
    main()
