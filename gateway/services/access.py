"""Who asks, what she may do, and that it is written down: every verb on people's records takes an `Actor` and begins with `require`.

>>> didi = Actor("main", "collector", "user:7", user_id="7")
>>> didi.scope
Scope(organisation_id='main', collector_id='7')
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.roles import ALLOWED, Permission
from gateway.errors import GatewayError
from gateway.store import audit, users
from gateway.store.scope import Scope

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["Actor", "Permission", "Scope", "note", "terminal", "user"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody of an organisation, or a program of hers. `name` is what the audit log says: `user:ID`, `token:ID`, `terminal`."""

    organisation_id: str
    role: str
    name: str
    user_id: str | None = None

    @property
    def scope(self) -> Scope:
        """Whose records she may see: the store's functions for organisers all take it."""
        return Scope(self.organisation_id, self.user_id if self.role == "collector" else None)

    def may(self, permission: Permission) -> bool:
        """Whether her role allows it."""
        return permission in ALLOWED[self.role]

    def require(self, permission: Permission) -> None:
        """GatewayError `access:denied` where her role does not allow it."""
        if not self.may(permission):
            raise GatewayError("access:denied", role=self.role, permission=permission)


def terminal(organisation_id: str) -> Actor:
    """Whoever has the machine and its keys: an admin of the organisation."""
    return Actor(organisation_id, "admin", "terminal")


def user(gateway: Gateway, organisation_id: str, wanted: str) -> Actor:
    """The user of this id or name, with her own role. GatewayError `access:no-user` where there is none, or several, or she is disabled."""
    with gateway.database.read() as db:
        known = users.of_organisation(db, gateway.seal, organisation_id)
    found = [each for each in known if each.state == "active" and wanted in {each.id, each.name}]
    if len(found) != 1:
        raise GatewayError("access:no-user", user=wanted, count=len(found))
    return Actor(organisation_id, found[0].role, f"user:{found[0].id}", found[0].id)


def note(gateway: Gateway, db: Connection, actor: Actor, action: str, subject: str, **detail: object) -> None:
    """Write into the audit log, in the transaction of what is done: `subject` is `member:ID` and the like.

    `detail` holds ids, counts, states and names of fields; never a person's name, a phone's number or a note. Views are noted as well:
    the transaction of a view is this row alone.
    """
    entry = audit.Entry(actor.organisation_id, actor.name, action, subject, json.dumps(detail, sort_keys=True))
    audit.append(db, gateway.seal, entry, gateway.clock())
