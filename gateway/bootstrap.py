"""The composition root: settings in, one `Gateway` out. The only place that knows every room and builds every long-lived thing."""

from __future__ import annotations

import functools
import hmac
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from gateway import config, logs
from gateway.audio.catalogue import open_clips
from gateway.config import Settings
from gateway.core.ids import spelt
from gateway.environment import merged
from gateway.errors import GatewayError
from gateway.providers.base import Provider, Providers
from gateway.providers.simulator import Simulator
from gateway.providers.twilio import Twilio
from gateway.queues.enqueue import Doorbell
from gateway.queues.pacer import Pacer
from gateway.services.context import Gateway
from gateway.services.flows import LiveFlows
from gateway.store.database import open_database
from gateway.store.secrets import Seal

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from gateway.channels import Ways


def build(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] | None = None,
    new_id: Callable[[], str] | None = None,
) -> Gateway:
    """Build the gateway of an installation; `environ` holds the secrets that its channels.yaml names.

    Raises an ExceptionGroup of GatewayErrors when its flow files or channels.yaml are faulty, `config:invalid` when the flows do not have
    its language.
    """
    database = open_database(settings.database_url)
    clock = clock or database.now
    doorbell = Doorbell(settings.redis_url)
    flows = LiveFlows(settings.flows_dir, open_clips(settings.audio_dir), database, clock)
    if settings.language not in flows.catalogue.languages:
        remedy = f"The flows have these languages: {', '.join(flows.catalogue.languages)}."
        raise GatewayError("config:invalid", setting="GATEWAY_LANGUAGE", value=settings.language, remedy=remedy)
    ways, accounts = _written(settings, environ or {}) if settings.channels_file.exists() else (None, _only(settings))
    return Gateway(
        settings=settings,
        database=database,
        seal=Seal(settings.secret_key, *settings.previous_secret_keys),
        flows=flows,
        providers=Providers(accounts),
        ways=ways,
        pacer=Pacer(settings.redis_url),
        clock=clock,
        new_id=new_id or unique_id,
        enqueue=doorbell.ring,
        queue_is_up=doorbell.is_up,
        look_at_queues=doorbell.look,
    )


def from_environment(environ: Mapping[str, str]) -> Gateway:
    """The gateway that these variables describe; logs are set up as well, since a process has one such gateway."""
    logs.configure()
    complete = merged(environ)
    return build(config.load(complete), environ=complete)


@functools.cache
def of_this_process() -> Gateway:
    """The one gateway of a worker process, built at its first job."""
    return from_environment(os.environ)


def _written(settings: Settings, environ: Mapping[str, str]) -> tuple[Ways, dict[str, Provider]]:
    """What channels.yaml says, and its providers, those of its first channels first. pydantic, which reads it, takes a tenth of a web
    process."""
    from gateway.providers.kinds import KINDS

    ways, known = _checked(settings.channels_file, environ)
    order = dict.fromkeys([*(channel.provider for channel in ways.channels.values()), *ways.providers])
    return ways, {name: KINDS[ways.providers[name].kind].build(name, known[name], settings.public_base_url) for name in order}


def check_channels(path: Path, environ: Mapping[str, str] | None) -> Ways:
    """Read a channels.yaml, and the settings of its providers; without an environment, not what its secrets are. pydantic, which does it,
    takes a tenth of a web process: it is imported only where there is such a file.

    Raises an ExceptionGroup of GatewayErrors with every fault.
    """
    return _checked(path, environ)[0]


def _checked(path: Path, environ: Mapping[str, str] | None) -> tuple[Ways, dict[str, BaseModel]]:
    """The file, and the settings of each provider by its kind's own model."""
    from gateway import channels
    from gateway.engine.reading import hint
    from gateway.providers.kinds import KINDS

    ways, faults = channels.read(path)
    known: dict[str, BaseModel] = {}
    for name, entry in ways.providers.items():
        kind = KINDS.get(entry.kind)
        if kind is None:
            faults.append(entry.node.fault("channels:unknown", what="kind", name=entry.kind, hint=hint(entry.kind, KINDS)))
            continue
        try:
            found = channels.settings_of(entry, kind.settings, environ)
        except ExceptionGroup as group:
            faults += [each for each in group.exceptions if isinstance(each, GatewayError)]
        else:
            known |= {name: found} if found else {}
    for name, channel in ways.channels.items():
        account = ways.providers.get(channel.provider)
        if account and account.kind in KINDS and "voice" in channel.carries and not KINDS[account.kind].calls:
            faults.append(ways.fault(name, "carries", f"the kind {account.kind} has no calls; write `carries: [sms]`"))
    if faults:
        raise channels.faulty(faults)
    return ways, known


def _only(settings: Settings) -> dict[str, Provider]:
    """The one provider of an installation without channels.yaml."""
    if settings.uses_simulator:
        token = hmac.digest(settings.secret_key.encode(), b"simulator", "sha256").hex()
        provider: Provider = Simulator(auth_token=token, public_base_url=settings.public_base_url, spoken=settings.data_dir / "simulator")
    else:
        provider = Twilio(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token,
            api_base_url=settings.twilio_api_base_url,
            public_base_url=settings.public_base_url,
            detect_machines=settings.detect_machines,
        )
    return {provider.name: provider}


def unique_id() -> str:
    """32 letters that sort by time, so that indexes grow at one end."""
    return spelt(time.time_ns() // 1_000_000 << 80 | secrets.randbits(80))
