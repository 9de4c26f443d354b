"""`gateway prompts`: which clips there are, making those that are missing, taking in recordings, finding what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import config

Required = list[tuple[str, str, str]]  # language, clip, text


@click.group("prompts")
@click.option("--flows", type=click.Path(path_type=Path, exists=True), envvar="GATEWAY_FLOWS_DIR", default=config.PACKAGE_ROOT / "flows")
@click.option("--audio", type=click.Path(path_type=Path), envvar="GATEWAY_AUDIO_DIR", default=config.PACKAGE_ROOT / "audio_prompts")
@click.pass_context
def command(context: click.Context, flows: Path, audio: Path) -> None:
    """List, build and check the clips that callers hear."""
    from gateway.engine.loader import load
    from gateway.services.actions import SPECS

    context.obj = (audio, list(load(flows, SPECS).clips()))


@command.command("list")
@click.argument("language", required=False)
@click.pass_obj
def list_clips(obj: tuple[Path, Required], language: str | None) -> None:
    """How much of each language is recorded; with a LANGUAGE every clip of it, as a sheet for the recording."""
    from gateway.audio.catalogue import open_clips

    audio, required = obj
    clips = open_clips(audio)
    if language:
        for _, clip, text in sorted(row for row in required if row[0] == language):
            entry = clips.manifests.get(language, {}).get(clip)
            click.echo(f"{clip}\t{entry.source if entry else 'missing'}\t{entry.seconds if entry else 0:.1f}\t{text}")
        return
    click.echo("language  needed  recorded  placeholder  missing  seconds")
    for each in sorted({row[0] for row in required}):
        entries = [clips.manifests.get(each, {}).get(clip) for code, clip, _ in required if code == each]
        sources = [entry.source if entry else "missing" for entry in entries]
        counts = [sources.count(source) for source in ("recorded", "placeholder", "missing")]
        seconds = sum(entry.seconds for entry in entries if entry)
        click.echo(f"{each:8}  {len(entries):6}  {counts[0]:8}  {counts[1]:11}  {counts[2]:7}  {seconds:7.0f}")


@command.command("build")
@click.pass_obj
def build_clips(obj: tuple[Path, Required]) -> None:
    """Make placeholders for clips that are missing or stale. Recordings are left alone."""
    from gateway.audio.build import build
    from gateway.audio.placeholder import Voice

    audio, required = obj
    built = build(audio, required, Voice().speak)
    click.echo(f"{len(built.made)} clips made, {len(built.dropped)} dropped, {len(required) - len(built.made)} kept as they were")


@command.command("take")
@click.argument("language")
@click.argument("recordings", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def take_recordings(obj: tuple[Path, Required], language: str, recordings: Path) -> None:
    """Take in a folder of RECORDINGS in LANGUAGE, named as the clips are: claim_status/paid-1.wav. The folder itself is not changed."""
    from gateway.audio.build import take

    audio, required = obj
    for clip in take(audio, recordings, language, required):
        click.echo(f"{language}/{clip}: recorded")


@command.command("check")
@click.pass_obj
def check_clips(obj: tuple[Path, Required]) -> None:
    """Print what is wrong with the clips, and exit 1 when anything is."""
    from gateway.audio.catalogue import open_clips

    audio, required = obj
    problems = open_clips(audio).problems(required)
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo(f"all {len(required)} clips are there")
