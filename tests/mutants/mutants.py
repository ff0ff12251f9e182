"""Mutants of the delivery guarantees: each takes one mechanism away, and a named part of the suite must notice.

python tests/mutants/mutants.py [NAME...]      applies each to a copy of the checkout and says whether it was caught
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("platform", "agents", "bots", "knowledge", "web/myna_web", "tests", "pyproject.toml")
MACHINE = "tests/stateful/test_clients_machine.py::test_clients_of_one_server_on_sqlite_end_with_the_log"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file`; with `new` instead (and `more` replaced, too), one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    more: tuple[tuple[str, str], ...] = ()


MUTANTS = (
    Mutant(
        "no-dedup",
        "platform/myna/log/batch.py",
        "        seen = self.state.seen.get(key)\n        if seen is None:\n",
        "        seen = None\n        if seen is None:\n",
        ("tests/unit/test_plan_messages.py",),
    ),
    Mutant(
        "push-without-contiguity-check",
        "bots/myna_bots/client/cursors.py",
        "        if event.rev > self.rev + 1:\n",
        "        if event.rev > self.rev + 1_000_000:\n",
        ("tests/unit/test_bots_cursors.py", "tests/unit/test_bots_state.py"),
    ),
    Mutant(
        "no-head-beacon",
        "platform/myna/deliver/hub.py",
        "            session.direct(heads_frame(moved))\n",
        "            session.conversations.update(moved)\n",
        ("tests/unit/test_hub_routing.py", "tests/unit/test_relay_order.py"),
    ),
    Mutant(
        "ack-before-commit",
        "platform/myna/adapters/sql/log/sqlite.py",
        '            connection.raw.execute("COMMIT")\n',
        '            connection.raw.execute("COMMIT" if len(batch) > 1000 else "ROLLBACK")\n',
        ("tests/contract/test_log_commit.py",),
    ),
    Mutant(
        "no-outbox-resend",
        "bots/myna_bots/client/state.py",
        "        self.outbox.all_again()\n",
        "",
        ("tests/unit/test_bots_state.py::test_unacknowledged_drafts_are_sent_again_in_order_after_a_cut",),
    ),
    Mutant(
        "no-join-floor",
        "platform/myna/log/seating.py",
        "    floor = policy.floor(place.seq, asked_at)\n",
        "    floor = 1\n",
        ("tests/unit/test_plan_messages.py", "tests/contract/test_log_commit.py"),
    ),
    Mutant(
        "dedup-in-memory-only",
        "platform/myna/adapters/sql/log/commit.py",
        "    if needs.drafts:\n        _load_seen(",
        "    if not needs.drafts:\n        _load_seen(",
        ("tests/contract/test_log_commit.py",),
    ),
    Mutant(
        "page-without-cursor-check",
        "bots/myna_bots/client/cursors.py",
        "        if page.from_rev > self.rev:\n            return []\n",
        "",
        ("tests/unit/test_bots_cursors.py", "tests/unit/test_bots_state.py"),
    ),
    Mutant(
        "no-lag-mode",
        "platform/myna/deliver/session.py",
        "        if self._live_bytes + len(frame) > QUEUE_BYTES:\n            self._lag()\n",
        "        if self._live_bytes + len(frame) > QUEUE_BYTES << 1:\n            self._lag()\n",
        ("tests/unit/test_session_lag.py",),
    ),
    Mutant(
        "falling-watermarks",
        "platform/myna/adapters/sql/conversations/conversations.py",
        "if seq > before.get(key, seq)}\n",
        "if seq != before.get(key, seq)}\n",
        ("tests/contract/test_watermarks.py",),
    ),
    Mutant(
        "unread-counts-own",
        "platform/myna/adapters/sql/conversations/list_queries.py",
        "            _message.c.sender == _USER,\n",
        "            _message.c.sender == -_USER,\n",
        ("tests/contract/test_conversations_reads.py",),
    ),
    Mutant(
        "deltas-without-offsets",
        "platform/myna/deliver/hub.py",
        "        elif offset == len(before):\n",
        "        elif offset:\n",
        ("tests/unit/test_hub_routing.py", "tests/unit/test_streams_whole.py"),
    ),
    Mutant(
        "dedup-per-connection",
        "platform/myna/api/live/link.py",
        "        if not self._busy and self._sent_at_once(raw):\n",
        '        raw = raw.replace(ID, ID + b"%d." % (self.session.id if self.session else 0))\n'
        "        if not self._busy and self._sent_at_once(raw):\n",
        (MACHINE,),
        (
            (
                "            self.session.direct(encode(frame))\n",
                '            self.session.direct(encode(frame).replace(ID + b"%d." % self.session.id, ID))\n',
            ),
            ("\nclass Link:\n", '\nID = b\'"client_id":"\'\n\n\nclass Link:\n'),
        ),
    ),
)


def environment(copy: Path) -> dict[str, str]:
    """The environment of a run in the copy: its own sources, and nothing that this run was started with."""
    roots = [str(copy / each) for each in ("platform", "agents", "bots", "knowledge", "web", "tests")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return kept | {"PYTHONPATH": os.pathsep.join(roots), "PYTHONDONTWRITEBYTECODE": "1"}


def copied(folder: Path) -> Path:
    """A copy of what the tests need."""
    for each in COPIED:
        source = ROOT / each
        if source.is_dir():
            # With what was compiled: Python takes it for each file whose time and size are the same, as no mutant's are.
            shutil.copytree(source, folder / each, ignore=shutil.ignore_patterns("node_modules"))
        else:
            shutil.copy2(source, folder / each)
    return folder


def suite_fails(copy: Path, tests: tuple[str, ...]) -> bool:
    """Whether a test fails in the copy.

    Raises:
        RuntimeError: pytest could not run them at all, which proves nothing.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=copy, env=environment(copy), capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(
            f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
        )
    return done.returncode == 1


def apply(mutant: Mutant, copy: Path) -> None:
    """Change the copy.

    Raises:
        ValueError: the mechanism has another form now; the mutant must be written anew.
    """
    file = copy / mutant.file
    text = file.read_text()
    for old, new in ((mutant.old, mutant.new), *mutant.more):
        if text.count(old) != 1:
            raise ValueError(f"{mutant.name}: {old!r} stands {text.count(old)} times in {mutant.file}.")
        text = text.replace(old, new)
    file.write_text(text)


def caught(mutant: Mutant) -> bool:
    """Whether the suite notices the mutant."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        apply(mutant, copy)
        return suite_fails(copy, mutant.tests)


def main() -> int:
    """Try the named mutants, or all."""
    wanted = sys.argv[1:]
    survivors = 0
    for mutant in MUTANTS:
        if not wanted or mutant.name in wanted:
            died = caught(mutant)
            survivors += not died
            print(f"{'caught  ' if died else 'SURVIVED'}  {mutant.name}", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
