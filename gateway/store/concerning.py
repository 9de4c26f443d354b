"""Which rows concern a member: one condition for each table, for showing her all of it and for taking it away.

A phone that others have as well is not hers alone: what came from it without saying who spoke is left out, since it may be another's.
What the same phone has to do with other organisations is theirs, and neither shown nor taken away here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, ColumnElement, LargeBinary, Table, bindparam, literal, or_, select

from gateway.store.database import Connection
from gateway.store.models import (
    attendances,
    audit,
    call_backs,
    callbacks,
    calls,
    channels,
    claim_events,
    claim_papers,
    claims,
    contribution_decisions,
    contributions,
    deliveries,
    enrolments,
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
    reminders,
    rsvps,
    session_events,
    skips,
    survey_answers,
    takes,
    tasks,
    testimonies,
    tokens,
    users,
    visits,
)
from gateway.store.sealed import SEALED

if TYPE_CHECKING:
    from gateway.store.secrets import Seal

HER: BindParameter[str] = bindparam("her")  # her id

_she = members.alias("she")
HER_ORGANISATION = select(_she.c.organisation_id).where(_she.c.id == HER)
HER_CHANNELS = select(channels.c.id).where(channels.c.organisation_id.in_(HER_ORGANISATION))
USERS = select(members.c.user_id).where(members.c.id == HER, members.c.user_id.is_not(None))
PHONES = select(member_phones.c.phone_id).where(member_phones.c.member_id == HER, member_phones.c.stale_at.is_(None))
_of_others = member_phones.alias("of_others")
OWN_PHONES = PHONES.where(
    ~select(_of_others.c.member_id).where(_of_others.c.phone_id == member_phones.c.phone_id, _of_others.c.member_id != HER).exists()
)


def from_her_phones(table: Table) -> ColumnElement[bool]:
    """Whether a row of a table with phones and channels came from a phone that is hers alone, to a number of her organisation."""
    return table.c.phone_id.in_(OWN_PHONES) & table.c.channel_id.in_(HER_CHANNELS)


IS_HER_SESSION = (flow_sessions.c.member_id == HER) | (flow_sessions.c.member_id.is_(None) & from_her_phones(flow_sessions))
SESSIONS = select(flow_sessions.c.id).where(IS_HER_SESSION)
CONTRIBUTIONS = select(contributions.c.id).where(contributions.c.member_id == HER)
CLAIMS = select(claims.c.id).where(claims.c.member_id == HER)
TASKS_ABOUT_HER = or_(
    tasks.c.member_id == HER, tasks.c.session_id.in_(SESSIONS), tasks.c.claim_id.in_(CLAIMS), tasks.c.contribution_id.in_(CONTRIBUTIONS)
)
RECORDINGS = select(recordings.c.id).where(
    or_(recordings.c.session_id.in_(SESSIONS), recordings.c.id.in_(select(tasks.c.recording_id).where(tasks.c.member_id == HER)))
)
DELIVERIES = select(deliveries.c.id).where(
    or_(deliveries.c.member_id == HER, deliveries.c.member_id.is_(None) & from_her_phones(deliveries))
)


def _named_as(table: Table, of: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row has the same name at a provider as one of another table."""
    return select(of.c.external_id).where(of.c.provider == table.c.provider, of.c.external_id == table.c.external_id, condition).exists()


_own_texts = select(messages.c.external_id).where(from_her_phones(messages), messages.c.external_id.is_not(None))

CONCERNING: Mapping[Table, ColumnElement[bool]] = {
    members: members.c.id == HER,
    member_names: member_names.c.member_id == HER,
    member_phones: member_phones.c.member_id == HER,
    phones: phones.c.id.in_(PHONES),
    users: users.c.id.in_(USERS),
    visits: visits.c.user_id.in_(USERS),
    invitations: invitations.c.user_id.in_(USERS),
    recovery_codes: recovery_codes.c.user_id.in_(USERS),
    tokens: tokens.c.user_id.in_(USERS),
    idempotency_keys: idempotency_keys.c.token_id.in_(select(tokens.c.id).where(tokens.c.user_id.in_(USERS))),
    pin_tries: pin_tries.c.bucket.in_(("own", "foreign")) & (pin_tries.c.subject == HER),
    enrolments: enrolments.c.member_id == HER,
    skips: skips.c.enrolment_id.in_(select(enrolments.c.id).where(enrolments.c.member_id == HER)),
    contributions: contributions.c.member_id == HER,
    contribution_decisions: contribution_decisions.c.contribution_id.in_(CONTRIBUTIONS),
    claims: claims.c.member_id == HER,
    claim_events: claim_events.c.claim_id.in_(CLAIMS),
    claim_papers: claim_papers.c.claim_id.in_(CLAIMS),
    reminders: reminders.c.member_id == HER,
    rsvps: rsvps.c.member_id == HER,
    attendances: attendances.c.member_id == HER,
    member_list_entries: member_list_entries.c.member_id == HER,
    lesson_progress: lesson_progress.c.member_id == HER,
    survey_answers: survey_answers.c.member_id == HER,
    testimonies: testimonies.c.member_id == HER,
    tasks: TASKS_ABOUT_HER,
    deliveries: deliveries.c.id.in_(DELIVERIES),
    call_backs: from_her_phones(call_backs),
    callbacks: callbacks.c.delivery_id.in_(DELIVERIES),
    flow_sessions: IS_HER_SESSION,
    session_events: session_events.c.session_id.in_(SESSIONS),
    receipts: _named_as(receipts, flow_sessions, IS_HER_SESSION) | receipts.c.external_id.in_(_own_texts),
    messages: from_her_phones(messages),
    calls: from_her_phones(calls) | _named_as(calls, flow_sessions, IS_HER_SESSION),
    recordings: recordings.c.id.in_(RECORDINGS),
    takes: takes.c.recording_id.in_(RECORDINGS),
    audit: or_(
        audit.c.subject == literal("member:") + HER,
        audit.c.subject.in_(select(literal("claim:") + claims.c.id).where(claims.c.member_id == HER)),
        audit.c.subject.in_(select(literal("contribution:") + contributions.c.id).where(contributions.c.member_id == HER)),
        audit.c.actor.in_(select(literal("user:") + members.c.user_id).where(members.c.id == HER)),
    ),
}

# What is about nobody in particular.
OF_NOBODY = frozenset(
    (
        "organisations channels missed_call_days prices rest_days schemes scheme_rates notices broadcasts approvals member_lists sayings "
        "saying_clips services flow_versions step_counts studio_tries sign_in_tries imports import_refusals uploads sweeps"
    ).split()
)


# What nobody is shown, herself included: that it is there says enough.
SECRETS = {"sealed_pin": "has_pin", "sealed_password": "has_password", "sealed_totp": "has_second_step"}


def rows(db: Connection, seal: Seal, member_id: str) -> dict[str, list[dict[str, Any]]]:
    """Every row that concerns a member, by table, with what is sealed opened; tables in which there is none are left out."""
    found = {}
    for table, condition in CONCERNING.items():
        query = select(table).where(condition).order_by(*table.primary_key.columns)
        page = [_readable(seal, table, dict(row)) for row in db.execute(query, {"her": member_id}).mappings()]
        if page:
            found[table.name] = page
    return found


def _readable(seal: Seal, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a person reads it: sealed columns by what they are, secrets as their being there, digests not at all."""
    read: dict[str, Any] = {}
    for column in table.columns:
        value = row[column.name]
        if column.name in SECRETS:
            read[SECRETS[column.name]] = value is not None
        elif column.name in SEALED.get(table, ()):
            read["number" if table is phones else column.name.removeprefix("sealed_")] = None if value is None else seal.open(bytes(value))
        elif not isinstance(column.type, LargeBinary):
            read[column.name] = value
    return read
