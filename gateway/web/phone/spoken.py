"""What a caller hears, clip by clip: its words, its seconds, and what it means in English.

A document names clips alone. Clips of one prompt belong together, so that its English sentence can stand beside them, with the amounts
and days that were said in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.audio.catalogue import MIDDLE, SILENCE, ClipCatalogue, open_clips
from gateway.audio.script import prompts_in_order
from gateway.core.calendar import MONTHS_IN_ENGLISH
from gateway.engine.definition import Fragment, Prompt, Slot
from gateway.errors import GatewayError
from gateway.language.speech import LANGUAGES, vocabulary

if TYPE_CHECKING:
    from gateway.engine.definition import Catalogue

ENGLISH = "en"
PHRASE = "phrase/"
SAY_SECONDS = 0.06  # a character of <Say>, roughly
BEGINS = {"date": "month", "month": "month", "weekday": "weekday", "time": "daypart", "phrase": "phrase", "saying": "phrase"}
CLOSING = "।,.!?;:…"  # what stands behind a word without a space

Pieces = tuple[Fragment | Slot, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """One piece of sound: where it is (below `/audio/`, "" where a machine's voice reads the text), its words and its length."""

    path: str
    text: str
    seconds: float

    @property
    def silent(self) -> bool:
        return self.path.startswith(f"{SILENCE}/")


@dataclass(frozen=True, slots=True)
class Line:
    """What belongs to one prompt; `gloss` is its English, "" where it is English or not known."""

    clips: tuple[Clip, ...]
    language: str
    gloss: str

    def shown(self) -> dict[str, Any]:
        """For the page."""
        clips = [{"src": f"/audio/{clip.path}.wav" if clip.path else "", "text": clip.text, "seconds": clip.seconds} for clip in self.clips]
        return {"clips": clips, "language": self.language, "gloss": self.gloss}

    @property
    def text(self) -> str:
        return "".join(clip.text for clip in self.clips).strip()


@dataclass
class Words:
    """The words of clips, by the flows as they are now."""

    catalogue: Catalogue
    clips: ClipCatalogue
    fragments: Mapping[tuple[str, str], tuple[Prompt, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.fragments = {
            (language, piece.clip): (prompt, place)
            for _, prompt in prompts_in_order(self.catalogue)
            for language, pieces in prompt.pieces.items()
            for place, piece in enumerate(pieces)
            if isinstance(piece, Fragment) and piece.clip and not piece.clip.startswith(PHRASE)
        }

    @classmethod
    def of(cls, catalogue: Catalogue, audio: Path, spoken: Path) -> Words:
        return cls(catalogue, open_clips(audio, spoken))

    def lines(self, paths: Sequence[str]) -> list[Line]:
        """What these clips (`ne/welcome/later_call-1`) say, one line for each prompt; silence is a line of its own."""
        lines: list[Line] = []
        group: list[str] = []
        prompt: Prompt | None = None
        last = -1

        def close(keep: int = 0) -> None:
            nonlocal group, prompt, last
            mine, group = group[: len(group) - keep], group[len(group) - keep :]
            if mine:
                lines.append(self._line(mine, prompt))
            prompt, last = None, -1

        loose = 0  # clips at the group's end that no prompt has claimed: a number, a day, a phrase
        for path in paths:
            language, _, name = path.partition("/")
            if language == SILENCE:
                close()
                group, loose = [path], 0
                close()
                continue
            found = self.fragments.get((language, name.removesuffix(MIDDLE)))
            if found is None:
                group.append(path)
                loose += 1
                continue
            if prompt is not None and (found[0] is not prompt or found[1] <= last):
                after, ahead = _opens_after(prompt, language, last), _opens_before(found[0], language, found[1])
                close(keep=0 if after and not ahead else max(0, loose - _at_most(prompt, language, last)))
            elif prompt is None and loose and not _opens_before(found[0], language, found[1]):
                close()
            prompt, last = found
            group.append(path)
            loose = 0
        if prompt is not None and loose and not _opens_after(prompt, paths[-1].partition("/")[0], last):
            close(keep=loose)
        close()
        return lines

    def said(self, text: str) -> Line:
        """What a machine's voice reads."""
        return Line((Clip("", text, len(text) * SAY_SECONDS),), "", "")

    def _line(self, paths: Sequence[str], prompt: Prompt | None) -> Line:
        language = paths[0].partition("/")[0]
        language = language if language in LANGUAGES else ""
        clips, before = [], ""
        for path in paths:
            text, before = self._text(path, before)
            clips.append(Clip(path, text, round(self._seconds(path), 3)))
        return Line(tuple(clips), language, "" if language in {"", ENGLISH} else self._gloss(paths, prompt, language))

    def _seconds(self, path: str) -> float:
        folder, _, name = path.partition("/")
        try:
            return self.clips.prompt_seconds(folder, [name])
        except GatewayError:
            return 0.0

    def _text(self, path: str, before: str) -> tuple[str, str]:
        """The words of a clip with the space before them, and what stands behind them: an ending of a name has no space."""
        folder, _, name = path.partition("/")
        found = self.fragments.get((folder, name.removesuffix(MIDDLE)))
        piece = found[0].pieces[folder][found[1]] if found else None
        if isinstance(piece, Fragment):
            words = piece.text.strip()
            glued = not before or (before == "value" and not piece.text[:1].isspace())
            return (words if glued else f" {words}"), ("text" if piece.text[-1:].isspace() else "open")
        try:
            words = self.clips.clip(folder, name).text
        except GatewayError:
            words = "" if folder == SILENCE else "…"
        space = "" if before in {"", "open"} else " "
        return space + words, "value"

    def _gloss(self, paths: Sequence[str], prompt: Prompt | None, language: str) -> str:
        if prompt is None or ENGLISH not in prompt.pieces:
            return _tidy(" ".join(self._english(path) for path in paths))
        values = self._values(paths, prompt.pieces[language])
        words = [piece.text if isinstance(piece, Fragment) else values.get(piece, "…") for piece in prompt.pieces[ENGLISH]]
        return _tidy("".join(words))

    def _values(self, paths: Sequence[str], pieces: Pieces) -> dict[Slot, str]:
        """What was said in the slots of a prompt, in English. Between two pieces of text stand the clips of the slots between them."""
        values: dict[Slot, str] = {}
        rest = list(paths)
        waiting: list[Slot] = []
        for piece in pieces:
            if isinstance(piece, Slot):
                waiting.append(piece)
                continue
            here = [at for at, path in enumerate(rest) if path.partition("/")[2].removesuffix(MIDDLE) == piece.clip]
            if not piece.clip or not here:
                continue
            if waiting:
                values.update(self._shared_out(waiting, rest[: here[0]]))
            rest, waiting = rest[here[0] + 1 :], []
        if waiting:
            values.update(self._shared_out(waiting, rest))
        return values

    def _shared_out(self, slots: Sequence[Slot], paths: Sequence[str]) -> dict[Slot, str]:
        """Of slots that stand side by side each begins with its own kind of clip; the first has what none of the others began."""
        values: dict[Slot, list[str]] = {slot: [] for slot in slots}
        ahead = list(slots)
        current = ahead.pop(0)
        for path in paths:
            kind = path.partition("/")[2].partition("/")[0]
            begun = values[current] or BEGINS.get(current.format) not in {None, kind}
            if begun and (at := next((place for place, slot in enumerate(ahead) if BEGINS.get(slot.format) == kind), None)) is not None:
                current = ahead[at]
                del ahead[: at + 1]
            values[current].append(self._english(path))
        return {slot: " ".join(words) or "…" for slot, words in values.items()}

    def _english(self, path: str) -> str:
        _, _, name = path.partition("/")
        name = name.removesuffix(MIDDLE)
        if name.startswith(PHRASE):
            return self.catalogue.phrases.get(name.removeprefix(PHRASE), {}).get(ENGLISH, "…")
        group, _, which = name.partition("/")
        if group == "month":
            return MONTHS_IN_ENGLISH[int(which) - 1]
        # Words that English does without, such as the one behind a day, are left out.
        return which if group in {"number", "digit"} else vocabulary(ENGLISH).get(name, "" if group == "word" else "…")


def _at_most(prompt: Prompt, language: str, place: int) -> int:
    """How many clips the values behind this piece take, where another prompt begins with values of its own: a word for each."""
    return sum(map(_is_value, prompt.pieces[language][place + 1 :]))


def _opens_after(prompt: Prompt, language: str, place: int) -> bool:
    """Whether a value may follow this piece of a prompt."""
    return any(_is_value(piece) for piece in prompt.pieces[language][place + 1 :])


def _opens_before(prompt: Prompt, language: str, place: int) -> bool:
    return any(_is_value(piece) for piece in prompt.pieces[language][:place])


def _is_value(piece: Fragment | Slot) -> bool:
    return isinstance(piece, Slot) or piece.clip.startswith(PHRASE)


def _tidy(text: str) -> str:
    """One space between words, none before what closes a sentence."""
    words = " ".join(text.split())
    for mark in CLOSING:
        words = words.replace(f" {mark}", mark)
    return words.strip()
