"""Things that wait for a person, written into a console for its tests."""

from __future__ import annotations

from datetime import timedelta

from fakes.console import Console
from fakes.sounds import words

from gateway.audio import wav
from gateway.store import flow_sessions, members, messages, phones, recordings, tasks

CALLER, WRITER, SPEAKER = "+9779720000001", "+9779720000021", "+9779720000022"
WORDS = "ghar ma pani chha ki chhaina?"


def fill(console: Console) -> dict[str, str]:
    """A call-back, a name to write down and a message that nobody understood; the ids of their tasks by kind."""
    gateway = console.gateway
    at = gateway.clock() - timedelta(hours=3)
    with gateway.database.write() as db:
        phone = {number: phones.find_or_create(db, gateway.seal, number, at) for number in (CALLER, WRITER, SPEAKER)}
        row = flow_sessions.SessionRow("call", "simulator", "call", "main", phone[SPEAKER], None, "voice", 1, "{}", False, at)
        flow_sessions.insert(db, gateway.seal, row)
        new = members.NewMember(
            id="speaker",
            organisation_id="main",
            number="90018",
            language="ne",
            state="pending",
            consented_at=at,
            consent_how="voice",
            consent_wording="sample",
            collector_id="sample-didi",
        )
        members.add(db, gateway.seal, new, at)
        members.attach_phone(db, "speaker", phone[SPEAKER])
        recordings.keep(db, recordings.NewRecording("voice", "call", "simulator", "RE1", 2), at)
        recordings.kept(db, "voice", "recordings/voice.wav")
        messages.log(db, gateway.seal, [messages.MessageRow("main", phone[WRITER], "in", WORDS, "SM1", at)])
        for new_task in (
            tasks.NewTask("task-call-back", "main", "call_back", phone[CALLER], "sample-1"),
            tasks.NewTask("task-name", "main", "write_down_name", phone[SPEAKER], "speaker", "call", "voice"),
            tasks.NewTask("task-words", "main", "check_messages", phone[WRITER]),
            tasks.NewTask("task-overdue", "main", "claim_overdue", member_id="sample-2", claim_id="sample-2"),
            tasks.NewTask("task-phone", "main", "check_phone", phone[CALLER]),
        ):
            tasks.open_task(db, new_task, at)
    folder = gateway.settings.data_dir / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    wav.write(folder / "voice.wav", words(wav.RATE, 9000))
    return {"call_back": "task-call-back", "write_down_name": "task-name", "check_messages": "task-words"}
