"""The flow machine. `start` and `resume` take a conversation from what somebody did to the next place where it waits.

Pure: the same catalogue, conversation, event, caller and setting give the same sprint. What an action does is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.core.digits import fold_digits
from gateway.core.events import ConversationEnded, Fact, Input, Medium, StepEntered, Wait
from gateway.engine.definition import LEFT_BY, LEFT_PROVED, REPEAT, Call, Catalogue, Flow, Move, Step
from gateway.engine.session import AT_THE_DOOR, TO_BEGIN, FlowSession, Frame
from gateway.engine.steps.ask import SECRET, Ask
from gateway.engine.steps.go import Go
from gateway.engine.steps.listening import PHONE_KEYS
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.engine.turn import Action, ActionCall, ActionResult, Caller, MemberView, Setting, Turn
from gateway.engine.unfinished import Unfinished

MAX_STEPS_PER_SPRINT = 50  # far above the longest way between two waits; what reaches it is a circle that the checks did not see
MAX_CALLS = 8  # flows that wait for one another to end


@dataclass(frozen=True, slots=True)
class Opening:
    """How a conversation begins. `values` are at hand from the start: `texted.number`, `broadcast.message`.

    `then` are flows that follow, one after the other, when that with which it begins has ended; they see the same values.
    """

    session_id: str
    medium: Medium
    values: Mapping[str, object] = field(default_factory=dict)
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sprint:
    """One burst from an event to the next wait: all that happened, in order. Without a wait the conversation is over."""

    session: FlowSession
    facts: tuple[Fact, ...]
    wait: Wait | None


def start(catalogue: Catalogue, flow_name: str, opening: Opening, caller: Caller, setting: Setting) -> Sprint:
    """Begin a conversation with a flow, or with what has to come before it (the gate, or a stranger's registration)."""
    turn = _new_turn(catalogue, flow_name, opening, caller, setting)
    turn.stack += [Frame(name, catalogue.flows[name].hash, TO_BEGIN, {}) for name in reversed(opening.then)]
    return _finish(turn, Begin(flow_name))


def offer_to_go_on(catalogue: Catalogue, left: Unfinished, opening: Opening, caller: Caller, setting: Setting) -> Sprint:
    """Begin a call with the question whether to go on where an earlier one broke off (the flow `resume` of the defaults).

    The end of that flow leads back there. Whatever its file says: only for the member who was speaking then, and after her PIN if she
    had given it; for anybody else it leads to the main flow.
    """
    top = left.frames[-1]
    turn = _new_turn(catalogue, catalogue.defaults.resume, opening, caller, setting)
    turn.values.update({**top.values, LEFT_BY: left.member_id, LEFT_PROVED: left.proved})
    turn.stack += [*left.frames[:-1], replace(top, values={})]
    turn.answered = True
    return _finish(turn, Begin(catalogue.defaults.resume))


def _new_turn(catalogue: Catalogue, flow_name: str, opening: Opening, caller: Caller, setting: Setting) -> Turn:
    flow = catalogue.flows[flow_name]
    return Turn(
        catalogue=catalogue,
        caller=caller,
        setting=setting,
        session_id=opening.session_id,
        medium=opening.medium,
        language=_spoken(catalogue, caller.language),
        version=1,
        member_id=caller.member.id if caller.member else None,
        verified=False,
        missed=0,
        flow=flow,
        step_name=flow.start,
        values=dict(opening.values),
        stack=[],
    )


def resume(catalogue: Catalogue, flow_session: FlowSession, event: Input, caller: Caller, setting: Setting) -> Sprint:
    """Go on with a conversation, in the versions of the flows that it began with.

    Where such a version is no longer kept, and where the conversation was over, it begins again at the main flow.
    """
    frame = flow_session.frames[-1] if flow_session.frames else None
    flow = _version(catalogue, frame) if frame else None
    turn = Turn(
        catalogue=catalogue,
        caller=caller,
        setting=setting,
        session_id=flow_session.id,
        medium=flow_session.medium,
        language=_spoken(catalogue, flow_session.language),
        version=flow_session.version + 1,
        member_id=flow_session.member_id,
        verified=flow_session.verified,
        missed=flow_session.missed,
        flow=flow or catalogue.flows[catalogue.defaults.main],
        step_name=frame.step if frame else "",
        values=dict(frame.values) if frame else {},
        stack=list(flow_session.frames[:-1]),
        answered=flow_session.answered,
    )
    if flow_session.member_id is not None and flow_session.member_id not in {member.id for member in caller.meant({})}:
        turn.member_id, turn.verified, flow = None, False, None  # the phone is hers no longer: nothing of it goes on
    if flow is None:
        return _finish(turn, _jump(turn, catalogue.defaults.main))
    return _finish(turn, turn.step.answer(turn, event))


def awaits_secret(catalogue: Catalogue, state: str) -> bool:
    """Whether the conversation, as JSON, waits for a PIN or for the number of a member: what comes next must not be logged."""
    step = _waiting_step(catalogue, state)
    return isinstance(step, Ask) and step.answers in {SECRET, "reference"}


def expects(catalogue: Catalogue, state: str, text: str) -> bool:
    """Whether the conversation, as JSON, waits for this very text, so that it is an answer whatever flow the word may open."""
    step = _waiting_step(catalogue, state)
    if isinstance(step, Menu):
        return step.named(fold_digits(text).strip()) is not None
    return isinstance(step, Ask) and step.answers == "choice" and step.words.find(text) is not None


def keys_awaited(catalogue: Catalogue, state: str) -> tuple[str, ...]:
    """The keys that lead on from where the conversation, as JSON, waits for one; none where it waits for a longer answer."""
    step = _waiting_step(catalogue, state)
    # What may not be there is not promised.
    ways = [way for way in step.ways() if way.target not in catalogue.flows or catalogue.flows[way.target].when is None] if step else []
    keys = {way.label for way in ways if way.label in PHONE_KEYS}
    return tuple(sorted({*keys, *catalogue.defaults.keys})) if keys else ()


def awaits_words(catalogue: Catalogue, state: str) -> bool:
    """Whether the conversation, as JSON, waits for whatever she may write: her name, a secret."""
    step = _waiting_step(catalogue, state)
    return isinstance(step, Record) or (isinstance(step, Ask) and step.answers in {"text", SECRET})


def _waiting_step(catalogue: Catalogue, state: str) -> Step | None:
    frames = FlowSession.from_json(state).frames
    flow = _version(catalogue, frames[-1]) if frames else None
    return flow.steps[frames[-1].step] if flow else None


@dataclass(frozen=True, slots=True)
class Begin:
    """A move within the interpreter: to the door of a flow, once what is left behind or returned to has been settled."""

    flow: str


# --- from here to the next wait ----------------------------------------------------------------------------------------------------


def _finish(turn: Turn, move: Move | Begin) -> Sprint:
    """Go on until something is awaited or the conversation is over."""
    wait, stopped = _until_wait(turn, move)
    if stopped:
        wait, _ = _until_wait(turn, _jump(turn, turn.catalogue.defaults.give_up))
    if wait is None:
        turn.tell(ConversationEnded())
    snapshot = turn.snapshot(wait) if wait else replace(turn.snapshot(), frames=(), missed=0)
    return Sprint(snapshot, tuple(turn.facts), wait)


def _until_wait(turn: Turn, move: Move | Begin) -> tuple[Wait | None, bool]:
    """The wait that was reached (None: the conversation is over), and whether it had to be stopped for going on too long."""
    for _ in range(MAX_STEPS_PER_SPRINT):
        if isinstance(move, str):
            move = _follow(turn, move)
        elif isinstance(move, Begin):
            move = _open(turn, move.flow)
        elif isinstance(move, Call):
            if len(turn.stack) >= MAX_CALLS:
                break
            move = _call(turn, move.flow)
        elif move is not None:
            return move, False
        elif not turn.stack:
            return None, False
        else:
            move = _come_back(turn)
    return None, True


def _follow(turn: Turn, target: str) -> Move | Begin:
    """A target is a step of this flow, else `repeat`, else another flow."""
    if target in turn.flow.steps:
        return _enter(turn, target)
    if target == REPEAT:
        return turn.step.enter(turn)
    return _jump(turn, target)


def _enter(turn: Turn, step: str) -> Move:
    turn.step_name = step
    turn.missed = 0
    turn.tell(StepEntered(turn.flow.name, step))
    return turn.step.enter(turn)


def _jump(turn: Turn, flow: str) -> Begin:
    """Leave everything behind and begin another flow."""
    turn.stack.clear()
    turn.values = {}
    turn.answered = False
    return Begin(flow)


def _call(turn: Turn, flow: str) -> Begin:
    """Begin another flow, to come back to this step. The values go along."""
    turn.stack.append(Frame(turn.flow.name, turn.flow.hash, turn.step_name, {}))
    return Begin(flow)


def _come_back(turn: Turn) -> Move | Begin:
    """The flow that was called, or the gate, is over."""
    frame = turn.stack.pop()
    flow = _version(turn.catalogue, frame)
    if flow is None:
        return _jump(turn, turn.catalogue.defaults.main)
    if frame.step == TO_BEGIN:
        return Begin(frame.flow)
    turn.flow = flow
    if frame.step == AT_THE_DOOR and flow.audience == "member" and turn.is_stranger:
        return None  # she did not say who she is, and heard or did something else instead
    if frame.step == AT_THE_DOOR:
        return _jump(turn, turn.catalogue.defaults.give_up) if _locked(turn, flow) else _enter(turn, flow.start)
    turn.step_name = frame.step
    step = turn.step
    if step.listens:
        return _go_on(turn)
    return step.next if isinstance(step, Go) else None


def _go_on(turn: Turn) -> Move | Begin:
    """Ask once more what was asked when the call broke off; see `offer_to_go_on`."""
    member_id, proved = turn.values.pop(LEFT_BY, None), turn.values.pop(LEFT_PROVED, False)
    if member_id != turn.member_id or (proved and not turn.verified):
        return _jump(turn, turn.catalogue.defaults.main)
    return _enter(turn, turn.step_name)


def _open(turn: Turn, name: str) -> Move | Begin:
    """Begin a flow. A stranger at a flow for members, and a member at one for strangers, are led on; who must show a PIN does so first.

    A stranger who proves on the way that she is a member comes to the flow after all.
    """
    defaults = turn.catalogue.defaults
    flow = turn.catalogue.flows[name]
    if flow.when is not None and not flow.when.holds(turn.value):
        return _jump(turn, defaults.main)
    if flow.audience == "member" and turn.is_stranger:
        begin = _jump(turn, defaults.strangers)
        turn.stack.append(Frame(flow.name, flow.hash, AT_THE_DOOR, {}))
        return begin
    if flow.audience == "stranger" and not turn.is_stranger:
        return _jump(turn, defaults.main)
    if _locked(turn, flow):
        turn.stack.append(Frame(flow.name, flow.hash, AT_THE_DOOR, {}))
        return Begin(defaults.gate)
    turn.flow = flow
    return _enter(turn, flow.start)


def _locked(turn: Turn, flow: Flow) -> bool:
    """Whether the caller has yet to prove who she is. On a shared phone only the PIN says which member it is.

    Who is to set a PIN proves herself too: her organiser told her how.
    """
    if turn.verified:
        return False
    if turn.caller.sharing:
        return flow.private or flow.audience == "member"
    member = turn.caller.member
    return flow.private and member is not None and (member.private or member.invited)


def _version(catalogue: Catalogue, frame: Frame) -> Flow | None:
    """The flow of a frame in the version that it is pinned to."""
    flow = catalogue.version(frame.flow, frame.hash)
    return flow if flow is not None and (frame.step in flow.steps or frame.step in {AT_THE_DOOR, TO_BEGIN}) else None


def _spoken(catalogue: Catalogue, language: str) -> str:
    return language if language in catalogue.languages else catalogue.languages[0]


__all__ = [
    "MAX_STEPS_PER_SPRINT",
    "Action",
    "ActionCall",
    "ActionResult",
    "Caller",
    "MemberView",
    "Opening",
    "Setting",
    "Sprint",
    "awaits_secret",
    "awaits_words",
    "expects",
    "keys_awaited",
    "offer_to_go_on",
    "resume",
    "start",
]
