"""`gateway bench`: this gateway against floors of the same machine. What measures is part of the repository, not of the package."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from gateway.config import PACKAGE_ROOT

QUICK_ROUNDS, USUAL_ROUNDS = 3, 5


@click.command
@click.option("--rounds", type=click.IntRange(min=1), help=f"Rounds of each measurement.  [default: {USUAL_ROUNDS}; quick: {QUICK_ROUNDS}]")
@click.option("--quick", is_flag=True, help="Small rounds: a look, not a result.")
@click.option("--postgres", metavar="URL", help="Measure on PostgreSQL too; a database is made in this server, and dropped again.")
def command(rounds: int | None, *, quick: bool, postgres: str | None) -> None:
    """Measure calls and sending against floors of this machine, and print the ratios with their targets.

    It uses folders and programs of its own: your data is not touched, and nothing leaves this machine. Exit code 1: a target was missed.
    """
    if not (PACKAGE_ROOT / "benchmarks" / "run.py").exists():
        raise click.UsageError("The measurements are not part of the installed package. Run this in a copy of the repository.")
    sys.path.insert(0, str(PACKAGE_ROOT))
    measurement = import_module("benchmarks.run")
    wanted = rounds or (QUICK_ROUNDS if quick else USUAL_ROUNDS)
    if not measurement.run(wanted, quick=quick, postgres=postgres, say=click.echo):
        raise click.exceptions.Exit(1)
