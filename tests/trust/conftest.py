"""A whole installation, as for calls: the sample members, phones over HTTP, a clock that stands."""

from __future__ import annotations

from calls.conftest import here, installation_of, on_sqlite, sample_file
from embedded.conftest import start

__all__ = ["here", "installation_of", "on_sqlite", "sample_file", "start"]
