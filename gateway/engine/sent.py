"""Which prompts can ever be sent as a text: those of the steps that a conversation by SMS may reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.engine.definition import Catalogue, Flow, Prompt, Step
from gateway.engine.steps.branch import Branch
from gateway.engine.steps.go import Go
from gateway.engine.steps.say import Say
from gateway.engine.steps.whose import Whose

BY_SMS = {"medium": "sms"}


def sent_prompts(catalogue: Catalogue) -> Iterator[Prompt]:
    """The prompts of messages, each once; also what a call promises to send."""
    named: dict[str, Prompt] = {catalogue.defaults.sms_help.name: catalogue.defaults.sms_help}
    reached = _reached(catalogue)
    for flow in catalogue.flows.values():
        for name, step in flow.steps.items():
            by_sms = _said_by_sms(step) if (flow.name, name) in reached else ()
            promised = (step.text,) if isinstance(step, Say) and step.text else ()
            named.update((prompt.name, prompt) for prompt in (*by_sms, *promised))
    yield from named.values()


def _said_by_sms(step: Step) -> Iterable[Prompt]:
    """The first prompt of a step; the others (`more`, after silence) are for callers alone. Nobody is named in a message."""
    if isinstance(step, Whose):
        return ()
    return [prompt for prompt in step.prompts() if prompt.sms][:1]


def _reached(catalogue: Catalogue) -> set[tuple[str, str]]:
    """The steps that a text can lead to: from the flows that a word opens, and from what comes before or after any flow."""
    defaults = catalogue.defaults
    opened = [flow.name for flow in catalogue.flows.values() if flow.intents or flow.keywords]
    waiting = [*opened, defaults.main, defaults.help, defaults.strangers, defaults.gate, defaults.give_up, *defaults.keys.values()]
    walk = [(name, catalogue.flows[name].start) for name in waiting if name in catalogue.flows]
    reached: set[tuple[str, str]] = set()
    while walk:
        here = walk.pop()
        if here in reached:
            continue
        reached.add(here)
        flow = catalogue.flows[here[0]]
        for target in _targets(flow.steps[here[1]]):
            walk += _positions(catalogue, flow, target)
    return reached


def _positions(catalogue: Catalogue, flow: Flow, target: str) -> list[tuple[str, str]]:
    if target in flow.steps:
        return [(flow.name, target)]
    return [(target, catalogue.flows[target].start)] if target in catalogue.flows else []


def _targets(step: Step) -> Iterator[str]:
    """Where a step may lead in a conversation by SMS."""
    if isinstance(step, Go):
        yield step.flow
    if not isinstance(step, Branch):
        yield from (way.target for way in step.ways())
        return
    for condition, target in step.choices:
        known = [part.holds(BY_SMS.get) for part in condition.parts if part.name in BY_SMS] if condition else []
        if all(known):
            yield target
        if condition is None or (known and all(known) and len(known) == len(condition.parts)):
            return
