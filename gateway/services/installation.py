"""What must stand in the database before the first call: the organisation, our number, the versions of the flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.services import versions
from gateway.store import channels, organisations

if TYPE_CHECKING:
    from gateway.services.context import Gateway

ORGANISATION = "main"
CHANNEL = "main"


def prepare(gateway: Gateway) -> None:
    """Write them, or bring them up to date with the settings. Repeating it changes nothing."""
    settings = gateway.settings
    with gateway.database.write() as db:
        organisations.ensure(db, ORGANISATION, settings.organisation)
        channels.ensure(
            db,
            channels.Channel(
                id=CHANNEL,
                organisation_id=ORGANISATION,
                provider=gateway.providers.main.name,
                address=settings.number,
                language=settings.language,
                messages_per_second=settings.messages_per_second,
                calls_per_second=settings.calls_per_second,
                segment_price=settings.segment_price,
                minute_price=settings.minute_price,
            ),
        )
    versions.remember(gateway.database, gateway.catalogue, gateway.clock())
