from __future__ import annotations

import pytest
from fakes.conversation import load_flows


@pytest.fixture(scope="session")
def any_catalogue(tmp_path_factory):
    """The flows of `fakes.conversation` alone."""
    return load_flows(tmp_path_factory.mktemp("any"))
