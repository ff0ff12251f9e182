"""`python -m bench [SCENARIO...] [--repeat N]`: measures, prints a line for each, and keeps everything as JSON."""

import argparse
import json
import time

from bench.answers import answer
from bench.hostile import hostile
from bench.rig import ROOT, machine
from bench.scenarios import SCENARIOS, TARGETS, Figures

SCENARIOS["answer"] = ("a question to the demo's agent, offline, until its answer is in the log", answer)
TARGETS["answer"] = ("turn_ms.p95", "at most", 150)

SCENARIOS["hostile"] = ("a user's messages while 50,000 hostile requests arrive", hostile)
TARGETS["hostile"] = ("ms.p99", "at most", 200)

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
    print(table(results))
    print(f"kept in {file.relative_to(ROOT)}")


def table(results: dict[str, list[Figures]]) -> str:
    """What was reached beside what should be, the best of the repetitions, in Markdown."""
    lines = [
        "",
        "| Scenario | Figure | Target | Measured | | Server's core | Generator's core |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        figure, bound, target = TARGETS[name]
        values = [value for each in found if (value := _figure(each, figure)) is not None]
        wanted = f"{bound} {target:,g}" if bound else ""
        if not values:
            lines.append(f"| {SCENARIOS[name][0]} | {figure} | {wanted} | failed | | | |")
            continue
        best = min(values) if "ms" in figure or "kb" in figure else max(values)
        reached = {"at least": best >= target, "at most": best <= target}.get(bound)
        verdict = "" if reached is None else "reached" if reached else "missed"
        of = found[[_figure(each, figure) for each in found].index(best)]
        shown = f"{best:,.0f}" if best >= 1000 else f"{best:,.1f}" if best >= 10 else f"{best:.3g}"
        if len(values) > 1:
            shown += f" ({min(values):,.0f} to {max(values):,.0f})"
        generator = of.get("generator_cpu", of.get("connect_generator_cpu", ""))
        lines.append(
            f"| {SCENARIOS[name][0]} | {figure} | {wanted} | {shown} | {verdict} "
            f"| {of.get('server_cpu', '')} | {generator} |"
        )
    return "\n".join(lines)


def _figure(found: Figures, path: str) -> float | None:
    value: object = found
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def headline(found: Figures) -> Figures:
    """The figures that people look at first."""
    return found if "failed" in found else {name: found[name] for name in HEADLINES if name in found}


if __name__ == "__main__":
    main()
