"""An installation with sample members, reached over the channels that a test writes down."""

from __future__ import annotations

from calls.conftest import installation_of, sample_file

__all__ = ["installation_of", "sample_file"]
