"""Taking away what tells who a member is. What she paid, claimed and answered stays, as the record of nobody in particular.

Her number goes where the phone is nobody else's. On a phone that others have as well, what is known to be hers moves to a phone without
a number; texts from there may be another's and stay until their time is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, Delete, Table, Update, and_, case, delete, exists, false, insert, or_, select, update

from gateway.store.concerning import (
    CLAIMS,
    CONTRIBUTIONS,
    HER,
    HER_CHANNELS,
    HER_ORGANISATION,
    IS_HER_SESSION,
    PHONES,
    RECORDINGS,
    TASKS_ABOUT_HER,
    USERS,
)
from gateway.store.database import Connection
from gateway.store.deliveries import CLOSED
from gateway.store.models import (
    calls,
    claim_events,
    claims,
    contribution_decisions,
    contributions,
    deliveries,
    flow_sessions,
    idempotency_keys,
    invitations,
    lesson_progress,
    member_list_entries,
    member_names,
    member_phones,
    members,
    messages,
    phones,
    pin_tries,
    receipts,
    recordings,
    recovery_codes,
    survey_answers,
    takes,
    tasks,
    testimonies,
    tokens,
    users,
    visits,
)
from gateway.store.tokens import opened_by

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

ERASED = "send:erased"
NOTHING = "{}"  # of a conversation that nobody can go on with


class Voice(NamedTuple):
    """Where her voice lies: the ids of recordings, their files below the data directory, and the name of her name's clip."""

    recordings: list[str]
    files: list[str]
    name_clip: str | None


_others = member_phones.alias("others")
_IN_USE = exists().where(_others.c.phone_id == member_phones.c.phone_id, _others.c.member_id != HER, _others.c.stale_at.is_(None))
_EMPTIED = PHONES.where(~_IN_USE)
_IS_KNOWN_ELSEWHERE = or_(
    exists().where(tasks.c.phone_id == member_phones.c.phone_id, tasks.c.organisation_id.not_in(HER_ORGANISATION)),
    *(
        exists().where(table.c.phone_id == member_phones.c.phone_id, table.c.channel_id.not_in(HER_CHANNELS))
        for table in (messages, calls, flow_sessions, deliveries)
    ),
)
_FORGOTTEN = _EMPTIED.where(~_IS_KNOWN_ELSEWHERE)  # another organisation may have to ring this number
_VOICE = select(recordings.c.id, recordings.c.file).where(recordings.c.id.in_(RECORDINGS))
_NAME_CLIP = select(members.c.name_clip).where(members.c.id == HER)
_STATE = select(members.c.state).where(members.c.id == HER)


def _here(table: Table) -> ColumnElement[bool]:
    """Whether a row came from a phone of hers alone to a number of her organisation: what others know of the phone is theirs."""
    return table.c.phone_id.in_(_EMPTIED) & table.c.channel_id.in_(HER_CHANNELS)


_HERS_SENT = or_(deliveries.c.member_id == HER, and_(deliveries.c.member_id.is_(None), _here(deliveries)))
_TEXTS = select(messages.c.external_id).where(_here(messages), messages.c.external_id.is_not(None))


def voice(db: Connection, member_id: str) -> Voice:
    """Where her voice lies; asked before `erase`."""
    rows = db.execute(_VOICE, {"her": member_id}).all()
    clip = db.execute(_NAME_CLIP, {"her": member_id}).scalar()
    return Voice([row.id for row in rows], [row.file for row in rows if row.file], clip)


def is_erased(db: Connection, member_id: str) -> bool:
    """Whether nothing of her is left."""
    return db.execute(_STATE, {"her": member_id}).scalar() == "erased"


def erase(db: Connection, seal: Seal, member_id: str, by: str, now: datetime) -> None:
    """Take away what tells who she is, in this order: what is found by her phones and conversations goes before those."""
    recorded = voice(db, member_id).recordings
    emptied = list(db.execute(_FORGOTTEN, {"her": member_id}).scalars())
    nobodys: int = db.execute(insert(phones).values(created_at=now).returning(phones.c.id)).scalar_one()
    statements = (
        *_words(),
        *_sent(now),
        update(tasks).where(TASKS_ABOUT_HER).values(
            recording_id=None,
            sealed_note=None,
            done_at=case((tasks.c.state == "open", now), else_=tasks.c.done_at),
            done_by=case((tasks.c.state == "open", by), else_=tasks.c.done_by),
            state="done",
        ),
        update(tasks).where(tasks.c.recording_id.in_(recorded)).values(recording_id=None),
        delete(takes).where(takes.c.recording_id.in_(recorded)),
        delete(recordings).where(recordings.c.id.in_(recorded)),
        *_moved(nobodys),
        update(flow_sessions).where(IS_HER_SESSION).values(state=seal.seal(NOTHING), open=false()),
        *_work(seal, now),
        delete(pin_tries).where(pin_tries.c.bucket.in_(("own", "foreign")), pin_tries.c.subject == HER),
        delete(pin_tries).where(pin_tries.c.bucket == "phone", pin_tries.c.subject.in_([str(each) for each in emptied])),
        *_herself(emptied),
    )  # fmt: skip
    for statement in statements:
        db.execute(statement, {"her": member_id})


def _words() -> list[Update | Delete]:
    """Notes about her, answers to her, what she wrote."""
    in_her_calls = exists().where(
        flow_sessions.c.provider == receipts.c.provider, flow_sessions.c.external_id == receipts.c.external_id, IS_HER_SESSION
    )
    return [
        update(contributions).where(contributions.c.member_id == HER).values(sealed_note=None),
        update(contribution_decisions).where(contribution_decisions.c.contribution_id.in_(CONTRIBUTIONS)).values(sealed_note=None),
        update(claims).where(claims.c.member_id == HER).values(sealed_note=None),
        update(claim_events).where(claim_events.c.claim_id.in_(CLAIMS)).values(sealed_note=None),
        # That she answered is counted; what she said is gone, and what was for others to hear is nobody's any more.
        update(survey_answers).where(survey_answers.c.member_id == HER).values(sealed_value=None, recording_id=None),
        delete(testimonies).where(testimonies.c.member_id == HER),
        delete(lesson_progress).where(lesson_progress.c.member_id == HER),
        delete(receipts).where(in_her_calls | receipts.c.external_id.in_(_TEXTS)),
        update(messages).where(_here(messages)).values(sealed_body=None),
    ]


def _sent(now: datetime) -> list[Update | Delete]:
    """What is not on its way yet does not go out; what may be is left at that."""
    on_its_way = deliveries.c.state.in_(("sending", "unknown"))
    return [
        update(deliveries).where(_HERS_SENT, deliveries.c.state == "queued").values(state="suppressed", error=ERASED, updated_at=now),
        update(deliveries).where(_HERS_SENT, on_its_way).values(state="unknown", error=CLOSED, token=None, updated_at=now),
        update(deliveries).where(_HERS_SENT).values(sealed_body=None),
    ]


def _moved(nobodys: int) -> list[Update | Delete]:
    """What is hers on a phone that others have as well goes to a phone without a number."""
    in_her_calls = exists().where(
        flow_sessions.c.provider == calls.c.provider, flow_sessions.c.external_id == calls.c.external_id, flow_sessions.c.member_id == HER
    )
    return [
        update(calls).where(in_her_calls, calls.c.phone_id.not_in(_EMPTIED)).values(phone_id=nobodys),
        *(
            update(table).where(table.c.member_id == HER, table.c.phone_id.not_in(_EMPTIED)).values(phone_id=nobodys)
            for table in (deliveries, tasks, flow_sessions)
        ),
    ]


def _work(seal: Seal, now: datetime) -> list[Update | Delete]:
    """Where she works for the organisation herself, she does no more."""
    hers = select(tokens.c.id).where(tokens.c.user_id.in_(USERS))
    of_organisation = select(tokens.c.id).join(members, members.c.organisation_id == tokens.c.organisation_id).where(members.c.id == HER)
    return [
        # Answers that programs got today may tell of her; that their requests were done stays known.
        update(idempotency_keys).where(idempotency_keys.c.token_id.in_(of_organisation)).values(sealed_answer=None),
        delete(idempotency_keys).where(idempotency_keys.c.token_id.in_(hers)),
        update(tokens).where(opened_by(USERS), tokens.c.revoked_at.is_(None)).values(revoked_at=now),
        update(tokens).where(tokens.c.user_id.in_(USERS)).values(label=""),
        *(delete(table).where(table.c.user_id.in_(USERS)) for table in (visits, invitations, recovery_codes)),
        update(users)
        .where(users.c.id.in_(USERS))
        .values(
            **dict.fromkeys(("sign_in_index", "sealed_sign_in", "sealed_password", "sealed_totp", "totp_step", "language")),
            sealed_name=seal.seal(""),
            state="disabled",
        ),
    ]


def _herself(emptied: list[int]) -> list[Update | Delete]:
    these = phones.c.id.in_(emptied)
    return [
        update(phones).where(these).values(sealed=None, language=None, script=None, broke_off=None),
        update(phones).where(these, phones.c.stopped_at.is_(None)).values(blind_index=None),
        delete(member_phones).where(member_phones.c.member_id == HER),
        delete(member_list_entries).where(member_list_entries.c.member_id == HER),
        delete(member_names).where(member_names.c.member_id == HER),
        update(members)
        .where(members.c.id == HER)
        .values(
            **dict.fromkeys(
                (
                    "sealed_name",
                    "sealed_village",
                    "name_clip",
                    "sealed_pin",
                    "pin_code_until",
                    "consent_wording",
                    "best_hour",
                    "script",
                    "user_id",
                )
            ),
            state="erased",
            reminders=false(),
            version=members.c.version + 1,
        ),
    ]
