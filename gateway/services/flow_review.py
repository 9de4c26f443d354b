"""The flows as organisers look at them: what is wrong with their files and clips, how long they last, and how they changed."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.audio.catalogue import MANIFEST, open_clips
from gateway.engine import document, lessons, loader
from gateway.engine.session import FlowSession
from gateway.errors import GatewayError
from gateway.services import lengths
from gateway.services.access import Permission
from gateway.services.actions import SPECS
from gateway.services.flows import stamps
from gateway.store import flow_versions, step_counts

if TYPE_CHECKING:
    from gateway.engine.definition import Catalogue, Flow
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

MOST_UNDER_WAY = 5000  # conversations that are looked at for the version in which they are


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a file, or a warning: `file` below the folder of the flows, `flow` as far as it is about one."""

    file: str
    line: int
    flow: str
    fault: GatewayError
    is_warning: bool


@dataclass(frozen=True, slots=True)
class Review:
    """What `gateway check` finds. `clips` are missing, stale or damaged ones by flow; `seconds` how long a flow lasts at most, by flow."""

    problems: tuple[Problem, ...]
    clips: Mapping[str, int]
    seconds: Mapping[str, float]

    def of(self, flow: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.flow == flow]


@dataclass(frozen=True, slots=True)
class Version:
    """A flow as it was from `came` on. `under_way` conversations are in it now; the steps, and the lines of the difference, are against
    the version before; `difference` is empty for the first one."""

    hash: str
    came: datetime
    is_current: bool
    under_way: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    difference: tuple[str, ...]


def review(gateway: Gateway, actor: Actor) -> Review:
    """Check the files as they are now. Needs MANAGE_PROMPTS. What was found stays until a file changes."""
    actor.require(Permission.MANAGE_PROMPTS)
    flows, audio = gateway.settings.flows_dir, gateway.settings.audio_dir
    manifests = tuple((str(path), path.stat().st_mtime_ns) for path in sorted(audio.glob(f"*/{MANIFEST}")))
    return _review(flows, audio, (tuple(stamps(flows).items()), manifests))


@lru_cache(maxsize=4)
def _review(folder: Path, audio: Path, _stamps: object) -> Review:
    folder = folder.resolve()
    try:
        catalogue = loader.load(folder, SPECS)
    except ExceptionGroup as faults:
        told = [fault for fault in faults.exceptions if isinstance(fault, GatewayError)]
        return Review(tuple(_problem(folder, fault, is_warning=False) for fault in told), {}, {})
    clips = open_clips(audio)
    faulty = Counter(sentence.partition(":")[0].split("/")[1] for sentence in clips.problems(catalogue.clips()))
    found = lengths.findings(catalogue, folder, clips)
    language = catalogue.languages[0]
    return Review(
        problems=tuple(_problem(folder, finding.fault, is_warning=finding.warning) for finding in found),
        clips=faulty,
        seconds={flow: lengths.flow_seconds(catalogue, folder, clips, flow, language) for flow in catalogue.flows},
    )


def _problem(folder: Path, fault: GatewayError, *, is_warning: bool) -> Problem:
    path, _, line = fault.where.rpartition(":")[0].rpartition(":")
    file = path.removeprefix(f"{folder.name}/") or fault.where
    name = Path(file)
    flow = name.stem if name.suffix == ".yaml" and str(name.parent) in {".", loader.LESSONS} else ""
    return Problem(file, int(line) if line.isdecimal() else 0, flow, fault, is_warning)


def flow_of(catalogue: Catalogue, name: str) -> Flow:
    """The flow of this name as it is now. GatewayError `flow:unknown`."""
    if name not in catalogue.flows:
        raise GatewayError("flow:unknown", name=name)
    return catalogue.flows[name]


def source(gateway: Gateway, actor: Actor, name: str) -> str:
    """The YAML of a flow; of a lesson the file from which it was made. Needs MANAGE_PROMPTS."""
    actor.require(Permission.MANAGE_PROMPTS)
    catalogue = gateway.catalogue
    flow = flow_of(catalogue, name)
    if name in catalogue.lessons:
        file = gateway.settings.flows_dir / loader.LESSONS / f"{name}.yaml"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return _in_lines(flow.source)


def versions(gateway: Gateway, actor: Actor, name: str) -> list[Version]:
    """Every version of a flow that was ever in use, the newest first. Needs MANAGE_PROMPTS."""
    actor.require(Permission.MANAGE_PROMPTS)
    current = flow_of(gateway.catalogue, name)
    with gateway.database.read() as db:
        kept = flow_versions.of_flow(db, name)
        talks = step_counts.under_way(db, gateway.seal, actor.scope, MOST_UNDER_WAY)
    standing = Counter(digest for talk in talks for digest in _stands_in(talk.state, name))
    sources = [_in_lines(version.source) for version, _ in kept]
    told = []
    for place, (version, came) in enumerate(kept):
        before = sources[place + 1] if place + 1 < len(sources) else None
        steps = _changed_steps(before, sources[place]) if before is not None else ((), (), ())
        difference = tuple(_difference(before, sources[place])) if before is not None else ()
        told.append(Version(version.hash, came, version.hash == current.hash, standing[version.hash], *steps, difference))
    return told


def _stands_in(state: str, name: str) -> set[str]:
    """The versions of a flow that a conversation stands in, or comes back to."""
    return {frame.hash for frame in FlowSession.from_json(state).frames if frame.flow == name}


def _in_lines(text: str) -> str:
    """A source as people read it: those that we wrote ourselves are JSON in one line."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1) if text.startswith("{") else text


def _difference(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return (line for line in lines if not line.startswith(("---", "+++")))


def _changed_steps(before: str, after: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The steps that came, that went, and that are otherwise now."""
    old, new = _steps(before), _steps(after)
    changed = tuple(step for step in new if step in old and old[step] != new[step])
    return tuple(step for step in new if step not in old), tuple(step for step in old if step not in new), changed


def _steps(text: str) -> dict[str, str]:
    """The steps of a source by name, each in one form however it was laid out; none where it cannot be read any more."""
    try:
        root = document.parse(text, "")
    except GatewayError:
        return {}
    steps = root.value.get("steps") if isinstance(root.value, dict) else None
    inside = steps.value if steps is not None else None
    return {name: lessons.written(node) for name, node in inside.items()} if isinstance(inside, dict) else {}
