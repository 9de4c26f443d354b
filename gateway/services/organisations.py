"""Organisations on one installation: each with its own number, members and people, invisible to the others.

Whoever has the machine adds them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core import people
from gateway.engine import wording
from gateway.errors import GatewayError
from gateway.services import access
from gateway.store import channels, organisations
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.services.context import Gateway

NUMBER = re.compile(r"\+?[0-9]{3,15}")  # a short code, too
ID = re.compile(r"[a-z][a-z0-9-]{0,35}")


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation and its numbers, as the provider writes them."""

    id: str
    name: str
    numbers: tuple[str, ...]


def add(gateway: Gateway, organisation_id: str, name: str, *, number: str = "", language: str = "") -> Organisation:
    """Write an organisation down, with a channel of its own where it has a number on the installation's provider.

    GatewayErrors `organisation:id`, `organisation:already`, `member:invalid` (the name), `language:unknown`, `channel:already`,
    `channel:in-the-file`.
    """
    if not ID.fullmatch(organisation_id):
        raise GatewayError("organisation:id", id=organisation_id)
    cleaned = people.clean(name)
    if not people.is_name(cleaned):
        raise GatewayError("member:invalid", where="name", field="name", wanted=f"1 to {people.LONGEST_NAME} characters")
    if number and not NUMBER.fullmatch(number):
        raise GatewayError("member:invalid", where="number", field="number", wanted="a number with its country code, as +97714000000")
    language = language or gateway.settings.language
    if language not in gateway.catalogue.languages:
        raise GatewayError("language:unknown", language=language, known=", ".join(gateway.catalogue.languages))
    if number and gateway.ways:
        raise GatewayError("channel:in-the-file", id=organisation_id)
    try:
        with gateway.database.write() as db:
            if organisations.exists(db, organisation_id):
                raise GatewayError("organisation:already", id=organisation_id)
            organisations.add(db, organisation_id, cleaned)
            if number:
                channels.ensure(db, _channel(gateway, organisation_id, number, language))
            access.note(gateway, db, access.terminal(organisation_id), "add_organisation", f"organisation:{organisation_id}")
    except Conflict:
        raise GatewayError("channel:already") from None
    return Organisation(organisation_id, cleaned, (number,) if number else ())


def list_all(gateway: Gateway) -> list[Organisation]:
    """All organisations, by id."""
    with gateway.database.read() as db:
        return [
            Organisation(row.id, row.name, tuple(channel.address for channel in channels.of_organisation(db, row.id) if channel.address))
            for row in organisations.list_all(db)
        ]


def of_actor(gateway: Gateway, actor: access.Actor) -> Organisation:
    """The actor's own organisation."""
    return next(found for found in list_all(gateway) if found.id == actor.organisation_id)


def numbers_of(gateway: Gateway, actor: access.Actor) -> list[channels.Channel]:
    """The numbers of the actor's organisation, each with its pace and prices."""
    actor.require(access.Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return channels.of_organisation(db, actor.organisation_id)


def named_by(gateway: Gateway, actor: access.Actor) -> str:
    """The phrase by which calls and texts name the actor's organisation."""
    return wording.phrase_of(actor.organisation_id, gateway.catalogue.phrases)


def _channel(gateway: Gateway, organisation_id: str, number: str, language: str) -> channels.Channel:
    """Its number at the provider, at the pace and prices of the installation."""
    settings = gateway.settings
    return channels.Channel(
        id=organisation_id,
        organisation_id=organisation_id,
        provider=gateway.providers.main.name,
        address=number,
        language=language,
        messages_per_second=settings.messages_per_second,
        calls_per_second=settings.calls_per_second,
        segment_price=settings.segment_price,
        minute_price=settings.minute_price,
    )
