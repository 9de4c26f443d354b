"""One sprint into the database: its rows and its receipt in one short transaction. The only place where facts become rows.

Nothing here decides anything: the engine did. `commit` runs inside the caller's transaction and returns the jobs to enqueue after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.core import events, people
from gateway.core.jobs import FetchRecording, Job, SendReply
from gateway.core.statuses import ONE_CALL_BACK
from gateway.engine.steps.menu import KEY
from gateway.services import missed_calls, studio, voices, welcome
from gateway.services.contributions import SAME_REPORT_WINDOW
from gateway.store import (
    audit,
    claims,
    contributions,
    deliveries,
    flow_sessions,
    lessons,
    members,
    notices,
    phones,
    pins,
    recordings,
    surveys,
    takes,
    tasks,
    testimonies,
    told,
)
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.engine.interpreter import Sprint
    from gateway.services.context import Gateway
    from gateway.store.database import Connection


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a sprint belongs: the rows that its facts refer to."""

    session_id: str
    provider: str
    channel_id: str
    organisation_id: str
    phone_id: int | None
    medium: events.Medium
    members: tuple[str, ...] = ()  # whom we took to have this phone


@dataclass(frozen=True, slots=True)
class Writing:
    """What every writer of a fact may use."""

    gateway: Gateway
    db: Connection
    conversation: Conversation
    sprint: Sprint
    now: datetime


def commit(writing: Writing) -> list[Job]:
    """Write the rows of all facts of a sprint; the session's own row and the receipt are the caller's."""
    jobs: list[Job] = []
    log: list[flow_sessions.LogRow] = []
    sprint, conversation = writing.sprint, writing.conversation
    for fact in sprint.facts:
        if writer := WRITERS.get(type(fact)):
            jobs.extend(writer(writing, fact))
        if type(fact) in KEPT_OF:
            log.append(_log_row(conversation.session_id, sprint.session.version, fact, writing.now))
    if log:
        flow_sessions.log(writing.db, log)
    return jobs


LOGGED = (
    events.StepEntered,
    events.AnswerGiven,
    events.AnswerMissed,
    events.LanguageChosen,
    events.TextsStopped,
    events.TextsAllowed,
    events.ConsentGiven,
    events.FriendBrought,
    events.MemberAgreed,
    events.MemberDeclined,
    events.MemberWelcomed,
    events.PinAccepted,
    events.PinChosen,
    events.PhoneDisowned,
    events.ContributionNoted,
    events.RsvpGiven,
    events.TaskOpened,
    events.ClaimHeard,
    events.CallTransferred,
    events.ConversationEnded,
)

# What a log row may keep of a fact: ids and choices. Free text and numbers of phones stay where they belong.
KEPT = frozenset(
    {"reason", "language", "wording", "contribution_id", "member_id", "notice_id", "claim_id", "answer", "task_id", "kind", "name"}
)
KEPT_OF: Mapping[type, tuple[str, ...]] = {kind: tuple(name for name in kind.__slots__ if name in KEPT) for kind in LOGGED}


def _log_row(session_id: str, version: int, fact: events.Fact, now: datetime) -> flow_sessions.LogRow:
    detail = {name: getattr(fact, name) for name in KEPT_OF[type(fact)]}
    if type(fact) is events.AnswerGiven and fact.name == KEY:
        detail[KEY] = fact.value  # a choice from a menu, which tells nothing of her; so a call can be heard again
    return flow_sessions.LogRow(
        session_id=session_id,
        version=version,
        kind=type(fact).__name__,
        flow=getattr(fact, "flow", None),
        step=getattr(fact, "step", None),
        detail=json.dumps(detail) if detail else None,
        at=now,
    )


# --- one writer for each fact that has rows of its own -----------------------------------------------------------------------------


def _choose_language(writing: Writing, fact: events.LanguageChosen) -> list[Job]:
    if writing.sprint.session.member_id is not None:
        members.set_language(writing.db, writing.sprint.session.member_id, fact.language)
    elif writing.conversation.phone_id is not None:
        phones.set_language(writing.db, writing.conversation.phone_id, fact.language)
    return []


def _stop_texts(writing: Writing, _fact: events.TextsStopped) -> list[Job]:
    if writing.conversation.phone_id is not None:
        phones.stop(writing.db, writing.conversation.phone_id, writing.now)
    return []


def _allow_texts(writing: Writing, _fact: events.TextsAllowed) -> list[Job]:
    if writing.conversation.phone_id is not None:
        phones.allow(writing.db, writing.conversation.phone_id)
    return []


def _keep_recording(writing: Writing, fact: events.RecordingKept) -> list[Job]:
    conversation = writing.conversation
    recordings.keep(
        writing.db,
        recordings.NewRecording(
            id=fact.recording_id,
            session_id=conversation.session_id,
            provider=conversation.provider,
            external_id=fact.external_id,
            seconds=fact.seconds,
        ),
        writing.now,
    )
    return [FetchRecording(fact.recording_id)]


def _note_clip(writing: Writing, fact: events.ClipRecorded) -> list[Job]:
    take = takes.NewTake(fact.recording_id, writing.conversation.organisation_id, fact.language, fact.clip, fact.text)
    takes.note(writing.db, take, writing.now)
    return []


def _keep_clip(writing: Writing, fact: events.ClipKept) -> list[Job]:
    studio.keep(writing.gateway, writing.db, fact.recording_id, writing.now)
    return []


def _register(writing: Writing, fact: events.MemberRegistered) -> list[Job]:
    phone_id = writing.conversation.phone_id
    organisation_id, known = writing.conversation.organisation_id, set(writing.conversation.members)
    if phone_id is not None and members.of_phone(writing.db, phone_id, organisation_id) != known:
        raise Conflict  # another call from this phone registered her meanwhile
    members.add(
        writing.db,
        writing.gateway.seal,
        members.NewMember(
            id=fact.member_id,
            organisation_id=organisation_id,
            number=fact.number,
            name=people.clean(fact.name)[: people.LONGEST_NAME] if fact.name else None,
            language=fact.language,
            trade=fact.trade,
            preferred_medium=writing.conversation.medium,
            consent_wording=fact.consent,
            consented_at=writing.now if fact.consent else None,
            consent_how=writing.conversation.medium if fact.consent else None,
            state="pending",
        ),
        writing.now,
    )
    if writing.conversation.phone_id is not None:
        members.attach_phone(writing.db, fact.member_id, writing.conversation.phone_id)
    return []


def _bring_friend(writing: Writing, fact: events.FriendBrought) -> list[Job]:
    conversation, db, now = writing.conversation, writing.db, writing.now
    phone_id = phones.find_or_create(db, writing.gateway.seal, fact.phone, now)
    if members.of_phone(db, phone_id, conversation.organisation_id):
        raise Conflict  # she registered herself meanwhile, or somebody else brought her
    friend = members.NewMember(
        id=fact.member_id,
        organisation_id=conversation.organisation_id,
        number=fact.number,
        language=fact.language,
        trade=fact.trade,
        state="pending",
        collector_id=fact.collector_id,
    )
    members.add(db, writing.gateway.seal, friend, now)
    members.attach_phone(db, fact.member_id, phone_id)
    task = tasks.NewTask(
        id=fact.task_id,
        organisation_id=conversation.organisation_id,
        kind="write_down_name",
        phone_id=phone_id,
        member_id=fact.member_id,
        session_id=conversation.session_id,
        recording_id=fact.recording_id,
    )
    tasks.open_task(db, task, now)
    return []


def _agree(writing: Writing, fact: events.MemberAgreed) -> list[Job]:
    consent = members.Consent(fact.member_id, writing.conversation.medium, fact.wording)
    complete = members.agree(writing.db, consent, writing.now)
    return welcome.owe(writing.gateway, writing.db, fact.member_id) if complete else []


def _decline(writing: Writing, fact: events.MemberDeclined) -> list[Job]:
    voices.discard(writing.gateway, members.forget(writing.db, fact.member_id))
    for file in recordings.forget(writing.db, fact.member_id):
        (writing.gateway.settings.data_dir / file).unlink(missing_ok=True)
    tasks.drop_open(writing.db, fact.member_id, writing.conversation.medium, writing.now)
    return []


def _welcome(writing: Writing, fact: events.MemberWelcomed) -> list[Job]:
    members.welcomed(writing.db, fact.member_id, writing.now)
    return []


def _choose_pin(writing: Writing, fact: events.PinChosen) -> list[Job]:
    pins.set_hers(writing.db, writing.gateway.seal, fact.member_id, fact.pin_hash)
    _witness(writing, "pin.chosen", fact.member_id)
    return []


def _disown_phone(writing: Writing, fact: events.PhoneDisowned) -> list[Job]:
    phone_id = writing.conversation.phone_id
    if phone_id is None:
        return []
    for member_id in fact.member_ids:
        if phones.disown(writing.db, phone_id, member_id, writing.now):
            _witness(writing, "phone.disowned", member_id)
    return []


def _witness(writing: Writing, action: str, member_id: str) -> None:
    """Write into the audit log what a caller did herself."""
    conversation = writing.conversation
    detail = json.dumps({"session": conversation.session_id})
    entry = audit.Entry(conversation.organisation_id, conversation.medium, action, f"member:{member_id}", detail)
    audit.append(writing.db, writing.gateway.seal, entry, writing.now)


def _note_contribution(writing: Writing, fact: events.ContributionNoted) -> list[Job]:
    contributions.hold(writing.db, fact.member_id)
    since = writing.now - SAME_REPORT_WINDOW
    if not fact.again and contributions.recent_same(writing.db, fact.member_id, fact.amount, fact.month, since):
        raise Conflict  # somebody else noted the same meanwhile, so that it must be asked about
    contributions.note(
        writing.db,
        contributions.NewContribution(
            id=fact.contribution_id,
            organisation_id=writing.conversation.organisation_id,
            member_id=fact.member_id,
            amount=fact.amount,
            month=fact.month,
            reference=fact.reference,
            noted_by=fact.noted_by or writing.conversation.medium,
            scheme_id=fact.scheme_id,
        ),
        writing.now,
    )
    return []


def _answer_broadcast(writing: Writing, fact: events.BroadcastAnswered) -> list[Job]:
    told.answered(writing.db, fact.delivery_id, writing.now)
    return []


def _rsvp(writing: Writing, fact: events.RsvpGiven) -> list[Job]:
    notices.rsvp(writing.db, notices.Rsvp(fact.notice_id, fact.member_id, fact.answer), writing.now)
    return []


def _hear_lesson(writing: Writing, fact: events.LessonHeard) -> list[Job]:
    lessons.heard(writing.db, fact.member_id, fact.lesson, fact.chapters, writing.now)
    return []


def _check_lesson(writing: Writing, fact: events.LessonChecked) -> list[Job]:
    lessons.checked(writing.db, fact.member_id, fact.lesson, fact.right, writing.now)
    return []


def _keep_survey_answer(writing: Writing, fact: events.SurveyAnswered) -> list[Job]:
    conversation = writing.conversation
    answer = surveys.NewAnswer(
        organisation_id=conversation.organisation_id,
        member_id=fact.member_id,
        broadcast_id=fact.broadcast_id,
        conversation=conversation.session_id,
        flow=fact.flow,
        step=fact.step,
        name=fact.name,
        value=fact.value,
        recording_id=fact.recording_id,
    )
    surveys.keep(writing.db, writing.gateway.seal, answer, writing.now)
    return []


def _keep_testimony(writing: Writing, fact: events.TestimonyGiven) -> list[Job]:
    new = testimonies.NewTestimony(
        id=fact.testimony_id,
        organisation_id=writing.conversation.organisation_id,
        member_id=fact.member_id,
        recording_id=fact.recording_id,
        consent=fact.consent,
        consent_wording=fact.wording,
        language=fact.language,
    )
    testimonies.keep(writing.db, new, writing.now)
    return []


def _call_back(writing: Writing, _fact: events.CallAsked) -> list[Job]:
    conversation = writing.conversation
    if conversation.phone_id is None:
        return []
    return missed_calls.ask(writing.gateway, writing.db, conversation.channel_id, conversation.phone_id)


def _open_task(writing: Writing, fact: events.TaskOpened) -> list[Job]:
    conversation = writing.conversation
    if fact.recording_id and fact.member_id and tasks.adopt(writing.db, fact.recording_id, fact.kind, fact.member_id):
        return []  # her call broke off after she had spoken, and she went on in another
    if (
        fact.kind == "call_back"
        and conversation.phone_id is not None
        and tasks.is_call_back_open(writing.db, conversation.organisation_id, conversation.phone_id, writing.now - ONE_CALL_BACK)
    ):
        return []  # two calls at once
    write = tasks.open_task if fact.claim_id is None else tasks.open_once
    write(
        writing.db,
        tasks.NewTask(
            id=fact.task_id,
            organisation_id=conversation.organisation_id,
            kind=fact.kind,
            phone_id=conversation.phone_id,
            member_id=fact.member_id,
            session_id=conversation.session_id,
            recording_id=fact.recording_id,
            claim_id=fact.claim_id,
        ),
        writing.now,
    )
    return []


def _hear_claim(writing: Writing, fact: events.ClaimHeard) -> list[Job]:
    claims.heard(writing.db, fact.claim_id, fact.claim_version, writing.now)
    return []


def _promise_text(writing: Writing, fact: events.TextPromised) -> list[Job]:
    conversation = writing.conversation
    if conversation.phone_id is None:
        return []
    delivery_id = deliveries.owe_reply(
        writing.db,
        writing.gateway.seal,
        deliveries.NewReply(
            channel_id=conversation.channel_id,
            phone_id=conversation.phone_id,
            member_id=writing.sprint.session.member_id,
            language=writing.sprint.session.language,
            body=fact.text,
        ),
        writing.now,
    )
    return [SendReply(delivery_id)]


# Each writer takes the one kind of fact under whose type it stands.
WRITERS: Mapping[type, Callable[[Writing, Any], list[Job]]] = {
    events.LanguageChosen: _choose_language,
    events.TextsStopped: _stop_texts,
    events.TextsAllowed: _allow_texts,
    events.RecordingKept: _keep_recording,
    events.ClipRecorded: _note_clip,
    events.ClipKept: _keep_clip,
    events.MemberRegistered: _register,
    events.FriendBrought: _bring_friend,
    events.MemberAgreed: _agree,
    events.MemberDeclined: _decline,
    events.MemberWelcomed: _welcome,
    events.PinChosen: _choose_pin,
    events.PhoneDisowned: _disown_phone,
    events.ContributionNoted: _note_contribution,
    events.BroadcastAnswered: _answer_broadcast,
    events.RsvpGiven: _rsvp,
    events.LessonHeard: _hear_lesson,
    events.LessonChecked: _check_lesson,
    events.SurveyAnswered: _keep_survey_answer,
    events.TestimonyGiven: _keep_testimony,
    events.TaskOpened: _open_task,
    events.CallAsked: _call_back,
    events.ClaimHeard: _hear_claim,
    events.TextPromised: _promise_text,
}
