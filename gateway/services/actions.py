"""What a flow may `do:`, by name. Actions read and decide; what they decide becomes facts that the commit writes.

To add one: write a function here with `@action(outcomes, provides)`, put it into `ACTIONS`, name it in `docs/flow-language.md`. The
outcomes and the slot names that it provides are all that a flow file sees, and `gateway check` holds the files against them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from gateway.core import calendar, reference
from gateway.core.events import (
    ClipKept,
    ClipRecorded,
    ConsentGiven,
    ContributionNoted,
    LanguageChosen,
    MemberRegistered,
    PinAccepted,
    RsvpGiven,
    TaskOpened,
    TextsAllowed,
    TextsStopped,
)
from gateway.engine.definition import ActionSpec
from gateway.engine.interpreter import Action, ActionCall, ActionResult, MemberView
from gateway.language.speech import LANGUAGES, language_of
from gateway.services import pins, studio
from gateway.services.context import Gateway
from gateway.store import claims, contributions, members, notices

SAME_REPORT_WINDOW = timedelta(days=1)  # the same amount for the same month within a day is asked about, not swallowed
PLAUSIBLE = (10_00, 1_00_000_00)  # paisa of one contribution; flows/contribution.yaml asks for the same


@dataclass(frozen=True, slots=True)
class NamedAction:
    """A function with the contract that flow files see."""

    spec: ActionSpec
    perform: Callable[[Gateway, ActionCall], ActionResult]


def action(
    outcomes: str, provides: str = "", *, of_member: bool = False
) -> Callable[[Callable[[Gateway, ActionCall], ActionResult]], NamedAction]:
    """Name a function's outcomes and the slots it fills, both as words separated by blanks; `of_member` where it needs to know her."""

    def wrap(perform: Callable[[Gateway, ActionCall], ActionResult]) -> NamedAction:
        spec = ActionSpec(perform.__name__, frozenset(outcomes.split()), frozenset(provides.split()), of_member)
        return NamedAction(spec, perform)

    return wrap


@dataclass(frozen=True, slots=True)
class Bound:
    """The actions of an installation by name, ready for the engine."""

    gateway: Gateway

    def __getitem__(self, name: str) -> Action:
        return partial(ACTIONS[name].perform, self.gateway)


def _member(call: ActionCall) -> MemberView:
    if call.member is None:
        raise LookupError("a flow for members reached an action without knowing the member")
    return call.member


# --- claims ------------------------------------------------------------------------------------------------------------------------


@action(
    "none received paper_missing review approved paid refused",
    "claim.number claim.amount claim.paper claim.days claim.paid_on",
    of_member=True,
)
def latest_claim(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Where her latest claim stands."""
    with gateway.database.read() as db:
        claim = claims.latest(db, _member(call).id)
    if claim is None:
        return ActionResult("none")
    values: dict[str, object] = {"claim.number": claim.number}
    if claim.amount is not None:
        values["claim.amount"] = claim.amount
    if claim.missing_paper is not None:
        values["claim.paper"] = claim.missing_paper
    if claim.review_until is not None:
        values["claim.days"] = max(1, (claim.review_until - call.now).days + 1)
    if claim.paid_at is not None:
        values["claim.paid_on"] = claim.paid_at.astimezone(calendar.NEPAL).date().isoformat()
    return ActionResult(claim.state, values)


# --- contributions -----------------------------------------------------------------------------------------------------------------


@action("some none", "contribution.total contribution.month contribution.this_month contribution.usual", of_member=True)
def contribution_balance(gateway: Gateway, call: ActionCall) -> ActionResult:
    """How much she has paid so far, and the last month it covers."""
    member = _member(call)
    with gateway.database.read() as db:
        total = contributions.total(db, member.id)
        month = contributions.last_month(db, member.id)
    values: dict[str, object] = {"contribution.total": total, "contribution.this_month": calendar.month_of(call.now)}
    if member.usual_instalment is not None:
        values["contribution.usual"] = member.usual_instalment
    if month is None:
        return ActionResult("none", values)
    return ActionResult("some", {**values, "contribution.month": month})


@action("given refused none", "amount")
def texted_amount(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """The amount that stood beside the word in her text ("yogdan 500") as `amount`; `refused` where it can be none."""
    paisa = call.values.get("texted.amount")
    if paisa is None:
        return ActionResult("none")
    if isinstance(paisa, int) and PLAUSIBLE[0] <= paisa <= PLAUSIBLE[1]:
        return ActionResult("given", {"amount": paisa})
    return ActionResult("refused")


@action("done", "amount", of_member=True)
def usual_amount(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Her usual instalment, as `amount`."""
    usual = _member(call).usual_instalment
    if usual is None:
        raise LookupError("a member without a usual instalment was offered it")
    return ActionResult("done", {"amount": usual})


def _note(call: ActionCall, amount: int) -> ActionResult:
    contribution_id = call.new_id()
    number = reference.with_check_digit(int(call.new_id(), 16) % 10**8)
    fact = ContributionNoted(contribution_id, _member(call).id, amount, calendar.month_of(call.now), number)
    return ActionResult("noted", {"contribution.reference": number, "contribution.amount": amount}, (fact,))


def _amount(call: ActionCall) -> int:
    amount = call.values["amount"]
    if not isinstance(amount, int):
        raise TypeError("an amount is a whole number of paisa")
    return amount


@action("noted already", "contribution.reference contribution.amount", of_member=True)
def note_contribution(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note the `amount` that she answered or agreed to; the same report within a day is asked about first."""
    amount = _amount(call)
    since = call.now - SAME_REPORT_WINDOW
    with gateway.database.read() as db:
        if contributions.recent_same(db, _member(call).id, amount, calendar.month_of(call.now), since):
            return ActionResult("already", {"contribution.amount": amount})
    return _note(call, amount)


@action("noted", "contribution.reference contribution.amount", of_member=True)
def note_contribution_again(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Note a second payment of the same amount, after she said that it is one."""
    return _note(call, _amount(call))


# --- meetings, trainings, news -----------------------------------------------------------------------------------------------------


@action("found none", "notice.id notice.kind_phrase notice.date notice.place")
def next_notice(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The next meeting or training; asked again in the same conversation, the one after it."""
    heard = call.values.get("notice.id")
    with gateway.database.read() as db:
        notice = notices.next_after(db, call.caller.organisation_id, call.now, heard if isinstance(heard, str) else None)
    if notice is None or notice.starts_at is None or notice.place is None:
        return ActionResult("none")
    return ActionResult(
        "found",
        {
            "notice.id": notice.id,
            "notice.kind_phrase": f"{notice.kind}_word",
            "notice.date": notice.starts_at.isoformat(),
            "notice.place": notice.place,
        },
    )


def _rsvp(call: ActionCall, answer: str) -> ActionResult:
    notice_id = call.values["notice.id"]
    if call.member is None or not isinstance(notice_id, str):
        return ActionResult("done")  # a stranger may listen and say yes; there is nobody to write down
    return ActionResult("done", facts=(RsvpGiven(call.member.id, notice_id, "yes" if answer == "yes" else "no"),))


@action("done")
def rsvp_yes(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She will come."""
    return _rsvp(call, "yes")


@action("done")
def rsvp_no(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She cannot come."""
    return _rsvp(call, "no")


@action("found none", "news.phrase")
def rights_news(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The newest item about workers' rights."""
    with gateway.database.read() as db:
        news = notices.news(db, call.caller.organisation_id, call.now)
    return ActionResult("found", {"news.phrase": news}) if news else ActionResult("none")


# --- people ------------------------------------------------------------------------------------------------------------------------


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


# --- clips that are recorded by phone ----------------------------------------------------------------------------------------------


@action("ok wrong locked")
def verify_studio_pin(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the answer `pin` is the studio's; each try is counted before it is looked at."""
    return ActionResult(studio.verify(gateway, str(call.values.get("pin", "")), call.now))


@action("found new unknown", "studio.clip")
def find_clip(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The clip whose number is the answer `number`: `new` where there is none to hear yet."""
    clip = studio.find(gateway, str(call.values["number"]))
    if clip is None:
        return ActionResult("unknown")
    return ActionResult("found" if studio.can_be_heard(gateway, clip) else "new", {"studio.clip": f"/{clip.language}/{clip.name}"})


@action("done")
def note_clip(gateway: Gateway, call: ActionCall) -> ActionResult:
    """The recording `take` is one of the clip `number`."""
    clip = studio.find(gateway, str(call.values["number"]))
    if clip is None:
        raise LookupError("a clip vanished while it was recorded")
    return ActionResult("done", facts=(ClipRecorded(str(call.values["take"]), clip.language, clip.name, clip.text),))


@action("ready waiting silent", "studio.recording")
def find_recording(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the recording `take` has come, cleaned as callers would hear it."""
    take = str(call.values["take"])
    sound = studio.sound_of(gateway, take)
    return ActionResult("ready", {"studio.recording": f"/{studio.FOLDER}/{take}"}) if sound == "ready" else ActionResult(sound)


@action("done")
def keep_clip(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She is content with the recording `take`: it waits for an organiser's approval."""
    return ActionResult("done", facts=(ClipKept(str(call.values["take"])),))


ACTIONS: Mapping[str, NamedAction] = {
    named.spec.name: named
    for named in (
        latest_claim,
        contribution_balance,
        texted_amount,
        usual_amount,
        note_contribution,
        note_contribution_again,
        next_notice,
        rsvp_yes,
        rsvp_no,
        rights_news,
        give_consent,
        register_member,
        *map(_choose, LANGUAGES),
        stop_texts,
        allow_texts,
        verify_pin,
        open_call_back,
        verify_studio_pin,
        find_clip,
        note_clip,
        find_recording,
        keep_clip,
    )
}

SPECS: Mapping[str, ActionSpec] = {name: named.spec for name, named in ACTIONS.items()}
