"""Calls that broke off: whether something was left unfinished, and what to go on with.

Unfinished is what a caller began to answer and what would leave something undone: a question whose giving up ends in the flow of the
defaults (somebody calls her), or goes on without the answer. A menu whose giving up merely says goodbye leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.engine.definition import LEFT_BY, LEFT_PROVED, Catalogue, Flow, Step
from gateway.engine.session import AT_THE_DOOR, TO_BEGIN, FlowSession, Frame
from gateway.engine.steps.ask import SECRET, Ask
from gateway.engine.steps.confirm import Confirm
from gateway.engine.steps.end import End
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where a call broke off. `member_id` is who was known to be speaking, `proved` whether she had given her PIN."""

    frames: tuple[Frame, ...]
    member_id: str | None
    proved: bool


def unfinished(catalogue: Catalogue, left: FlowSession) -> Unfinished | None:
    """What this conversation left unfinished, if anything; where it broke off while that was being offered, what had been offered."""
    if left.medium != "voice" or not left.answered or not left.frames:
        return None
    frames, values = left.frames, dict(left.frames[-1].values)
    member_id, proved = left.member_id, left.verified
    offer = next((place for place, frame in enumerate(frames) if frame.flow == catalogue.defaults.resume), None)
    if offer is not None:
        frames, member_id, proved = frames[:offer], _text(values.get(LEFT_BY)), bool(values.get(LEFT_PROVED))
    kept = all(frame.step in {AT_THE_DOOR, TO_BEGIN} or _step(catalogue, frame) for frame in frames)
    if not kept or not frames or not _leaves_something(catalogue, frames[-1]):
        return None
    top = replace(frames[-1], values={name: value for name, value in values.items() if name not in {LEFT_BY, LEFT_PROVED}})
    return Unfinished((*frames[:-1], top), member_id, proved)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _step(catalogue: Catalogue, frame: Frame) -> Step | None:
    flow = catalogue.version(frame.flow, frame.hash)
    return flow.steps.get(frame.step) if flow is not None else None


def _leaves_something(catalogue: Catalogue, frame: Frame) -> bool:
    flow = catalogue.version(frame.flow, frame.hash)
    step = flow.steps.get(frame.step) if flow is not None else None
    if flow is None or not isinstance(step, (Menu, Ask, Confirm, Record)):
        return False
    if isinstance(step, Ask) and step.answers == SECRET:
        return False  # who has to show who she is does so in each call anew
    given_up = step.question.on_give_up
    if not isinstance(step, Menu) or given_up == catalogue.defaults.give_up:
        return True
    return not isinstance(_first_step(flow, catalogue.flows, given_up), End)


def _first_step(flow: Flow, flows: Mapping[str, Flow], target: str) -> Step | None:
    """The step that a target leads to."""
    if target in flow.steps:
        return flow.steps[target]
    return flows[target].steps[flows[target].start] if target in flows else None
