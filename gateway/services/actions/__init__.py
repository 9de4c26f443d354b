"""What a flow may `do:`, by name. Actions read and decide; what they decide becomes facts that the commit writes.

To add one: write a function with `@action(outcomes, provides)` in the file of its noun, put it into `ACTIONS`, name it in
`docs/flow-language.md`. The outcomes and the slot names that it provides are all that a flow file sees, and `gateway check` holds the
files against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from gateway.engine.definition import ActionSpec
from gateway.engine.interpreter import Action
from gateway.services.actions import broadcast, claims, clips, contributions, listen, notices, people, registration, testimonies
from gateway.services.actions.named import NamedAction
from gateway.services.context import Gateway

ACTIONS: Mapping[str, NamedAction] = {
    named.spec.name: named
    for named in (
        claims.claim_news,
        claims.latest_claim,
        claims.another_claim,
        claims.appeal_claim,
        contributions.contribution_balance,
        contributions.texted_amount,
        contributions.usual_amount,
        contributions.note_contribution,
        contributions.note_contribution_again,
        contributions.may_collect,
        contributions.read_pairs,
        contributions.note_pairs,
        contributions.find_in_group,
        contributions.note_for_member,
        contributions.note_for_member_again,
        notices.next_notice,
        notices.told_notice,
        notices.rsvp_yes,
        notices.rsvp_no,
        notices.rights_news,
        broadcast.keep_reply,
        listen.next_lesson,
        listen.lesson_place,
        listen.lesson_heard,
        listen.lesson_checked,
        listen.next_service,
        listen.same_service,
        testimonies.agree_named,
        testimonies.agree_unnamed,
        testimonies.note_testimony,
        testimonies.keep_testimony,
        people.give_consent,
        people.register_member,
        registration.find_friend,
        registration.bring_friend,
        registration.join,
        registration.decline,
        registration.note_welcome,
        *people.LANGUAGE_CHOICES,
        people.stop_texts,
        people.allow_texts,
        people.verify_pin,
        people.verify_pin_code,
        people.take_new_pin,
        people.set_new_pin,
        people.disown_phone,
        people.call_back,
        people.open_call_back,
        clips.verify_studio_pin,
        clips.find_clip,
        clips.note_clip,
        clips.find_recording,
        clips.keep_clip,
    )
}

SPECS: Mapping[str, ActionSpec] = {name: named.spec for name, named in ACTIONS.items()}


@dataclass(frozen=True, slots=True)
class Bound:
    """The actions of an installation by name, ready for the engine."""

    gateway: Gateway

    def __getitem__(self, name: str) -> Action:
        return partial(ACTIONS[name].perform, self.gateway)
