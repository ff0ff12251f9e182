"""Time-sortable integer ids below 2^53, safe in JSON numbers and in bot APIs that want 64-bit integers."""

import secrets
import threading
import time

EPOCH_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z. 41 bits of milliseconds last until 2094."""

_NODE_BITS = 6
_COUNT_BITS = 6
_node = secrets.randbelow(1 << _NODE_BITS)
_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """A new id, greater than every id this process made before; unique across processes but for chance.

    Layout: 41 bits of milliseconds, 6 bits of a random process number, 6 bits of counter. When one millisecond's counter is used
    up, the next millisecond is taken early. Two processes can meet with probability below 1/64 per shared
    millisecond and counter value: primary keys refuse the second row, so a collision is an error, never a mix-up.
    """
    global _last  # noqa: PLW0603 - the process-wide clock of ids
    with _lock:
        tick = (time.time_ns() // 1_000_000 - EPOCH_MS) << _COUNT_BITS
        _last = max(tick, _last + 1)
        milliseconds, count = _last >> _COUNT_BITS, _last & ((1 << _COUNT_BITS) - 1)
    return (milliseconds << (_NODE_BITS + _COUNT_BITS)) | (_node << _COUNT_BITS) | count
