"""What a task costs a caller: keys, seconds to the answer, seconds of the call, counted on the clips' real sound. flows/budget.yaml has
the tasks and their limits.

She hears the greeting, hears her own option to its end, takes a second to press, and half a second for each further key; half a second
after a key we begin to speak. She hears the rest of what is said and hangs up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from gateway.audio.catalogue import ClipCatalogue
from gateway.audio.sentences import sentence_ends, sentences
from gateway.core.events import RecordingAwaited
from gateway.engine import document, loader
from gateway.engine.document import Node
from gateway.errors import GatewayError
from gateway.language.speech import vocabulary
from gateway.transcripts import given, grammar
from gateway.transcripts.grammar import SETTINGS, Entry
from gateway.transcripts.play import Player
from gateway.transcripts.stage import Stage
from gateway.transcripts.telephone import Heard, Said

REACTION = 1.0  # seconds from the end of her option to the key
BETWEEN_KEYS = 0.5
BREATH = 0.5  # after a key, before we speak
BEEP = 0.5  # before she speaks
LIMITS = ("keys", "answer", "early", "call")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a caller wants. `answer` is the prompt that she called for; where `begins` is a prompt, the seconds to the answer
    and the keys count from the moment at which she has heard it and wants something else."""

    title: str
    limits: Mapping[str, float]
    answer: str
    begins: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a walk cost: `answer` are the seconds to the end of the answer, `call` those of the whole call."""

    keys: int
    answer: float
    call: float


@dataclass(frozen=True, slots=True)
class Row:
    """A task in one language beside its limits; `over` names those that are passed."""

    task: Task
    language: str
    costs: Mapping[str, float]

    @property
    def over(self) -> tuple[str, ...]:
        return tuple(name for name in self.task.limits if round(self.costs[name], 1) > self.task.limits[name])


# --- reading ------------------------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[Task]:
    """The tasks of flows/budget.yaml. Raises an ExceptionGroup of GatewayErrors `budget:malformed`, `transcript:*` and `flow:*`."""
    file = f"{path.parent.name}/{path.name}"
    try:
        root = document.parse(loader.read_text(path, path.parent), file)
        return [_task(title, node) for title, node in root.value.items()] if isinstance(root.value, dict) else []
    except (OSError, ValueError) as error:
        raise ExceptionGroup("the budget is faulty", [GatewayError("flow:unreadable", where=f"{file}:1:1", reason=str(error))]) from None
    except GatewayError as fault:
        raise ExceptionGroup("the budget is faulty", [fault]) from None


def _task(title: str, node: Node) -> Task:
    keys = node.value if isinstance(node.value, dict) else {}
    unknown = keys.keys() - {"limits", "answer", "from", "lines"}
    if unknown or not {"limits", "answer", "lines"} <= keys.keys():
        reason = f"{title!r} must have limits, answer and lines, and may have from."
        raise GatewayError("budget:malformed", where=node.key_place, reason=reason)
    limits = keys["limits"].value
    if not isinstance(limits, dict) or not limits.keys() <= set(LIMITS) or not all(_is_number(one) for one in limits.values()):
        reason = "Limits are numbers: {keys: 1, answer: 20, early: 8, call: 60}."
        raise GatewayError("budget:malformed", where=keys["limits"].place, reason=reason)
    entries = grammar.lines_of(title, keys["lines"])
    begins = keys["from"].value if "from" in keys else ""
    return Task(title, {name: float(str(one.value)) for name, one in limits.items()}, str(keys["answer"].value), str(begins), entries)


def _is_number(node: Node) -> bool:
    return isinstance(node.value, str) and bool(re.fullmatch(r"[0-9]{1,3}(\.[0-9])?", node.value))


# --- walking ------------------------------------------------------------------------------------------------------------------------


@dataclass
class Walker:
    """Plays tasks and keeps the clock. `stage` has the flows, `clips` the seconds; what was found in a sound is kept."""

    stage: Stage
    clips: ClipCatalogue
    _ends: dict[tuple[str, str], list[tuple[str, float]]] = field(default_factory=dict)

    def row(self, task: Task, language: str) -> Row:
        """Walk a task in a language: once as who listens, and for `early` once as who knows the keys."""
        cost = self.walk(task, language)
        costs = {"keys": float(cost.keys), "answer": cost.answer, "call": cost.call}
        if "early" in task.limits:
            costs["early"] = self.walk(task, language, early=True).answer
        return Row(task, language, costs)

    def walk(self, task: Task, language: str, *, early: bool = False) -> Cost:
        """What a task costs. GatewayError `budget:malformed` where the answer is never heard."""
        at = next((given.instant(entry.value) for entry in task.entries if entry.verb == "at"), None)
        scene = self.stage.scene(at, language=language)
        try:
            for entry in task.entries:
                if entry.verb == "given":
                    given.set_up(scene, entry)
            return self._play(task, Player(scene), early=early)
        finally:
            scene.gateway.database.close()

    def _play(self, task: Task, player: Player, *, early: bool) -> Cost:
        steps: list[Entry | None] = [entry for entry in task.entries if entry.verb not in SETTINGS]
        clock, wants_at, keys = 0.0, 0.0, 0
        answered_at: float | None = None
        for place, (deed, following) in enumerate(pairwise([*steps, None])):
            if deed is not None:
                player.perform(deed)
            heard = player.heard
            if heard is None:
                continue
            clock += BREATH if place else 0.0
            answered_at = self._answered(task, heard, clock) if answered_at is None else answered_at
            clock += self._listens(heard, following, early=early)
            if any(said.prompt == task.begins for said in heard.said):
                wants_at, keys = clock, 0
            keys += _keys(following)
            clock += self._acts(heard, following)
        if answered_at is None:
            raise GatewayError("budget:malformed", where=task.entries[0].place, reason=f"{task.title!r} never comes to {task.answer}.")
        return Cost(keys, answered_at - wants_at, clock)

    def _answered(self, task: Task, heard: Heard, clock: float) -> float | None:
        """When the answer has been said, if it is among what she hears now."""
        for said in heard.said:
            clock += said.seconds(self.clips)
            if said.prompt == task.answer:
                return clock
        return None

    def _listens(self, heard: Heard, deed: Entry | None, *, early: bool) -> float:
        """How long she listens before she does the next thing: to her option, to what cannot be cut short, or to all of it."""
        whole = sum(said.seconds(self.clips) for said in heard.said)
        if deed is None or deed.verb != "presses":
            return whole
        heard_out = max((place for place, said in enumerate(heard.said, 1) if not said.interruptible), default=0)
        forced = sum(said.seconds(self.clips) for said in heard.said[:heard_out])
        if early:
            return forced
        return max(forced, self.until_option(heard.said, deed.value)) if heard.waits_for == "key" else whole

    def _acts(self, heard: Heard, deed: Entry | None) -> float:
        """How long it takes her to do it, and us to know that it is done."""
        if deed is None:
            return 0.0
        if deed.verb == "says":
            return BEEP + float(deed.value.split()[1]) + RecordingAwaited(0).silence
        pressed = _keys(deed)
        awaited = 0 if pressed == heard.most else heard.waits[1]
        return REACTION + BETWEEN_KEYS * max(pressed - 1, 0) + awaited

    # --- options

    def until_option(self, said: Sequence[Said], key: str) -> float:
        """The seconds until the option of a key has been said, or all of it where no sentence ends with that key."""
        clock = 0.0
        for one in said:
            words = vocabulary(one.language)
            names = {words[clip] for clip in (f"digit/{key}", f"number/{key}") if clip in words}
            for clip in one.clips:
                for sentence, end in self.sentence_ends(one.language, clip):
                    if names & set(re.findall(r"[^\s।.,?!]+", sentence)[-2:]):
                        return clock + end
                clock += self.clips.seconds(one.language, clip)
        return clock

    def sentence_ends(self, language: str, clip: str) -> list[tuple[str, float]]:
        """The sentences of a clip, each with the second at which it is over."""
        if (language, clip) not in self._ends:
            text = self.clips.clip(language, clip).text
            ends = sentence_ends(self.clips.path(language, clip), text)
            self._ends[language, clip] = list(zip(sentences(text), ends, strict=False))
        return self._ends[language, clip]


def _keys(deed: Entry | None) -> int:
    return len(deed.value.replace(" ", "")) if deed is not None and deed.verb == "presses" else 0
