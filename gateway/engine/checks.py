"""What flow files mean, once they can be read: do all names exist, do all ways lead on, can nothing run in circles?

Each check notes its faults in the drafts and looks at everything, so that an author sees all of it in one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from gateway.engine.definition import KNOWN_NAMES, OPENING_NAMES, REPEAT, Flow
from gateway.engine.document import Node
from gateway.engine.reading import Draft, Mention, hint
from gateway.engine.steps.do import Do
from gateway.engine.wording import PHRASE, TEXT
from gateway.language.keywords import Lexicon
from gateway.language.skeleton import skeleton

Position = tuple[str, str]  # flow, step

OF_CONSENT = frozenset({"stop", "start"})  # intents that are heeded before any flow
ONLY_QUESTIONS = " The word is for steps that wait for an answer."


def check(drafts: Sequence[Draft], shared: Sequence[Draft], lexicon: Lexicon | None) -> None:
    """All checks of a folder: `drafts` are its flows, `shared` its defaults and phrases."""
    flows = {draft.name for draft in drafts}
    for draft in (*drafts, *shared):
        check_ways(draft, flows)
    for draft in (*drafts, *shared):
        check_names(draft, _names_within_reach(draft, drafts))
    for draft in shared:
        check_shared_flows(draft, drafts)
    for draft in drafts:
        check_members_affairs(draft)
    if lexicon is not None:
        check_words(drafts, lexicon)
    check_circles([draft for draft in drafts if draft.flow is not None])


# --- ways --------------------------------------------------------------------------------------------------------------------------


def check_ways(draft: Draft, flows: AbstractSet[str]) -> None:
    """Every target is a step here or a flow; no step hides a flow. A step that cannot be reached is a warning."""
    flow = draft.flow
    steps = draft.step_nodes
    for name, node in steps.items():
        if name in flows or name == REPEAT:
            reason = "A flow has this name." if name in flows else "The word has a meaning of its own."
            draft.faults.append(node.fault("flow:step-name", at_key=True, name=name, reason=reason))
    for mention in draft.targets:
        known = {*steps, *flows} if mention.step or flow is None else {*steps}  # a flow starts with a step of its own
        repeats = mention.name == REPEAT and (flow is None or (mention.step in flow.steps and flow.steps[mention.step].listens))
        if mention.name and mention.name not in known and not repeats:
            code = "flow:unknown-flow" if flow is None else "flow:unknown-step"
            nearest = ONLY_QUESTIONS if mention.name == REPEAT else hint(mention.name, known)
            draft.faults.append(mention.node.fault(code, name=mention.name, hint=nearest))
    for mention in draft.calls:
        if mention.name not in flows:
            draft.faults.append(mention.node.fault("flow:unknown-flow", name=mention.name, hint=hint(mention.name, flows)))
    if flow is not None and not draft.faults:  # a way that is broken is named by itself, not by what it leads to
        for name in sorted(steps.keys() - _reached(flow.start, draft.targets)):
            draft.warnings.append(steps[name].fault("flow:unreachable", at_key=True))


def _reached(start: str, targets: Iterable[Mention]) -> set[str]:
    ways: dict[str, list[str]] = {}
    for mention in targets:
        ways.setdefault(mention.step, []).append(mention.name)
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting += ways.get(step, ())
    return reached


def check_shared_flows(defaults: Draft, drafts: Iterable[Draft]) -> None:
    """The flows of the defaults are where others are sent from: nobody may be sent on from them."""
    by_name = {draft.name: draft.flow for draft in drafts}
    for mention in defaults.calls:
        flow = by_name.get(mention.name)
        welcome = {"anyone", "stranger"} if mention.node.path == "strangers" else {"anyone"}
        if flow is not None and (flow.private or flow.when or flow.audience not in welcome):
            defaults.faults.append(mention.node.fault("flow:gate", name=mention.name))


def check_members_affairs(draft: Draft) -> None:
    """What is about a member's own affairs is done in flows that only a member can enter."""
    if draft.flow is None or draft.flow.audience == "member":
        return
    for name, step in draft.flow.steps.items():
        if isinstance(step, Do) and (spec := draft.shared.actions.get(step.action)) and spec.of_member:
            draft.faults.append(draft.step_nodes[name].fault("flow:for-member", at_key=True, name=step.action))


# --- names -------------------------------------------------------------------------------------------------------------------------


def check_names(draft: Draft, names: AbstractSet[str]) -> None:
    """Every slot and condition names something that is there; what is spoken can be spoken."""
    phrases = draft.shared.phrases
    for mention in draft.conditions:
        if mention.name not in names:
            draft.faults.append(mention.node.fault("flow:unknown-name", name=mention.name, hint=hint(mention.name, names)))
    for use in draft.slots:
        name = use.slot.name
        if name not in names:
            known = {*names, *phrases} if use.slot.format in {TEXT, PHRASE} else names
            draft.faults.append(use.node.fault("flow:unknown-slot", name=name, hint=hint(name, known)))
        elif use.spoken and use.slot.format == TEXT:
            draft.faults.append(use.node.fault("flow:unspeakable", name=name))


def _names_within_reach(draft: Draft, drafts: Iterable[Draft]) -> set[str]:
    """What a flow may name: what its own actions and answers provide, and those of flows that it calls or that call it."""
    names = KNOWN_NAMES | OPENING_NAMES
    by_name = {other.name: other for other in drafts}
    family: set[str] = set()
    waiting = [draft.name] if draft.name in by_name else []
    while waiting:
        name = waiting.pop()
        if name in family:
            continue
        family.add(name)
        waiting += [call.name for call in by_name[name].calls if call.name in by_name]
        waiting += [other.name for other in by_name.values() if any(call.name == name for call in other.calls)]
    return {*names, *(provided for name in family for provided in _provided(by_name[name]))}


def _provided(draft: Draft) -> Iterator[str]:
    yield from draft.answers
    for action in draft.actions:
        yield from draft.shared.actions[action].provides


# --- words that open flows ---------------------------------------------------------------------------------------------------------


def check_words(drafts: Iterable[Draft], lexicon: Lexicon) -> None:
    """No intent and no keyword opens two flows. Keywords are compared as the matcher hears them."""
    known = set(lexicon.intents.values())
    opened: dict[str, str] = {}
    for draft in drafts:
        for node in draft.intents:
            if node.value in OF_CONSENT:
                draft.faults.append(node.fault("flow:consent-intent", name=node.value))
            elif node.value not in known:
                draft.faults.append(node.fault("flow:unknown-intent", name=node.value, hint=hint(str(node.value), known)))
            _claim(str(node.value), node, draft, opened)
    flow_of = dict(opened)
    taken = {form: flow_of.get(intent, intent) for form, intent in lexicon.intents.items()}
    for draft in drafts:
        for node in draft.keywords:
            _claim(skeleton(str(node.value)), node, draft, taken)


def _claim(word: str, node: Node, draft: Draft, opened: dict[str, str]) -> None:
    flow = opened.setdefault(word, draft.name)
    if flow != draft.name:
        draft.faults.append(node.fault("flow:keyword-clash", name=node.value, flow=flow))


# --- circles -----------------------------------------------------------------------------------------------------------------------


def check_circles(drafts: Sequence[Draft]) -> None:
    """No circle of steps, through whatever flows, without one that waits for the caller."""
    flows = {draft.name: draft.flow for draft in drafts if draft.flow is not None}
    ways: dict[Position, list[tuple[Position, Mention]]] = {}
    draft_of = {draft.name: draft for draft in drafts}
    for draft in drafts:
        for mention in (*draft.targets, *draft.calls):
            position = _position(mention.name, draft.name, flows)
            if position is not None and mention.step:
                ways.setdefault((draft.name, mention.step), []).append((position, mention))
    listening = {(flow.name, name) for flow in flows.values() for name, step in flow.steps.items() if step.listens}
    done: set[Position] = set(listening)
    for start in ways:
        for (flow, _step), mention in _backward(start, ways, done):
            draft_of[flow].faults.append(mention.node.fault("flow:endless", name=mention.name))


def _position(target: str, here: str, flows: Mapping[str, Flow]) -> Position | None:
    if target in flows[here].steps:
        return here, target
    return (target, flows[target].start) if target in flows else None


def _backward(
    start: Position, ways: Mapping[Position, list[tuple[Position, Mention]]], done: set[Position]
) -> Iterator[tuple[Position, Mention]]:
    """The ways that close a circle, found by walking from `start` without recursion; `done` grows by what has been walked."""
    if start in done:
        return
    path = {start}
    walk = [(start, iter(ways.get(start, ())))]
    while walk:
        here, rest = walk[-1]
        for there, mention in rest:
            if there in path:
                yield here, mention
            elif there not in done:
                path.add(there)
                walk.append((there, iter(ways.get(there, ()))))
                break
        else:
            walk.pop()
            path.discard(here)
            done.add(here)
