"""What the tests of the providers share."""

from __future__ import annotations

import json

import pytest
from fakes.contract import OPENAPI


@pytest.fixture(scope="session")
def twilio_openapi():
    return json.loads(OPENAPI.read_text())
