"""What flows may do about who is speaking: consent, registration, language, PIN, a call back."""

from __future__ import annotations

from gateway.core.events import (
    ConsentGiven,
    LanguageChosen,
    MemberRegistered,
    PinAccepted,
    TaskOpened,
    TextsAllowed,
    TextsStopped,
)
from gateway.engine.definition import ActionSpec
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.language.speech import LANGUAGES, language_of
from gateway.services import pins
from gateway.services.actions.named import NamedAction, action
from gateway.services.context import Gateway
from gateway.store import members


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
        number = members.new_number(db, call.caller.organisation_id, int(call.new_id(), 16))
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


@action("ok wrong locked none")
def verify_pin(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Who of those that share this phone has this PIN; each try is counted before it is checked."""
    candidates = (call.caller.member,) if call.caller.member else call.caller.sharing
    with_pin = [member.id for member in candidates if member.has_pin]
    if not with_pin:
        return ActionResult("none")
    pin = call.values.get("pin")
    verdict, member_id = pins.verify(gateway, with_pin, pin if isinstance(pin, str) else "")
    facts = (PinAccepted(member_id),) if member_id else ()
    return ActionResult(verdict, facts=facts)


@action("done")
def open_call_back(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Somebody of the organisation must call her."""
    return ActionResult("done", facts=(TaskOpened(call.new_id(), "call_back", call.member.id if call.member else None),))
