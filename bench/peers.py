"""`python -m bench.peers [PEER...]`: Myna and other servers in one run, driven by the same load generator.

The kit that starts and drives other servers (shared/peers beside this checkout) is copied into a scratch folder and used there.
Peers that are not installed are left out and named.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.rig import ROOT, machine, rig_of

from support.population import Crowd

USERS = 1_100
MEMBERS = 1_001
STORING = {
    "ejabberd-pg": ["./start-ejabberd.sh", "pg"],
    "ejabberd-sqlite": ["./start-ejabberd.sh", "sqlite"],
    "prosody-sqlite": ["./start-prosody.sh", "sqlite"],
    "prosody-internal": ["./start-prosody.sh", "internal"],
}
PASSING = {
    "nats": ["./start-simple.sh", "nats"],
    "mosquitto": ["./start-simple.sh", "mosquitto"],
    "ngircd": ["./start-simple.sh", "ngircd"],
    "sio": ["./start-simple.sh", "sio"],
}
"""Servers that store nothing: upper references, no peers."""
NEEDS = {"nats": "nats-server", "sio": "npm"}
NPM_PACKAGES = ("socket.io", "ws")
SCENARIOS = ("dm-max", "dm-200", "fan100", "fan1000", "login")
KEYS = {"login": "login_per_s"}


def main() -> None:
    """Measure Myna on both databases and every peer that is there, then print a table."""
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("peers", nargs="*", help=", ".join(("myna-sqlite", "myna-pg", *STORING, *PASSING)))
    parser.add_argument("--reps", type=int, default=3, help="repetitions of each scenario")
    options = parser.parse_args()
    with kit() as folder:
        for peer in options.peers or ("myna-sqlite", "myna-pg", *STORING, *PASSING):
            run(folder, peer, options.reps)
        rows = [json.loads(line) for line in (folder / "results" / "results.jsonl").read_text().splitlines()]
    report = {"machine": machine(), "results": rows}
    results = ROOT / "build" / "bench" / "results"
    results.mkdir(parents=True, exist_ok=True)
    (results / "peers.json").write_text(json.dumps(report, indent=1) + "\n")
    print(table(rows))


@contextmanager
def kit() -> Iterator[Path]:
    """A copy of the kit that knows Myna, with its load generator compiled."""
    found = next(
        (each / "shared" / "peers" for each in ROOT.parents if (each / "shared" / "peers").is_dir()), None
    )
    if found is None:
        raise SystemExit(
            "There is no folder shared/peers beside this checkout, so there is nothing to compare with."
        )
    with tempfile.TemporaryDirectory(prefix="myna-peers-", dir="/var/tmp") as scratch:
        folder = Path(scratch) / "peers"
        shutil.copytree(found, folder)
        folder.parent.chmod(0o755)
        for each in ("results", "run"):
            (folder / each).mkdir(exist_ok=True)
        shutil.copy2(Path(__file__).with_name("ours.tmpl"), folder / "tmpl" / "ours.tmpl")
        script = folder / "bench"
        text = script.read_text().replace("PEER={", "PEER={'myna-sqlite':'ours','myna-pg':'ours',", 1)
        tokens = f" --tokens {folder}/tokens"
        script.write_text(text.replace(" --pids {pids(peer)}'", f" --pids {{pids(peer)}}{tokens}'", 1))
        (folder / "tokens").write_text("none\n")
        (folder / "npm").symlink_to(_npm())
        subprocess.run(["cc", "-O2", "-w", "-o", "imbench", "imbench.c"], cwd=folder, check=True)
        yield folder


def _npm() -> Path:
    """A folder with Node's packages, filled once when npm is there."""
    packages = ROOT / "build" / "bench" / "npm"
    packages.mkdir(parents=True, exist_ok=True)
    if shutil.which("npm") and not (packages / "node_modules" / "socket.io").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", *NPM_PACKAGES]
        subprocess.run(command, cwd=packages, check=False, capture_output=True, timeout=120)
    return packages


def run(folder: Path, peer: str, reps: int) -> None:
    """Start a peer, drive it, stop it; what is not installed is said."""
    with ExitStack() as stack:
        if peer.startswith("myna"):
            stack.enter_context(myna(folder, peer))
        else:
            command = {**STORING, **PASSING}[peer]
            if (
                shutil.which(NEEDS.get(peer, peer.split("-", maxsplit=1)[0] + ("ctl" if "-" in peer else "")))
                is None
            ):
                print(f"{peer}: not installed, left out")
                return
            stack.callback(subprocess.run, ["./stop.sh", peer], cwd=folder, check=False, capture_output=True)
            started = subprocess.run(
                command, cwd=folder, check=False, capture_output=True, text=True, timeout=180
            )
            if not (folder / "run" / f"{peer}.port").exists():
                print(f"{peer}: did not start: {started.stderr[-300:]}")
                return
        scenarios = [each for each in SCENARIOS if each != "login" or peer not in PASSING]
        command = ["python3", "./bench", peer, *scenarios, "--reps", str(reps)]
        subprocess.run(command, cwd=folder, check=False, timeout=900)


@contextmanager
def myna(folder: Path, peer: str) -> Iterator[None]:
    """Myna with the conversations that the template names, where the kit looks for a peer."""
    # The kit names a conversation by its receiver, who comes after the sender and has an odd number.
    direct = {int(f"10000{user}"): [user, user ^ 1] for user in range(1, USERS, 2)}
    crowd = Crowd(USERS, {**direct, 77777: list(range(MEMBERS))})
    database = "postgres" if peer == "myna-pg" else "sqlite"
    with rig_of(crowd, database=database) as here:
        (folder / "tokens").write_text("\n".join(here.people.tokens) + "\n")
        (folder / "run" / f"{peer}.pid").write_text(f"{here.server.pid}\n")
        (folder / "run" / f"{peer}.port").write_text(f"{here.port}\n")
        yield


def table(rows: list[dict[str, Any]]) -> str:
    """Medians, and how many times the best peer that stores messages Myna on SQLite does."""
    figures: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        figures.setdefault((row["peer"], row["sc"]), []).append(row)
    peers = list(dict.fromkeys(peer for peer, _ in figures))
    lines = ["| server | " + " | ".join(SCENARIOS) + " |", "|---" * (len(SCENARIOS) + 1) + "|"]
    for peer in peers:
        cells = [_cell(figures.get((peer, scenario), []), scenario) for scenario in SCENARIOS]
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(rows: list[dict[str, Any]], scenario: str) -> str:
    values = [row.get(KEYS.get(scenario, "delivered_per_s"), 0) for row in rows]
    if not values:
        return ""
    text = f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"
    delays = [row["lat_us"] for row in rows if "lat_us" in row]
    if delays:
        p50, p99 = (statistics.median(each[name] for each in delays) / 1000 for name in ("p50", "p99"))
        text += f"; {p50:.1f} / {p99:.1f} ms"
    busy = statistics.median(row.get("gen_cpu", row.get("login_gen_cpu", 0)) for row in rows)
    return text + f"; gen {busy:.2f}"


if __name__ == "__main__":
    os.environ.setdefault("NOLOCK", "1")
    main()
