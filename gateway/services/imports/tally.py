"""How often something was seen in a file, without keeping the file in memory: counts by the hash of what was seen, on a disk."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

CACHE = 16 * 1024  # KiB


class Tally:
    """Counts of what was seen, in a database without a name that goes away with this object.

    >>> tally = Tally()
    >>> tally.count("a"), tally.count("b"), tally.count("a")
    (1, 1, 2)
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a file of SQLite's own, deleted when it is closed
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (what BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")

    def count(self, *what: object) -> int:
        """See this once more; how often it was seen until now."""
        key = blake2b(repr(what).encode(), digest_size=16).digest()
        seen = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        return int(self._db.execute(seen, (key,)).fetchone()[0])
