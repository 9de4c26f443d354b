"""`gateway prompts`: which clips there are and what is wrong with them, the script for whoever records them, and taking recordings in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway import config
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.engine.definition import Catalogue

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The flows, and the folder of the clips."""

    audio: Path
    catalogue: Catalogue

    @property
    def required(self) -> list[tuple[str, str, str]]:
        """Language, clip, text of every clip, those of drafts too."""
        return list(self.catalogue.clips(drafts=True))

    @property
    def drafts(self) -> tuple[str, ...]:
        return self.catalogue.defaults.drafts

    def texts(self, language: str) -> dict[str, str]:
        """What each clip of a language says. Raises GatewayError `language:unknown` for one that no flow speaks."""
        known = (*self.catalogue.languages, *self.drafts)
        if language not in known:
            raise GatewayError("language:unknown", language=language, known=", ".join(known))
        return {clip: text for code, clip, text in self.required if code == language}


@click.group("prompts")
@click.option("--flows", type=FOLDER, envvar="GATEWAY_FLOWS_DIR", default=config.PACKAGE_ROOT / "flows")
@click.option("--audio", type=click.Path(path_type=Path), envvar="GATEWAY_AUDIO_DIR", default=config.PACKAGE_ROOT / "audio_prompts")
@click.pass_context
def command(context: click.Context, flows: Path, audio: Path) -> None:
    """The clips that callers hear: what there is, what is wrong, the script to record them by, and taking recordings in."""
    from gateway.engine.loader import load
    from gateway.services.actions import SPECS

    context.obj = Prompts(audio, load(flows, SPECS))


@command.command("list")
@click.argument("language", required=False)
@click.pass_obj
def list_clips(prompts: Prompts, language: str | None) -> None:
    """How much of each language is recorded; with a LANGUAGE every clip of it: number, name, state, seconds, text."""
    from gateway.audio.catalogue import open_clips
    from gateway.audio.coverage import coverage
    from gateway.audio.numbers import read_numbers

    clips = open_clips(prompts.audio)
    if language:
        manifest, numbers = clips.manifests.get(language, {}), read_numbers(prompts.audio).by_clip
        for clip, text in sorted(prompts.texts(language).items()):
            entry = clips.manifests.get(language, {}).get(clip)
            state = "missing" if entry is None else entry.source if entry.text == text else f"{entry.source}, stale"
            seconds = manifest[clip].seconds if clip in manifest else 0.0
            click.echo(f"{numbers.get((language, clip), '-')}\t{clip}\t{state}\t{seconds:.1f}\t{text}")
        return
    click.echo("language  needed  recorded  placeholder  missing  stale  seconds")
    for row in coverage(clips, prompts.required):
        counts = f"{row.needed:6}  {row.recorded:8}  {row.placeholder:11}  {row.missing:7}  {row.stale:5}  {row.seconds:7.0f}"
        click.echo(f"{row.language:8}  {counts}{_draft_note(prompts, row.language)}")


def _draft_note(prompts: Prompts, language: str) -> str:
    if language not in prompts.drafts:
        return ""
    untold = len(prompts.catalogue.missing_texts(language))
    return f"  draft, {untold} texts missing" if untold else "  draft, all texts there"


@command.command("build")
@click.argument("languages", nargs=-1)
@click.pass_obj
def build_clips(prompts: Prompts, languages: tuple[str, ...]) -> None:
    """Make placeholders for clips that are missing or stale, of all LANGUAGES that callers are offered, or of those named.

    Drafts are built when they are named. Recordings are left alone.
    """
    from gateway.audio.build import build
    from gateway.audio.placeholder import Voice

    wanted = languages or prompts.catalogue.languages
    required = [(language, clip, text) for language in wanted for clip, text in prompts.texts(language).items()]
    built = build(prompts.audio, required, Voice().speak)
    click.echo(f"{len(built.made)} clips made, {len(built.dropped)} dropped, {len(required) - len(built.made)} kept as they were")


@command.command("check")
@click.pass_obj
def check_clips(prompts: Prompts) -> None:
    """Name every clip that is missing, stale, silent, clipped, uneven or surrounded by silence, with what to do.

    Ends with 1 when anything is wrong with a language that callers are offered; a draft is only reported.
    """
    from gateway.audio.catalogue import open_clips
    from gateway.audio.coverage import findings

    found = findings(open_clips(prompts.audio), prompts.required)
    wrong = [finding for finding in found if finding.language not in prompts.drafts]
    for finding in wrong:
        click.echo(f"{finding} [clip:{finding.kind}]")
    for language in prompts.drafts:
        missing = sum(finding.kind == "missing" for finding in found if finding.language == language)
        others = [finding for finding in found if finding.language == language and finding.kind != "missing"]
        for finding in others:
            click.echo(f"draft: {finding} [clip:{finding.kind}]")
        for name in prompts.catalogue.missing_texts(language):
            click.echo(f"draft: {language} has no text for {name}")
        if missing:
            click.echo(f"draft: {language} has {missing} clips missing; `gateway prompts build {language}` makes placeholders")
    if wrong:
        raise click.exceptions.Exit(1)
    click.echo(f"all {len(list(prompts.catalogue.clips()))} clips are there and sound alike")


@command.command("script")
@click.argument("language")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file: .html is a page to print, .csv a table.")
@click.pass_obj
def write_script(prompts: Prompts, language: str, out: Path | None) -> None:
    """The recording script of LANGUAGE: what to read, what it means, its file name and number, and what comes before and after.

    Without --out it is printed as CSV. Clips that have no number yet get one for good.
    """
    from gateway.audio import script
    from gateway.audio.catalogue import open_clips
    from gateway.audio.numbers import give_numbers

    texts = prompts.texts(language)
    by_clip = give_numbers(prompts.audio, [(language, clip) for clip in texts]).by_clip
    numbers = {clip: number for (code, clip), number in by_clip.items() if code == language}
    manifest = open_clips(prompts.audio).manifests.get(language, {})
    lines = script.script(prompts.catalogue, language, numbers, manifest)
    if out is None:
        click.echo(script.as_csv(lines), nl=False)
    elif out.suffix.lower() in {".html", ".htm"}:
        titles = {name: flow.title.get("en", name) for name, flow in prompts.catalogue.flows.items()}
        out.write_text(script.as_page(lines, language, titles), encoding="utf-8")
    else:
        out.write_text(script.as_csv(lines), encoding="utf-8-sig")  # with the mark, spreadsheets read Devanagari
    if out is not None:
        click.echo(f"{len(lines)} clips in {out}")


@command.command("import")
@click.argument("language")
@click.argument("recordings", type=FOLDER)
@click.pass_obj
def import_recordings(prompts: Prompts, language: str, recordings: Path) -> None:
    """Take in a folder of RECORDINGS in LANGUAGE, named as in the script: claim_status/paid-1.mp3, or by number: 10012.wav.

    WAV, MP3, Ogg, FLAC, M4A at any rate; trimmed and levelled. A part of the clips is enough, and the folder itself is not changed.
    Ends with 1 when a file was refused; the others are taken all the same.
    """
    from gateway.audio.numbers import read_numbers
    from gateway.audio.taking import take_folder

    taken = take_folder(prompts.audio, recordings, language, prompts.texts(language), read_numbers(prompts.audio))
    for clip in taken.clips:
        click.echo(f"taken: {language}/{clip}")
    for doubt in taken.doubts:
        click.echo(f"listen: {language}/{doubt}")
    for fault in taken.refused:
        click.echo(f"refused: {fault}")
    click.echo(f"{len(taken.clips)} taken, {len(taken.refused)} refused")
    if taken.refused:
        raise click.exceptions.Exit(1)


@command.command("waiting")
def list_waiting() -> None:
    """What was recorded by phone and waits for approval: number, clip, when, its file to listen to, what was to be read."""
    from gateway import bootstrap
    from gateway.services import studio

    gateway = bootstrap.from_environment(os.environ)
    rows = studio.waiting(gateway)
    for row in rows:
        where = row.file or "(not fetched yet)"
        click.echo(f"{row.number}\t{row.take.language}/{row.take.clip}\t{row.take.created_at:%Y-%m-%d %H:%M}\t{where}\t{row.take.text}")
    if not rows:
        click.echo("nothing waits")


@command.command("approve")
@click.argument("number")
def approve_recording(number: str) -> None:
    """Let callers hear what was recorded by phone for the clip NUMBER."""
    from gateway import bootstrap
    from gateway.services import studio

    take = studio.approve(bootstrap.from_environment(os.environ), number)
    click.echo(f"{take.language}/{take.clip}: recorded")


@command.command("reject")
@click.argument("number")
def reject_recording(number: str) -> None:
    """Throw away what was recorded by phone for the clip NUMBER."""
    from gateway import bootstrap
    from gateway.services import studio

    take = studio.reject(bootstrap.from_environment(os.environ), number)
    click.echo(f"{take.language}/{take.clip}: rejected")
