"""Flow files by their hash, so that a conversation ends on the version with which it began, whatever is edited or deployed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.engine import loader
from gateway.store import flow_versions

if TYPE_CHECKING:
    from gateway.engine.definition import ActionSpec, Catalogue, Flow
    from gateway.store.database import Database


def remember(database: Database, catalogue: Catalogue, now: datetime) -> None:
    """Keep the source of every current flow; done once for each deployment."""
    with database.write() as db:
        flow_versions.remember(db, [(flow.hash, flow.name, flow.source) for flow in catalogue.flows.values()], now)


class StoredVersions(Mapping[str, "Flow"]):
    """Older versions of flows by hash, read from the database when a conversation asks for one and kept from then on.

    `known` are those that this process has run itself.
    """

    def __init__(self, database: Database, catalogue: Catalogue, actions: Mapping[str, ActionSpec], known: Mapping[str, Flow]) -> None:
        self._database = database
        self._catalogue = catalogue
        self._actions = actions
        self._parsed: dict[str, Flow] = dict(known)

    def __getitem__(self, flow_hash: str) -> Flow:
        if flow_hash not in self._parsed:
            with self._database.read() as db:
                stored = flow_versions.get(db, flow_hash)
            if stored is None:
                raise KeyError(flow_hash)
            try:
                self._parsed[flow_hash] = loader.parse_flow(stored.source, f"{stored.flow}.yaml", self._actions, self._catalogue)
            except ExceptionGroup as faults:
                # An action or a flow that it names is gone since: the conversation begins again, as if the version were not kept.
                raise KeyError(flow_hash) from faults
        return self._parsed[flow_hash]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed)

    def __len__(self) -> int:
        return len(self._parsed)
