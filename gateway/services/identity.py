"""Whose phone it is: what organisers decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import phone
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.store import phones, pins, tasks

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway


def restore_phone(gateway: Gateway, actor: Actor, member_id: str, e164: str) -> None:
    """A phone of which somebody said that it is a member's no more is hers after all: nobody must look at it any more.

    GatewayErrors `member:unknown`, `phone:not-stale`.
    """
    actor.require(Permission.CHANGE_MEMBERS)
    with gateway.database.read() as db:
        if pins.person(db, actor.scope, member_id=member_id) is None:
            raise GatewayError("member:unknown", number=member_id)
        row = phones.find(db, gateway.seal, phone.parse(e164) or e164)
    with gateway.database.write() as db:
        if row is None or not phones.restore(db, row.id, member_id):
            raise GatewayError("phone:not-stale")
        tasks.close_about_phone(db, tasks.AboutPhone(actor.organisation_id, row.id, "check_phone", actor.name), gateway.clock())
        access.note(gateway, db, actor, "phone.restored", f"member:{member_id}", phone=row.id)
