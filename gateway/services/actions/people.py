"""What flows may do about who is speaking: consent, registration, language, PIN, a call back."""

from __future__ import annotations

from gateway.core import consent
from gateway.core.events import (
    CallAsked,
    ConsentGiven,
    LanguageChosen,
    MemberRegistered,
    PhoneDisowned,
    PinAccepted,
    PinChosen,
    TaskOpened,
    TextsAllowed,
    TextsStopped,
)
from gateway.core.ids import number_of
from gateway.core.statuses import ONE_CALL_BACK
from gateway.engine.definition import ActionSpec
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.language.speech import LANGUAGES, language_of
from gateway.services import callers, missed_calls, pins
from gateway.services.actions.named import NamedAction, action
from gateway.services.context import Gateway
from gateway.services.pins import Attempt
from gateway.store import members, tasks
from gateway.store import pins as stored_pins


@action("done", "consent.wording")
def give_consent(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She agreed that we keep her name and number; the wording is the prompt she heard."""
    wording = f"{call.flow}@{call.flow_hash[:12]}"
    return ActionResult("done", {"consent.wording": wording}, (ConsentGiven(wording),))


@action("done already")
def register_member(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Make her a member whose name an organiser writes down from the recording, or as she texted it."""
    if call.caller.member is not None or call.caller.phone_id is None:
        return ActionResult("already")
    with gateway.database.read() as db:
        number = members.new_number(db, call.caller.organisation_id, number_of(call.new_id()))
    introduction, trade, consent = (call.values.get(name) for name in ("introduction", "trade", "consent.wording"))
    by_voice = call.session.medium == "voice"
    said = introduction if isinstance(introduction, str) else None
    registered = MemberRegistered(
        member_id=call.new_id(),
        number=number,
        language=call.session.language,
        trade=trade if isinstance(trade, str) else None,
        name=None if by_voice else said,
        recording_id=said if by_voice else None,
        consent=consent if isinstance(consent, str) else None,
    )
    task = TaskOpened(call.new_id(), "write_down_name", registered.member_id, registered.recording_id)
    return ActionResult("done", facts=(registered, task))


def _choose(code: str) -> NamedAction:
    """`choose_nepali` and its like, one for each language there is: from here on, and in later calls, this language."""

    def perform(_gateway: Gateway, _call: ActionCall) -> ActionResult:
        return ActionResult("done", facts=(LanguageChosen(code),))

    return NamedAction(ActionSpec(f"choose_{language_of(code).name}", frozenset({"done"}), frozenset()), perform)


LANGUAGE_CHOICES = tuple(map(_choose, LANGUAGES))


@action("done")
def stop_texts(_gateway: Gateway, _call: ActionCall) -> ActionResult:
    """Write to this phone no more."""
    return ActionResult("done", facts=(TextsStopped(),))


@action("done")
def allow_texts(_gateway: Gateway, _call: ActionCall) -> ActionResult:
    """Write to this phone again."""
    return ActionResult("done", facts=(TextsAllowed(),))


# --- PIN ---------------------------------------------------------------------------------------------------------------------------

NUMBER = "membership"  # the answer that names a member who calls from another phone than hers
PROVED, NEW_PIN = "pin.proved", "pin.new"  # kept between two questions: who gave her code, in which call; her new PIN, hashed


@action("ok wrong locked none")
def verify_pin(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the answer `pin` is of whom the caller may be: each try is counted before it is checked.

    A stranger is whoever her answer `membership` names; a number that is nobody's ends like a wrong PIN.
    """
    pin = _answer(call, "pin")
    if call.caller.member is None and not call.caller.sharing:
        return _verify_elsewhere(gateway, call, pin)
    with_pin = [member.id for member in call.caller.meant(call.values) if member.has_pin]
    if not with_pin:
        return ActionResult("none")
    verdict, member_id = pins.verify(gateway, _attempt(call, with_pin), pin)
    return ActionResult(verdict, facts=(PinAccepted(member_id),) if member_id else ())


def _verify_elsewhere(gateway: Gateway, call: ActionCall, pin: str) -> ActionResult:
    number = _answer(call, NUMBER)
    with gateway.database.read() as db:
        person = stored_pins.by_number(db, call.caller.organisation_id, number)
    attempt = _attempt(call, [person.id]) if person else Attempt(call.caller.channel_id, call.caller.phone_id, (), number)
    verdict, member_id = pins.verify(gateway, attempt, pin)
    if member_id is None:
        return ActionResult(verdict)
    with gateway.database.read() as db:
        row = members.get(db, member_id)
    if row is None:
        raise LookupError("a member vanished")
    return ActionResult("ok", facts=(PinAccepted(member_id),), member=callers.view(gateway, row))


@action("ok wrong locked none")
def verify_pin_code(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the answer `code` is the one that an organiser told her, with which she may set a PIN. It is counted like a PIN."""
    invited = [member.id for member in call.caller.meant(call.values) if member.invited]
    if not invited:
        return ActionResult("none")
    verdict, member_id = pins.verify_code(gateway, _attempt(call, invited), _answer(call, "code"))
    return ActionResult(verdict, {PROVED: f"{call.session.id} {member_id}"} if member_id else {})


@action("taken weak")
def take_new_pin(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Keep the answer `pin` until she keys it again; `weak` where it is one that is guessed first."""
    pin, member_id = _answer(call, "pin"), _who_gave_her_code(call)
    with gateway.database.read() as db:
        person = stored_pins.hers(db, member_id) if member_id else None
    if person is None or not pins.may_be(pin, person.birth_year, person.number):
        return ActionResult("weak")
    return ActionResult("taken", {NEW_PIN: pins.hash_pin(pin)})


@action("set different")
def set_new_pin(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Set her PIN where the answer `pin` is the one that she keyed before. Who gave no code in this call sets nothing."""
    member_id, hashed = _who_gave_her_code(call), call.values.get(NEW_PIN)
    if member_id is None or not isinstance(hashed, str) or not pins.is_of(hashed, _answer(call, "pin")):
        return ActionResult("different")
    return ActionResult("set", {NEW_PIN: None, PROVED: None}, (PinChosen(member_id, hashed), PinAccepted(member_id)))


def _who_gave_her_code(call: ActionCall) -> str | None:
    proof = call.values.get(PROVED)
    session_id, _, member_id = proof.partition(" ") if isinstance(proof, str) else ("", "", "")
    return member_id if session_id == call.session.id else None


def _answer(call: ActionCall, name: str) -> str:
    answer = call.values.get(name)
    return answer if isinstance(answer, str) else ""


def _attempt(call: ActionCall, member_ids: list[str]) -> Attempt:
    return Attempt(call.caller.channel_id, call.caller.phone_id, member_ids)


@action("done proved")
def disown_phone(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whoever holds this phone is none of its members: it tells nothing of them from here on, and an organiser looks.

    Not where she has proved in this call that she is one of them.
    """
    hers = call.caller.meant({})
    if call.session.verified or call.caller.elsewhere:
        return ActionResult("proved")
    if not hers:
        return ActionResult("done")
    task = TaskOpened(call.new_id(), "check_phone", hers[0].id if len(hers) == 1 else None)
    return ActionResult("done", facts=(PhoneDisowned(tuple(member.id for member in hers)), task))


@action("now morning no")
def call_back(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The gateway itself rings her, as if she had rung and hung up; `no` where it does not: then a person must."""
    if call.caller.phone_id is None:
        return ActionResult("no")
    became = missed_calls.would(gateway, call.caller.channel_id, call.caller.phone_id)
    if became not in missed_calls.OWED and became != "repeated":
        return ActionResult("no")
    return ActionResult("morning" if consent.quiet(call.now) else "now", facts=(CallAsked(),))


@action("done")
def open_call_back(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Somebody of the organisation must call her. Whom they are to call already since less than an hour, they call once."""
    if call.caller.phone_id is not None:
        with gateway.database.read() as db:
            if tasks.is_call_back_open(db, call.caller.organisation_id, call.caller.phone_id, call.now - ONE_CALL_BACK):
                return ActionResult("done")
    return ActionResult("done", facts=(TaskOpened(call.new_id(), "call_back", call.member.id if call.member else None),))
