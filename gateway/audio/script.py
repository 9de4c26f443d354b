"""The recording script of a language: what a voice artist reads, in the order in which callers hear it, as CSV and as a page to print."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields, is_dataclass
from operator import attrgetter

from gateway.audio.catalogue import Manifest
from gateway.engine.definition import Catalogue, Flow, Fragment, Prompt, Slot
from gateway.engine.wording import ITS_NAME, is_name
from gateway.language.speech import vocabulary

ENGLISH = "en"
PHRASES, NUMBERS = "phrases", "numbers and words"
ALONE, MIDDLE, FINAL = "alone", "middle", "final"


@dataclass(frozen=True, slots=True)
class Line:
    """One clip. `place`: `alone`, `middle` (the voice stays up, words follow) or `final` (the voice comes down).

    `before` and `after` are what a caller hears around it; in braces what differs from call to call. `seconds` are the placeholder's.
    """

    group: str
    number: str
    file: str
    text: str
    gloss: str
    place: str
    before: str
    after: str
    seconds: float
    state: str


def script(catalogue: Catalogue, language: str, numbers: Mapping[str, str], manifest: Manifest) -> list[Line]:
    """All clips of a language: flow by flow as a call meets them, then the phrases, then numbers and words.

    `numbers` gives the number of each clip that has one.
    """
    lines: dict[str, Line] = {}

    def add(group: str, clip: str, text: str, gloss: str, around: tuple[str, str, str]) -> None:
        entry = manifest.get(clip)
        state = "missing" if entry is None else "stale" if entry.text != text else entry.source
        seconds = entry.seconds if entry else 0.0
        lines.setdefault(clip, Line(group, numbers.get(clip, ""), f"{clip}.wav", text, gloss, *around, round(seconds, 1), state))

    uses: dict[str, tuple[str, str, str]] = {}
    phrases = {f"phrase/{name}": texts for name, texts in catalogue.phrases.items()}
    for group, prompt in prompts_in_order(catalogue):
        pieces = prompt.pieces.get(language, ())
        for at, piece in enumerate(pieces):
            if isinstance(piece, Fragment) and piece.clip and piece.clip not in phrases:
                add(group, piece.clip, piece.text.strip(), _sentence(prompt, ENGLISH), _around(pieces, at))
            for clip in _phrases_at(piece, phrases):
                uses.setdefault(clip, _around(pieces, at))
    for clip, texts in phrases.items():
        if language in texts:
            add(PHRASES, clip, texts[language], texts.get(ENGLISH, ""), uses.get(clip, (ALONE, "", "")))
    english = vocabulary(ENGLISH)
    for clip, word in vocabulary(language).items():
        group, _, index = clip.partition("/")
        meaning = index if group in {"number", "digit"} else english.get(clip, index.replace("_", " "))
        add(NUMBERS, clip, word, meaning, (MIDDLE, "", ""))
    return list(lines.values())


def _phrases_at(piece: Fragment | Slot, phrases: Iterable[str]) -> list[str]:
    """The clips of phrases that may be heard here: of a name, that of each organisation."""
    if isinstance(piece, Fragment):
        return [piece.clip] if piece.clip in phrases else []
    return [clip for clip in phrases if piece == ITS_NAME and is_name(clip.removeprefix("phrase/"))]


def prompts_in_order(catalogue: Catalogue) -> Iterator[tuple[str, Prompt]]:
    """Every prompt with its flow's name, in the order in which a call meets the flows; what every flow shares comes last."""
    for name in _flows_in_order(catalogue):
        flow = catalogue.flows[name]
        own = {prompt.name: prompt for step in flow.steps.values() for prompt in step.prompts()}
        yield from ((name, prompt) for prompt in own.values() if prompt.name.startswith(f"{name}/"))
    defaults = catalogue.defaults
    yield from (("defaults", prompt) for prompt in (*defaults.on_silence, *defaults.on_wrong))


def _flows_in_order(catalogue: Catalogue) -> list[str]:
    """From the flow with which a call begins to those that it leads to; flows that no call leads to (a broadcast) at the end."""
    reached: list[str] = []
    waiting = [catalogue.defaults.main]
    while waiting:
        name = waiting.pop(0)
        if name not in reached:
            reached.append(name)
            waiting += [led for led in _led_to(catalogue.flows[name], catalogue.flows) if led != catalogue.defaults.give_up]
    return reached + [name for name in catalogue.flows if name not in reached]


def _led_to(flow: Flow, flows: Mapping[str, Flow]) -> Iterator[str]:
    for step in flow.steps.values():
        yield from (name for name in _texts_in(step) if name in flows and name not in flow.steps)


def _texts_in(value: object) -> Iterator[str]:
    """Every text that stands somewhere in a step: targets are among them, whatever the kind of step calls them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts_in(inner)
    elif is_dataclass(value) and not isinstance(value, (type, Prompt)):
        for field in fields(value):
            yield from _texts_in(getattr(value, field.name))


def _around(pieces: tuple[Fragment | Slot, ...], at: int) -> tuple[str, str, str]:
    """How the piece is to be spoken, what comes before it and what after."""
    before, after = _words(pieces[:at]), _words(pieces[at + 1 :])
    place = MIDDLE if after else FINAL if before else ALONE
    return place, before, after


def _words(pieces: Iterable[Fragment | Slot]) -> str:
    words = "".join(f"{{{piece.name}}}" if isinstance(piece, Slot) else piece.text for piece in pieces).strip()
    return words if any(character.isalnum() for character in words) else ""


def _sentence(prompt: Prompt, language: str) -> str:
    return _words(prompt.pieces.get(language, ()))


def as_csv(lines: Iterable[Line]) -> str:
    """The script for a spreadsheet, with a heading."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(field.name for field in fields(Line))
    writer.writerows(astuple(line) for line in lines)
    return table.getvalue()


PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 14mm 12mm; }}
body {{ font: 11pt/1.4 "Noto Sans Devanagari", "Noto Sans", Mangal, sans-serif; color: #000; max-width: 190mm; margin: 0 auto; }}
h1 {{ font-size: 16pt; margin: 0 0 2mm; }}
h2 {{ font-size: 13pt; margin: 6mm 0 1mm; break-after: avoid; }}
p {{ margin: 0 0 2mm; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
th, td {{ border-bottom: 0.3mm solid #999; padding: 1mm 1.5mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }}
th {{ font-size: 8.5pt; }}
.n {{ width: 15mm; font-variant-numeric: tabular-nums; }} .s {{ width: 11mm; }} .f {{ width: 42mm; font-size: 8.5pt; }}
.text {{ font-size: 13pt; }} .around {{ font-size: 9pt; color: #444; }} .gloss {{ font-size: 9pt; font-style: italic; }}
</style>
<h1>{title}</h1>
<p>{count} clips, about {minutes} minutes. Read the large line; the grey words around it are what the caller hears before and after it.
An arrow &rarr; means that words follow: keep the voice up. Without it, let the voice come down. Save each clip under its file name or its
number (for example 10012.wav); a line that is ticked (&#10003;) is recorded already.</p>
{groups}
</html>
"""
GROUP = """<h2>{name}</h2>
<table><thead><tr><th class="n">number</th><th>text</th><th class="f">file</th><th class="s">s</th></tr></thead>
<tbody>
{rows}
</tbody></table>
"""


def as_page(lines: list[Line], language: str, titles: Mapping[str, str]) -> str:
    """The script as one page that needs nothing else, to print on A4. `titles` names the flows for people."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.group, []).append(line)
    return PAGE.format(
        language=html.escape(language),
        title=f"Recording script: {html.escape(language)}",
        count=len(lines),
        minutes=max(1, round(sum(map(attrgetter("seconds"), lines)) / 60)),
        groups="".join(
            GROUP.format(name=html.escape(titles.get(name, name)), rows="\n".join(map(_row, inside))) for name, inside in groups.items()
        ),
    )


def _row(line: Line) -> str:
    before = f'<span class="around">{html.escape(line.before)} </span>' if line.before else ""
    after = f'<span class="around"> &rarr; {html.escape(line.after)}</span>' if line.after else " &rarr;" if line.place == MIDDLE else ""
    gloss = f'<br><span class="gloss">{html.escape(line.gloss)}</span>' if line.gloss and line.gloss != line.text else ""
    done = " &#10003;" if line.state == "recorded" else ""
    return (
        f'<tr><td class="n">{line.number}{done}</td><td>{before}<span class="text">{html.escape(line.text)}</span>{after}{gloss}</td>'
        f'<td class="f">{html.escape(line.file)}</td><td class="s">{line.seconds:.1f}</td></tr>'
    )
