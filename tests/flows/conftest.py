"""The shipped flows and their clips, read once."""

from __future__ import annotations

import pytest

from gateway.audio.catalogue import open_clips
from gateway.config import PACKAGE_ROOT
from gateway.engine.loader import load
from gateway.services.actions import SPECS


@pytest.fixture(scope="session")
def catalogue():
    return load(PACKAGE_ROOT / "flows", SPECS)


@pytest.fixture(scope="session")
def clips():
    return open_clips(PACKAGE_ROOT / "audio_prompts")
