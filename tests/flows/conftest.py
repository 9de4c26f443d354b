"""The shipped flows and their clips, read once, and a stage to play them on."""

from __future__ import annotations

import pytest

from gateway.audio.catalogue import open_clips
from gateway.config import PACKAGE_ROOT
from gateway.transcripts.stage import Stage

FLOWS, AUDIO = PACKAGE_ROOT / "flows", PACKAGE_ROOT / "audio_prompts"


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("stage"), FLOWS, AUDIO)


@pytest.fixture(scope="session")
def catalogue(stage):
    return stage.gateway.catalogue


@pytest.fixture(scope="session")
def clips():
    return open_clips(AUDIO)
