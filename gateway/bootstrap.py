"""The composition root: settings in, one `Gateway` out. The only place that knows every room and builds every long-lived thing."""

from __future__ import annotations

import functools
import hmac
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime

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


def build(settings: Settings, *, clock: Callable[[], datetime] | None = None, new_id: Callable[[], str] | None = None) -> Gateway:
    """Build the gateway of an installation.

    Raises an ExceptionGroup of GatewayErrors when its flow files are faulty, `config:invalid` when they do not have its language.
    """
    database = open_database(settings.database_url)
    clock = clock or database.now
    doorbell = Doorbell(settings.redis_url)
    flows = LiveFlows(settings.flows_dir, open_clips(settings.audio_dir), database, clock)
    if settings.language not in flows.catalogue.languages:
        remedy = f"The flows have these languages: {', '.join(flows.catalogue.languages)}."
        raise GatewayError("config:invalid", setting="GATEWAY_LANGUAGE", value=settings.language, remedy=remedy)
    return Gateway(
        settings=settings,
        database=database,
        seal=Seal(settings.secret_key, *settings.previous_secret_keys),
        flows=flows,
        providers=_providers(settings),
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
    return build(config.load(merged(environ)))


@functools.cache
def of_this_process() -> Gateway:
    """The one gateway of a worker process, built at its first job."""
    return from_environment(os.environ)


def _providers(settings: Settings) -> Providers:
    provider: Provider
    if settings.uses_simulator:
        token = hmac.digest(settings.secret_key.encode(), b"simulator", "sha256").hex()
        provider = Simulator(auth_token=token, public_base_url=settings.public_base_url, spoken=settings.data_dir / "simulator")
    else:
        provider = Twilio(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token,
            api_base_url=settings.twilio_api_base_url,
            public_base_url=settings.public_base_url,
            detect_machines=settings.detect_machines,
        )
    return Providers({provider.name: provider})


def unique_id() -> str:
    """32 letters that sort by time, so that indexes grow at one end."""
    return spelt(time.time_ns() // 1_000_000 << 80 | secrets.randbits(80))
