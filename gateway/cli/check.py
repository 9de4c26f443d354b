"""`gateway check`: every fault of the flow files and their clips in one run, each with its place. Needs no database and no secrets."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.config import PACKAGE_ROOT

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("check")
@click.argument("path", type=FOLDER, envvar="GATEWAY_FLOWS_DIR", default=PACKAGE_ROOT / "flows")
@click.option("--audio", type=FOLDER, envvar="GATEWAY_AUDIO_DIR", default=PACKAGE_ROOT / "audio_prompts", help="The folder of the clips.")
@click.option("--no-clips", is_flag=True, help="Look at the flow files alone.")
@click.option("--strict", is_flag=True, help="Warnings fail as faults do.")
def command(path: Path, audio: Path, *, no_clips: bool, strict: bool) -> None:
    """Check the flows in PATH (the folder beside the package) and the clips that they need.

    Ends with 0 where all is well, with 1 where something is faulty.
    """
    from gateway.audio.catalogue import open_clips
    from gateway.engine.loader import load
    from gateway.services import lengths
    from gateway.services.actions import SPECS

    catalogue = load(path, SPECS)  # its faults are printed by the command group
    needed = list(catalogue.clips())
    clips = None if no_clips else open_clips(audio)
    problems = clips.problems(needed) if clips else []
    for problem in problems:
        click.echo(problem, err=True)
    found = lengths.findings(catalogue, path, clips)
    for finding in found:
        click.echo(f"warning: {finding.fault}" if finding.warning else str(finding.fault), err=True)
    if problems or any(strict or not finding.warning for finding in found):
        raise click.exceptions.Exit(1)
    warnings = f", {len(found)} warnings" if found else ""
    click.echo(f"{len(catalogue.flows)} flows, {len(needed)} clips in {len(catalogue.languages)} languages{warnings}: all is well.")
