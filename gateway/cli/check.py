"""`gateway check`: every fault of the flow files, their clips and channels.yaml in one run, each with its place; with `--transcripts`,
every conversation that goes otherwise than it was written down. Needs no database and no secrets."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.config import PACKAGE_ROOT

LESSONS = "lessons"  # as gateway.engine.loader has it; the engine is imported when it is used
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PLACE = click.Path(exists=True, path_type=Path)


@click.command("check")
@click.argument("path", type=PLACE, envvar="GATEWAY_FLOWS_DIR", default=PACKAGE_ROOT / "flows")
@click.option("--audio", type=FOLDER, envvar="GATEWAY_AUDIO_DIR", default=PACKAGE_ROOT / "audio_prompts", help="The folder of the clips.")
@click.option("--no-clips", is_flag=True, help="Look at the flow files alone.")
@click.option("--strict", is_flag=True, help="Warnings fail as faults do.")
@click.option("--transcripts", is_flag=True, help="Play the transcripts instead: those in PATH/transcripts, or PATH alone if it is a file.")
def command(path: Path, audio: Path, *, no_clips: bool, strict: bool, transcripts: bool) -> None:
    """Check the flows in PATH (the folder beside the package) and the clips that they need.

    A PATH that is one flow is checked beside the flows of its folder, or beside ours where it stands alone; only its own faults count.
    Ends with 0 where all is well, with 1 where something is faulty.
    """
    if transcripts:
        _play(path, audio)
    elif path.is_dir():
        _check_channels()
        _check(path, "", None if no_clips else audio, strict=strict)
    elif path.suffix == ".yaml":
        with _surroundings(path) as folder:
            name = f"{LESSONS}/{path.stem}" if folder.resolve() == path.resolve().parent.parent else path.stem
            _check(folder, name, None if no_clips else audio, strict=strict)
    else:
        raise click.UsageError(f"{path} is neither a flow nor a folder of flows. To play a transcript, add --transcripts.")


def _check_channels() -> None:
    """Check channels.yaml where there is one; its faults are printed by the command group."""
    from gateway import bootstrap
    from gateway.cli import channels

    path = channels.written_in()
    if path.exists():
        bootstrap.check_channels(path, None)


@contextmanager
def _surroundings(path: Path) -> Iterator[Path]:
    """The folder in which a flow is looked at: its own, or a copy of the configured one with this flow in it."""
    folder = path.resolve().parent.parent if path.resolve().parent.name == LESSONS else path.parent
    if (folder / "defaults.yaml").exists():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="aawaj-") as kept:
        copy = shutil.copytree(_configured(), Path(kept) / (path.resolve().parent.name or "flows"))
        shutil.copyfile(path, copy / path.name)
        yield copy


def _configured() -> Path:
    return Path(os.environ.get("GATEWAY_FLOWS_DIR") or PACKAGE_ROOT / "flows")


def _check(folder: Path, only: str, audio: Path | None, *, strict: bool) -> None:
    """Check a folder of flows, or of its files (`only`) one; without `audio` not the clips."""
    from gateway.audio.catalogue import open_clips
    from gateway.engine.loader import load
    from gateway.services import lengths
    from gateway.services.actions import SPECS

    file = f"{folder.resolve().name}/{only}.yaml:" if only else ""
    try:
        catalogue = load(folder.resolve(), SPECS)  # its faults are printed by the command group
    except ExceptionGroup as faults:
        own = faults.subgroup(lambda fault: getattr(fault, "where", "").startswith(file))
        if own is None:
            click.echo(f"{only}: no fault in itself, but other files of {folder} are faulty; correct those to see the rest.")
            return
        raise own from None
    needed = list(catalogue.clips())
    clips = open_clips(audio) if audio else None
    problems = [problem for problem in (clips.problems(needed) if clips else []) if f"/{Path(only).name}/" in problem or not only]
    for problem in problems:
        click.echo(problem, err=True)
    found = [finding for finding in lengths.findings(catalogue, folder.resolve(), clips) if finding.fault.where.startswith(file)]
    for finding in found:
        click.echo(f"warning: {finding.fault}" if finding.warning else str(finding.fault), err=True)
    if problems or any(strict or not finding.warning for finding in found):
        raise click.exceptions.Exit(1)
    if only:
        click.echo(f"{only}: all is well.")
        return
    for language in catalogue.defaults.drafts:
        missing = len(catalogue.missing_texts(language))
        click.echo(f"{language} is a draft that no caller is offered; {missing} of its texts are missing (see `gateway prompts check`).")
    warnings = f", {len(found)} warnings" if found else ""
    click.echo(f"{len(catalogue.flows)} flows, {len(needed)} clips in {len(catalogue.languages)} languages{warnings}: all is well.")


def _play(path: Path, audio: Path) -> None:
    """Play transcripts against the flows beside them; those of a single file elsewhere against the configured flows."""
    from gateway.errors import GatewayError
    from gateway.transcripts import grammar
    from gateway.transcripts.play import play
    from gateway.transcripts.stage import Stage

    if path.is_dir():
        flows, read = path, grammar.read_folder(path / "transcripts")
    else:
        beside = path.parent.name == "transcripts" and (path.parent.parent / "defaults.yaml").exists()
        flows, read = path.parent.parent if beside else _configured(), grammar.read_file(path)
    if not read:
        raise GatewayError("transcript:none", folder=path / "transcripts")
    otherwise = 0
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        stage = Stage(Path(folder), flows, audio)
        for transcript in read:
            try:
                difference: object = play(stage, transcript)
            except GatewayError as fault:
                difference = fault
            if difference is not None:
                otherwise += 1
                click.echo(difference, err=True)
    if otherwise:
        click.echo(f"{otherwise} of {len(read)} conversations went otherwise than written.", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{len(read)} conversations went as written.")
