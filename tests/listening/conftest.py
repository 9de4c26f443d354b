"""An installation for lessons and services: the fixtures of whole calls, and an organiser."""

from __future__ import annotations

import pytest
from calls.conftest import here, installation_of, on_sqlite, sample_file

from gateway.services.access import Actor

__all__ = ["here", "installation_of", "on_sqlite", "sample_file"]


@pytest.fixture
def organiser() -> Actor:
    return Actor("main", "organiser", "user:didi", user_id="didi")
