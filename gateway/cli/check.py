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
def command(path: Path, audio: Path, *, no_clips: bool) -> None:
    """Check the flows in PATH (the folder beside the package) and the clips that they need.

    Ends with 0 where all is well, with 1 where something is faulty.
    """
    from gateway.audio.catalogue import open_clips
    from gateway.engine.loader import load
    from gateway.services.actions import SPECS

    catalogue = load(path, SPECS)  # its faults are printed by the command group
    clips = list(catalogue.clips())
    problems = [] if no_clips else open_clips(audio).problems(clips)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    for language in catalogue.defaults.drafts:
        missing = len(catalogue.missing_texts(language))
        click.echo(f"{language} is a draft that no caller is offered; {missing} of its texts are missing (see `gateway prompts check`).")
    click.echo(f"{len(catalogue.flows)} flows, {len(clips)} clips in {len(catalogue.languages)} languages: all is well.")
