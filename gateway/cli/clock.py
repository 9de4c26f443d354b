"""`gateway clock`: rings for the sweep every few seconds, which finds whatever else was lost.

The queue holds one sweep at a time, so two clocks do no more than one; a bell that Redis did not take is rung again.
"""

from __future__ import annotations

import os
import signal
import threading

import click

from gateway import config
from gateway.environment import merged

EVERY = 5.0  # seconds; what the sweep finds is due since seconds at the least


@click.command
def command() -> None:
    """Ring for the sweep until SIGTERM."""
    settings = config.load(merged(os.environ))

    from gateway import logs
    from gateway.core.jobs import Sweep
    from gateway.queues.enqueue import Doorbell

    logs.configure()
    doorbell = Doorbell(settings.redis_url)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    while not told_to_stop.is_set():
        doorbell.ring([Sweep()])
        told_to_stop.wait(EVERY)
