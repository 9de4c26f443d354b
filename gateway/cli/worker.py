"""`gateway worker`: takes jobs from the queues; any number of them may run, on any machine."""

from __future__ import annotations

import os

import click

from gateway import config
from gateway.embedded.lifeline import end_forks_with_me
from gateway.environment import merged


@click.command
def command() -> None:
    """Send what is due and fetch recordings until SIGTERM."""
    os.environ.update(merged(os.environ))
    config.load(os.environ)
    end_forks_with_me()  # a job must not go on alone after its worker was killed: another worker would run it a second time

    from gateway import worker

    worker.run()
