"""`gateway retention`: how long each thing is kept, and why."""

from __future__ import annotations

import os

import click


@click.command("retention")
def command() -> None:
    """Show how long each thing is kept, why, and what would go now. The sweep takes it away, once a day."""
    from gateway import bootstrap
    from gateway.services import retention

    for planned in retention.plan(bootstrap.from_environment(os.environ)):
        rule = planned.rule
        period = f"{rule.days} days" if rule.days else "kept"
        click.echo(f"{rule.purge or rule.table:<24}{period:>9}{planned.rows:>9}  {rule.why}")
