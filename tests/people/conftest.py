"""A whole installation with two organisations, and the people who work for the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from calls.conftest import Installation, here, installation_of, on_sqlite, sample_file

from gateway.services import organisations, users
from gateway.services.access import Actor
from gateway.services.installation import ORGANISATION
from gateway.services.members import Details

__all__ = ["here", "installation_of", "on_sqlite", "sample_file"]

ADMIN = Actor(ORGANISATION, "admin", "terminal")
ORGANISER = Actor(ORGANISATION, "organiser", "user:o", user_id="o")
READER = Actor(ORGANISATION, "reader", "user:r", user_id="r")
OTHERS = Actor("sangh", "admin", "terminal")
GITA = Details(name="गीता  थापा", village="लेले", consent_how="paper", consent_wording="form 1")
PHONE = "+9779841000009"


@pytest.fixture
def two(here: Installation) -> Installation:
    """`here` with a second organisation."""
    organisations.add(here.gateway, "sangh", "Mahila Sangh", number="+97714000001")
    return here


@pytest.fixture
def collector(here: Installation) -> Actor:
    """A collector of the first organisation."""
    user = users.add(here.gateway, ADMIN, "Didi", "collector")
    return Actor(ORGANISATION, "collector", f"user:{user.id}", user_id=user.id)


@pytest.fixture
def details() -> Callable[..., Details]:
    """Gita's details with some replaced."""

    def of(**more: object) -> Details:
        return replace(GITA, **more)  # type: ignore[arg-type]  # by name

    return of


def audited(installation: Installation) -> list[tuple[object, ...]]:
    return installation.rows("SELECT actor, action, subject FROM audit ORDER BY id")
