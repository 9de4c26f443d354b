"""A transcript played against a scene, and what went otherwise. Every thing that reaches her must be written down, in its order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.core.events import (
    CallAnswered,
    DigitsPressed,
    Input,
    MessageReceived,
    RecordingMade,
    SilenceHeard,
    TransferEnded,
)
from gateway.errors import GatewayError
from gateway.providers.base import StatusReport
from gateway.services import calls
from gateway.transcripts import given
from gateway.transcripts.grammar import DEEDS, SETTINGS, Entry, Transcript
from gateway.transcripts.matching import REST, is_heard, same_words
from gateway.transcripts.stage import EMPTY, NO_OFFICE, Scene, Stage
from gateway.transcripts.telephone import Heard, Line, Said

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
ORDER = ("hears", "is put through", "gets", "gets nothing", "leaves a task", "the call ends")  # in which outcomes of one deed are told


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that came of a deed. `said` is the prompt of one that was heard."""

    verb: str
    value: str = ""
    said: Said | None = None

    def __str__(self) -> str:
        return (
            f'{self.verb}: "{self.value}"' if self.verb in {"hears", "gets"} else f"{self.verb}: {self.value}" if self.value else self.verb
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a conversation left its transcript: the deed after which it did, and what was expected and came, line by line."""

    title: str
    place: str
    deed: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        after = f", after `{self.deed}`" if self.deed else ""
        return "\n".join((f"{self.place}: {self.title}{after}:", *(f"    {line}" for line in self.lines)))


@dataclass
class Player:
    """One transcript on its way through a scene."""

    scene: Scene
    number: str | None = None  # who acts; None: her number is withheld
    line: Line | None = None  # the call that is going on
    heard: Heard | None = None
    count: int = 0

    def perform(self, entry: Entry) -> list[Outcome]:
        """Do what a line says. Raises GatewayError `transcript:impossible` where that cannot be done now."""
        if entry.number is not None:
            self.number = entry.number or None
        if entry.verb == "after":
            amount, unit = entry.value.split()
            self.scene.move(int(amount) * timedelta(seconds=UNITS[unit.removesuffix("s")]))
            return self._told([])
        if entry.verb == "texts":
            answer = self._new_line("sms").text(MessageReceived(entry.value))
            return self._told([Outcome("gets", answer) if answer else Outcome("gets nothing")])
        if entry.verb in {"calls", "picks up"}:
            return self._begin(entry)
        if entry.verb == "hangs up":
            self._hang_up(entry)
            return self._told([])
        return self._go_on(entry)

    def _new_line(self, medium: str) -> Line:
        self.count += 1
        return Line(self.scene.gateway, "sms" if medium == "sms" else "voice", self.number, f"transcript-{self.count}")

    def _begin(self, entry: Entry) -> list[Outcome]:
        if self.heard is not None and not self.heard.over:
            raise GatewayError("transcript:impossible", where=entry.place, reason="a call is still going on; write `hangs up` before")
        self.line = self._new_line("voice")
        if entry.verb == "calls":
            return self._hears(self.line.call(CallAnswered()))
        delivery_id = self.scene.tell(self.number or "", entry.value)
        if delivery_id is None:
            raise GatewayError("transcript:impossible", where=entry.place, reason="a broadcast does not ring this phone")
        return self._hears(self.line.picked_up(CallAnswered(), delivery_id))

    def _hang_up(self, entry: Entry) -> None:
        if self.line is None or self.heard is None:
            raise GatewayError("transcript:impossible", where=entry.place, reason="no call is going on")
        calls.reported(self.scene.gateway, StatusReport(self.line.gateway.providers.main.name, self.line.external_id, "completed"))
        self.line = self.heard = None

    def _go_on(self, entry: Entry) -> list[Outcome]:
        if self.line is None or self.heard is None or self.heard.over:
            raise GatewayError("transcript:impossible", where=entry.place, reason="no call is going on")
        event = event_of(entry, self.heard)
        return self._hears(self.line.call(event, self.heard.step))

    def _hears(self, heard: Heard) -> list[Outcome]:
        self.heard = heard
        outcomes = [Outcome("hears", said.text, said) for said in heard.said]
        if heard.put_through:
            outcomes.append(Outcome("is put through"))
        outcomes += [Outcome("leaves a task", kind) for kind in heard.tasks]
        if heard.over:
            outcomes.append(Outcome("the call ends"))
        return self._told(outcomes)

    def _told(self, outcomes: list[Outcome]) -> list[Outcome]:
        """What came of it in the order in which it is told, with the texts that were promised meanwhile."""
        outcomes += [Outcome("gets", text) for text in self.scene.promised()]
        return sorted(outcomes, key=lambda outcome: ORDER.index(outcome.verb))


def event_of(entry: Entry, heard: Heard) -> Input:
    """What a line does to the wait where the call stands. Raises GatewayError `transcript:impossible` where nobody waits for it."""
    wanted = {"says": "speech", "says nothing": "speech", "talks to the person": "transfer", "nobody answers": "transfer"}
    waits_for = "keys" if heard.waits_for == "key" else heard.waits_for
    needed = wanted.get(entry.verb, "keys")
    if waits_for != needed and not (entry.verb in {"waits", "presses"} and waits_for == "speech"):
        reason = {"keys": "keys are awaited", "speech": "she is asked to speak", "transfer": "the call is put through"}[waits_for]
        raise GatewayError("transcript:impossible", where=entry.place, reason=reason)
    match entry.verb:
        case "presses":
            keys = entry.value.replace(" ", "")
            if waits_for == "speech":
                return RecordingMade("", 0, keys[:1])
            return DigitsPressed(keys[: heard.most] if heard.most else keys)
        case "says":
            return RecordingMade(f"transcript-{entry.place}", int(entry.value.split()[1]))
        case "talks to the person" | "nobody answers":
            return TransferEnded(answered=entry.verb == "talks to the person")
        case _:
            return SilenceHeard()


def play(stage: Stage, transcript: Transcript) -> Difference | None:
    """Play one transcript; None where it went as written, else the first place where it did not.

    Raises GatewayError `transcript:given` and `transcript:impossible`.
    """
    settings = [entry for entry in transcript.entries if entry.verb in SETTINGS]
    scene = _scene(stage, settings)
    try:
        for entry in settings:
            if entry.verb == "given":
                given.set_up(scene, entry)
        player = Player(scene)
        for deed, expected in _scenes(transcript.entries[len(settings) :]):
            came = player.perform(deed)
            if not _as_expected(expected, came):
                return Difference(transcript.title, deed.place, str(deed), tuple(_compared(expected, came)))
    finally:
        scene.gateway.database.close()
    return None


def _scene(stage: Stage, settings: Sequence[Entry]) -> Scene:
    said = {entry.value for entry in settings}
    try:
        moments = [given.instant(entry.value) for entry in settings if entry.verb == "at"]
    except ValueError:
        place = next(entry.place for entry in settings if entry.verb == "at")
        raise GatewayError("transcript:malformed", where=place, verb="at", example="at: 2026-11-22 21:00") from None
    return stage.scene(moments[-1] if moments else None, sample_members=EMPTY not in said, office_phone=NO_OFFICE not in said)


def _scenes(entries: Iterable[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """Each deed with what is to come of it, in the order in which outcomes are told."""
    scenes: list[tuple[Entry, list[Entry]]] = []
    for entry in entries:
        if entry.verb in DEEDS:
            scenes.append((entry, []))
        else:
            scenes[-1][1].append(entry)
    return [(deed, sorted(expected, key=lambda entry: ORDER.index(entry.verb))) for deed, expected in scenes]


def _as_expected(expected: Sequence[Entry], came: Sequence[Outcome]) -> bool:
    """Whether everything came as written; a line `hears: ...` takes whatever else is said there."""
    if not expected or not came:
        return not came and all(_is_rest(entry) for entry in expected)
    first, rest = expected[0], expected[1:]
    if _is_rest(first):
        return _as_expected(rest, came) or (came[0].verb == "hears" and _as_expected(expected, came[1:]))
    return _matches(first, came[0]) and _as_expected(rest, came[1:])


def _is_rest(entry: Entry) -> bool:
    return entry.verb == "hears" and entry.value in (REST, "…")


def _matches(entry: Entry, outcome: Outcome) -> bool:
    if entry.verb != outcome.verb:
        return False
    if outcome.said is not None:
        return is_heard(entry.value, outcome.said)
    return entry.value == outcome.value if entry.verb == "leaves a task" else same_words(entry.value, outcome.value)


def _compared(expected: Sequence[Entry], came: Sequence[Outcome]) -> Iterable[str]:
    """The lines of both, `expected` before what did not come and `instead` before what came."""
    wanted = [str(entry) for entry in expected]
    got = [next((str(entry) for entry in expected if _matches(entry, outcome)), str(outcome)) for outcome in came]
    for line in difflib.ndiff(wanted, got):
        mark = {"- ": "expected  ", "+ ": "instead   ", "  ": "          "}.get(line[:2])
        if mark:
            yield mark + line[2:]
