"""Whoever types a command: an admin of the organisation that `--organisation` names, or (`--as`) one of its users."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from gateway.errors import GatewayError


def as_actor(perform: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--organisation` and `--as`, and call it with the gateway of the environment and the actor before its own
    parameters."""

    @click.option("--organisation", default="main", show_default=True, help="Whose records; `gateway organisations list` shows them.")
    @click.option("--as", "acting", default="", metavar="USER", help="Who does it: a user's id or name, with her role; else the terminal.")
    @wraps(perform)
    def command(*, organisation: str, acting: str, **parameters: object) -> object:
        from gateway import bootstrap
        from gateway.services import access
        from gateway.store import organisations

        gateway = bootstrap.from_environment(os.environ)
        with gateway.database.read() as db:
            if not organisations.exists(db, organisation):
                raise GatewayError("access:no-organisation", organisation=organisation)
        actor = access.user(gateway, organisation, acting) if acting else access.terminal(organisation)
        return perform(gateway, actor, **parameters)

    return command
