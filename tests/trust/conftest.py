"""A whole installation, as for calls: the sample members, phones over HTTP, a clock that stands."""

from __future__ import annotations

from calls.conftest import here, installation_of, on_sqlite

__all__ = ["here", "installation_of", "on_sqlite"]
