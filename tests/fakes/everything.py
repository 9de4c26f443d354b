"""One member about whom there is a row in every table that can hold one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, update

from gateway.services.context import Gateway
from gateway.store import models, phones

MEMBER = "sample-1"
SHE, HER_VILLAGE, HER_PHONE, HER_WORDS, HER_NOTE = "Canary Kanchan", "Canarytol", "+9779720000001", "canary words", "a canary's note"


@dataclass(frozen=True)
class Planted:
    """What was written; `files` are below the data directory."""

    member_id: str
    phone_id: int
    files: tuple[str, ...]


def plant(gateway: Gateway) -> Planted:
    """Write a row about the sample's first member into every table. Her name clip and her recording are files."""
    now, seal = gateway.clock(), gateway.seal
    old = now - timedelta(hours=1)
    with gateway.database.read() as db:
        phone = phones.find(db, seal, HER_PHONE)
    assert phone is not None
    at = {"at": old}
    rows: dict[str, dict[str, object]] = {
        "users": {
            "id": "her-user",
            "organisation_id": "main",
            "sealed_name": seal.seal(SHE),
            "role": "collector",
            "state": "active",
            "sign_in_index": seal.index(SHE),
            "sealed_sign_in": seal.seal(SHE),
            "sealed_password": seal.seal("a hash"),
            "sealed_totp": seal.seal("a key"),
            "created_at": old,
        },
        "visits": {
            "id": "her-visit",
            "user_id": "her-user",
            "digest": b"v" * 32,
            "created_at": old,
            "seen_at": old,
            "proved_at": old,
            "confirmed_at": old,
            "expires_at": now,
            "device": "Firefox, Android",
        },
        "invitations": {
            "id": "her-invitation",
            "user_id": "her-user",
            "digest": b"i" * 32,
            "made_by": "terminal",
            "created_at": old,
            "expires_at": now,
        },
        "recovery_codes": {"user_id": "her-user", "digest": b"r" * 32},
        "tokens": {
            "id": "her-token",
            "organisation_id": "main",
            "user_id": "her-user",
            "label": "app",
            "role": "collector",
            "made_by": "terminal",
            "digest": b"t" * 32,
            "created_at": old,
        },
        "pin_tries": {"bucket": "own", "subject": MEMBER, "tries": 2, "last_at": old},
        "schemes": {
            "id": "scheme",
            "organisation_id": "main",
            "code": "s",
            "title": {"ne": "s"},
            "schedule": "monthly",
            "seasons": [],
            "created_at": old,
        },
        "enrolments": {"id": "her-enrolment", "member_id": MEMBER, "scheme_id": "scheme", "from_month": "2083-01"},
        "skips": {"enrolment_id": "her-enrolment", "month": "2083-02", "by": "terminal", **at},
        "contributions": {
            "id": "her-contribution",
            "organisation_id": "main",
            "member_id": MEMBER,
            "amount": 100_00,
            "month": "2083-08",
            "reference": "90000001",
            "noted_by": "voice",
            "sealed_note": seal.seal(HER_NOTE),
            "noted_at": old,
        },
        "contribution_decisions": {
            "contribution_id": "her-contribution",
            "state": "questioned",
            "by": "terminal",
            "sealed_note": seal.seal(HER_NOTE),
            **at,
        },
        "claims": {
            "id": "her-claim",
            "organisation_id": "main",
            "member_id": MEMBER,
            "number": "90001",
            "kind": "health",
            "state": "received",
            "sealed_note": seal.seal(HER_NOTE),
            "opened_at": old,
            "changed_at": old,
        },
        "claim_events": {"claim_id": "her-claim", "state": "received", "by": "terminal", "sealed_note": seal.seal(HER_NOTE), **at},
        "claim_papers": {"claim_id": "her-claim", "paper": "bill", "position": 1},
        "rsvps": {"notice_id": "sample-meeting", "member_id": MEMBER, "answer": "yes", **at},
        "attendances": {"notice_id": "sample-meeting", "member_id": MEMBER, "by": "terminal", **at},
        "member_lists": {"id": "list", "organisation_id": "main", "title": "a list", "by": "terminal", "created_at": old},
        "member_list_entries": {"list_id": "list", "member_id": MEMBER},
        "lesson_progress": {"member_id": MEMBER, "lesson": "posture", "chapters": 1, "right": 0, "begun_at": old, "updated_at": old},
        "flow_sessions": {
            "id": "her-session",
            "provider": "twilio",
            "external_id": "CA-hers",
            "channel_id": "main",
            "phone_id": phone.id,
            "member_id": MEMBER,
            "medium": "voice",
            "version": 1,
            "state": seal.seal(f'{{"said": "{SHE}"}}'),
            "open": False,
            "created_at": old,
            "updated_at": old,
        },
        "session_events": {"session_id": "her-session", "version": 1, "kind": "StepEntered", "flow": "main_menu", "step": "start", **at},
        "receipts": {
            "provider": "twilio",
            "external_id": "CA-hers",
            "step": 0,
            "sealed_answer": seal.seal(f"<Response>{HER_WORDS}</Response>"),
            **at,
        },
        "messages": {
            "channel_id": "main",
            "phone_id": phone.id,
            "direction": "in",
            "sealed_body": seal.seal(HER_WORDS),
            "external_id": "SM-hers",
            **at,
        },
        "calls": {
            "provider": "twilio",
            "external_id": "CA-hers",
            "channel_id": "main",
            "phone_id": phone.id,
            "direction": "in",
            "status": "completed",
            "seconds": 40,
            "started_at": old,
            "ended_at": old,
        },
        "recordings": {
            "id": "her-recording",
            "session_id": "her-session",
            "provider": "twilio",
            "external_id": "RE-hers",
            "seconds": 4,
            "state": "kept",
            "file": "recordings/her-recording.wav",
            "created_at": old,
        },
        "survey_answers": {
            "organisation_id": "main",
            "member_id": MEMBER,
            "conversation": "her-session",
            "flow": "needs",
            "step": "ask",
            "name": "need",
            "sealed_value": seal.seal(HER_WORDS),
            **at,
        },
        "testimonies": {
            "id": "her-testimony",
            "organisation_id": "main",
            "member_id": MEMBER,
            "recording_id": "her-recording",
            "consent": "unnamed",
            "consent_wording": "testimony/consent",
            "language": "ne",
            "sealed_words": seal.seal(HER_WORDS),
            "state": "waiting",
            "created_at": old,
        },
        "takes": {
            "id": "her-recording",
            "recording_id": "her-recording",
            "organisation_id": "main",
            "language": "ne",
            "clip": "a",
            "text": "a",
            "state": "rejected",
            "sound": "ready",
            "created_at": old,
        },
        "tasks": {
            "sealed_note": seal.seal(HER_NOTE),
            "id": "her-task",
            "organisation_id": "main",
            "kind": "write_down_name",
            "phone_id": phone.id,
            "member_id": MEMBER,
            "session_id": "her-session",
            "recording_id": "her-recording",
            "state": "open",
            "created_at": old,
        },
        "call_backs": {
            "id": 7002,
            "organisation_id": "main",
            "channel_id": "main",
            "phone_id": phone.id,
            "prefix": b"p" * 32,
            "day": "2026-11-21",
            "rang_at": old,
            "ended_at": now,
            "outcome": "answered",
        },
        "deliveries": {
            "id": 7001,
            "channel_id": "main",
            "member_id": MEMBER,
            "phone_id": phone.id,
            "medium": "sms",
            "language": "ne",
            "sealed_body": seal.seal(HER_WORDS),
            "state": "queued",
            "external_id": "SM-out",
            "updated_at": old,
        },
        "reminders": {"member_id": MEMBER, "month": "2083-02", "delivery_id": 7001},
        "callbacks": {"provider": "twilio", "external_id": "SM-out", "delivery_id": 7001, "status": "sent", **at},
        "idempotency_keys": {
            "token_id": "her-token",
            "key": "k",
            "sealed_request": seal.seal("r" * 64),
            "status": 200,
            "sealed_answer": seal.seal(SHE),
            **at,
        },
        "uploads": {
            "id": "her-file",
            "organisation_id": "main",
            "user_id": "her-user",
            "kind": "members",
            "shared_phones": False,
            "state": "done",
            "sealed_report": seal.seal("what the trial found"),
            "created_at": at["at"],
            "updated_at": at["at"],
        },
    }
    with gateway.database.write() as db:
        for table, row in rows.items():
            db.execute(insert(models.metadata.tables[table]), row)
        hers = {
            "sealed_name": seal.seal("सीता Tamang"),
            "sealed_village": seal.seal(HER_VILLAGE),
            "name_clip": "her-name",
            "user_id": "her-user",
        }
        db.execute(update(models.members).where(models.members.c.id == MEMBER).values(**hers, sealed_pin=seal.seal("a hash")))
        words = [{"member_id": MEMBER, "word": seal.word(word)} for word in ("sit", "tamang")]
        db.execute(delete(models.member_names).where(models.member_names.c.member_id == MEMBER))
        db.execute(insert(models.member_names), words)
    files = ("recordings/her-recording.wav", "names/her-name.wav")
    for file in files:
        (gateway.settings.data_dir / file).parent.mkdir(exist_ok=True)
        (gateway.settings.data_dir / file).write_bytes(b"RIFF canary sound")
    return Planted(MEMBER, phone.id, files)
