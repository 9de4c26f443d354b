"""What every verb works with: built once by `gateway.bootstrap`, handed to each service as its first argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.channels import Ways
    from gateway.config import Settings
    from gateway.core.jobs import Job
    from gateway.engine.definition import Catalogue
    from gateway.providers.base import Providers
    from gateway.queues.pacer import Pacer
    from gateway.queues.watching import QueuesSeen
    from gateway.services.flows import LiveFlows
    from gateway.store.database import Database
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class Gateway:
    """One installation, put together. `clock` gives aware UTC instants, `new_id` fresh ids; tests bring their own.

    `enqueue` rings doorbells and never raises: a bell that is lost is rung again by the sweep.
    """

    settings: Settings
    database: Database
    seal: Seal
    flows: LiveFlows
    providers: Providers
    ways: Ways | None  # of channels.yaml; None: the environment alone decides
    pacer: Pacer
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    enqueue: Callable[[Iterable[Job]], object]
    queue_is_up: Callable[[], bool]
    look_at_queues: Callable[[], QueuesSeen | None]

    @property
    def catalogue(self) -> Catalogue:
        """The flows as they are now. Take it once for whatever must fit together: the next look may find another."""
        return self.flows.catalogue
