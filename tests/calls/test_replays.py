"""Requests and reports of a provider that come twice, late, or in another order than they happened: signed, over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from calls.conftest import BASE_URL, Installation
from fakes.phone import Phone, parse
from fakes.twilio import FakeTwilio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.jobs import CallBack, SendReply
from gateway.services import send, track
from gateway.store import deliveries, phones
from gateway.store.deliveries import NewReply

SITA, STRANGER = "+9779720000001", "+9779841000001"
Fresh = Callable[..., Installation]
Request = tuple[str, Mapping[str, str]]

# What became of everybody, however often and in which order we were told.
STATE = (
    "SELECT amount, noted_by FROM contributions WHERE noted_by = 'voice'",
    "SELECT state, trade FROM members WHERE length(id) = 32",
    "SELECT kind, state FROM tasks",
    "SELECT external_id, seconds FROM recordings",
    "SELECT status, seconds FROM calls",
    "SELECT version, open FROM flow_sessions",
    "SELECT count(*) FROM deliveries",
)
CALLS: Mapping[str, Callable[[Phone], list[Request]]] = {
    "a contribution": lambda phone: phone.ring(sid="CA" + "1" * 32).press("1").press("2").press("450").press("1").requests,
    "a registration": lambda phone: phone.ring(sid="CA" + "1" * 32).press("5").press("1").speak(4).press("2").requests,
    "silence": lambda phone: phone.ring(sid="CA" + "1" * 32).wait().press("0").requests,
}
CALLER = {"a contribution": SITA}


@pytest.fixture
def fresh(installation_of: Callable[..., Installation], tmp_path: Path) -> Fresh:
    """A new installation each time: an example must not find what another left."""
    numbers = itertools.count()
    return lambda **more: installation_of(f"sqlite:///{tmp_path}/{next(numbers)}.sqlite3", **more)


def requests_of(made: Installation, name: str) -> list[Request]:
    """What a provider asks during such a call, and its last word about it."""
    phone = made.phone(CALLER.get(name, STRANGER))
    asked = [(path.removeprefix(BASE_URL), form) for path, form in CALLS[name](phone)]
    end = ("/twilio/status/calls", {**asked[0][1], "CallStatus": "completed", "CallDuration": "61"})
    phone.send(*end)
    return [*asked, end]


def state(made: Installation) -> list[list[tuple[object, ...]]]:
    return [sorted(made.rows(statement), key=repr) for statement in STATE]


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_requests_that_come_again_at_any_time_change_nothing(name: str, data: st.DataObject, fresh: Fresh) -> None:
    straight = fresh()
    asked = requests_of(straight, name)
    repeats = data.draw(st.lists(st.tuples(st.integers(0, len(asked) - 1), st.integers(0, len(asked))), max_size=8))
    made = fresh()
    phone, answers = made.phone(SITA), dict[int, str]()
    for place, request in enumerate(asked):
        answers[place] = phone.send(*request)
        for again, at in repeats:
            if again <= place == max(again, at):
                assert phone.send(*asked[again]) == answers[again]
    assert state(made) == state(straight)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_requests_in_any_order_are_answered_and_nothing_happens_twice(name: str, data: st.DataObject, fresh: Fresh) -> None:
    straight = fresh()
    asked = requests_of(straight, name)
    order = data.draw(st.permutations([*range(len(asked)), *range(len(asked))]))
    made = fresh()
    phone = made.phone(SITA)
    for place in order:
        answer = phone.send(*asked[place])
        assert not answer or parse(answer) is not None
    effects = [made.rows(statement) for statement in STATE[:3]]
    assert all(len(rows) <= len(once) for rows, once in zip(effects, state(straight)[:3], strict=True))
    assert made.rows("SELECT count(*) FROM flow_sessions WHERE open") == [(0,)]
    assert made.rows("SELECT status, seconds FROM calls") in ([], [("completed", 61)])


# What Twilio tells of one call of ours, besides the lists of the answers to our own questions.
ANSWERED = [
    {"CallStatus": "initiated", "SequenceNumber": "0"},
    {"CallStatus": "ringing", "SequenceNumber": "1"},
    {"CallStatus": "in-progress", "SequenceNumber": "2"},
    {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "40"},
    {"AnsweredBy": "human", "MachineDetectionDuration": "2400"},
]
BUSY = [{"CallStatus": "initiated"}, {"CallStatus": "ringing"}, {"CallStatus": "busy", "CallDuration": "0", "SipResponseCode": "486"}]


@pytest.mark.parametrize(("said", "outcome"), [(ANSWERED, "answered"), (BUSY, None)], ids=["answered", "busy"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reports_of_a_call_back_in_any_order_have_one_end(said, outcome, data, fresh: Fresh) -> None:
    with FakeTwilio() as twilio:
        made = fresh(GATEWAY_MISSED_CALLS="yes", **account(twilio))
        phone = replace(made.phone(SITA), account_sid=twilio.account_sid, auth_token=twilio.auth_token)
        phone.ring()
        made.clock.move(seconds=6)
        work(made)
        (call,) = twilio.ledger
        form = {"CallSid": call.sid, "From": call.sender, "To": call.to, "Direction": "outbound-api"}
        for place in order_of(said, data):
            phone.send(call.callback.removeprefix(BASE_URL), form | said[place])
            if data.draw(st.booleans()):
                work(made)
        for _ in range(3):
            made.clock.move(minutes=1)
            work(made)
    assert len(twilio.ledger) == (1 if outcome else 2)
    assert made.rows("SELECT outcome FROM call_backs") == [(outcome,)]
    first = made.rows("SELECT state, seconds, answered_by FROM deliveries WHERE round = 1")
    assert first == [("delivered", 40, "human") if outcome else ("undelivered", 0, None)]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reports_of_a_text_in_any_order_have_one_end(data, fresh: Fresh) -> None:
    said = [{"MessageStatus": status} for status in ("queued", "sending", "sent", "delivered")]
    with FakeTwilio() as twilio:
        made = fresh(**account(twilio))
        phone = replace(made.phone(SITA), account_sid=twilio.account_sid, auth_token=twilio.auth_token)
        with made.gateway.database.write() as db:
            her = phones.find_or_create(db, made.gateway.seal, SITA, made.clock())
            deliveries.owe_reply(db, made.gateway.seal, NewReply("main", her, None, "ne", "नमस्ते"), made.clock())
        twilio.numbers = {SITA: iter([data.draw(st.sampled_from(["", "reset_after"]))])}
        work(made)
        (text,) = twilio.ledger
        for place in order_of(said, data):
            form = {
                "MessageSid": text.sid,
                "SmsSid": text.sid,
                "From": text.sender,
                "To": text.to,
                "SmsStatus": said[place]["MessageStatus"],
            }
            phone.send(text.callback.removeprefix(BASE_URL), form | said[place])
        made.clock.move(minutes=30)
        work(made)
    assert made.rows("SELECT state, external_id FROM deliveries") == [("delivered", text.sid)]
    assert len(twilio.ledger) == 1


def account(twilio: FakeTwilio) -> dict[str, str]:
    """The account at this fake, as fast as it likes."""
    paces = dict.fromkeys(("GATEWAY_CALLS_PER_SECOND", "GATEWAY_MESSAGES_PER_SECOND"), "1000")
    return {"TWILIO_ACCOUNT_SID": twilio.account_sid, "TWILIO_AUTH_TOKEN": twilio.auth_token, "TWILIO_API_BASE_URL": twilio.url, **paces}


def order_of(said: Sequence[object], data: st.DataObject) -> list[int]:
    """All of it, some of it more than once, in any order."""
    again = data.draw(st.lists(st.integers(0, len(said) - 1), max_size=4))
    return list(data.draw(st.permutations([*range(len(said)), *again])))


def work(made: Installation) -> None:
    """What the clock and the workers do."""
    for job in track.sweep(made.gateway):
        if isinstance(job, SendReply):
            send.send_reply(made.gateway, job.delivery_id)
        elif isinstance(job, CallBack):
            send.call_back(made.gateway)
