"""The shipped transcripts are played; how one is written, what is said of a faulty one, and how one is recorded from a call."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from click.testing import CliRunner

from gateway import bootstrap, config
from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.errors import GatewayError
from gateway.services import broadcast
from gateway.services.access import terminal
from gateway.store import claiming
from gateway.store.database import upgrade
from gateway.transcripts import grammar
from gateway.transcripts.play import play
from gateway.transcripts.record import quoted

MAIN = terminal("main")

FLOWS = PACKAGE_ROOT / "flows"
SHIPPED = grammar.read_folder(FLOWS / "transcripts")
SITA = "+9779720000001"


def gateway(*arguments, **environ):
    return CliRunner().invoke(main, [str(one) for one in arguments], env=environ)


@pytest.mark.parametrize("transcript", SHIPPED, ids=lambda transcript: transcript.title)
def test_a_conversation_goes_as_written(stage, transcript):
    assert play(stage, transcript) is None


def test_every_flow_has_its_transcripts(catalogue):
    assert {path.stem for path in (FLOWS / "transcripts").glob("*.yaml")} == catalogue.flows.keys() - catalogue.lessons.keys()


def test_a_conversation_that_goes_otherwise_is_shown_side_by_side(tmp_path):
    flows = shutil.copytree(FLOWS, tmp_path / "flows")
    flow = flows / "goodbye.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("धन्यवाद। नमस्ते।", "फेरि भेटौँला।"), encoding="utf-8")
    result = gateway("check", flows, "--transcripts")
    assert result.exit_code == 1
    assert "transcripts/goodbye.yaml:" in result.output
    assert "After an answer, silence is a goodbye, after `waits`:\n" in result.output
    assert '    expected  hears: धन्यवाद। नमस्ते।\n    instead   hears: "फेरि भेटौँला।"\n              the call ends\n' in result.output


def test_the_shipped_transcripts_pass_the_command():
    result = gateway("check", "--transcripts")
    assert result.exit_code == 0
    assert result.output == f"{len(SHIPPED)} conversations went as written.\n"


# --- how a line is written ----------------------------------------------------------------------------------------------------------

CALL = f"A call:\n  - caller {SITA} calls\n  - hears: welcome/later_call\n"


@pytest.mark.parametrize(
    "lines",
    [
        '  - hears: "किस्ताका लागि, एक थिच्नुहोस्। ..."\n',
        "  - hears: main_menu/member-1\n",
        "  - hears: ...\n",
        "  - hears: main_menu/member\n  - she presses 2\n  - hears: राम्रो खबर तपाईंको दाबी पास भयो {amount} पाउनुहुन्छ\n  - hears: ...\n",
        f"  - hears: main_menu/member\n  - caller {SITA} presses: 2\n  - hears: ...\n  - the caller hangs up\n",
    ],
)
def test_words_names_clips_and_gaps_are_understood(stage, lines):
    [transcript] = grammar.parse(CALL + lines, "transcripts/a.yaml")
    assert play(stage, transcript) is None


@pytest.mark.parametrize(
    "lines",
    [
        "  - hears: main_menu/stranger\n",
        "  - hears: main_menu/member\n  - hears: main_menu/member\n",
        "",
        "  - hears: main_menu/member\n  - presses 2\n",
        "  - hears: main_menu/member\n  - presses 2\n  - hears: राम्रो खबर\n  - hears: ...\n",
        "  - hears: main_menu/member\n  - waits\n  - hears: ...\n  - leaves a task: call_back\n",
    ],
)
def test_what_is_missing_or_other_is_a_difference(stage, lines):
    [transcript] = grammar.parse(CALL + lines, "transcripts/a.yaml")
    assert play(stage, transcript) is not None


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("A call: nothing", "a.yaml:1:1: 'A call' must be a list of lines"),
        (
            "A call:\n  - caller +9779720000001 cals",
            "a.yaml:2:5: Nobody can play 'caller +9779720000001 cals'. Did you mean `caller +97797",
        ),
        (
            "A call:\n  - caller +9779720000001 calls\n  - presses two",
            "a.yaml:3:5: After `presses` something else is expected: `presses 2`.",
        ),
        ("A call:\n  - hears: Namaste", "a.yaml:2:5: 'hears: Namaste' stands before anybody did something."),
        ("A call:\n  - calls", "a.yaml:2:5: Nobody is named who does this."),
        ("A call:\n  - caller +9779720000001 calls\n  - at: 2026-11-22 21:00", "a.yaml:3:5: 'at: 2026-11-22 21:00' must stand before"),
        ("A call:\n  - hears: {a: b}", "a.yaml:2:12: This must be one line"),
        ("A call:\n  - [a]", "a.yaml:2:5: This must be one line"),
        ("A call:\n  - hears: &a Namaste", "a.yaml:2:12: this is not YAML that a flow may use: anchors"),
        ("- a", "a.yaml:1:1: this is not YAML"),
    ],
)
def test_a_faulty_line_is_named_with_its_place_and_a_remedy(source, fault):
    with pytest.raises(ExceptionGroup) as caught:
        grammar.parse(source, "a.yaml")
    assert str(caught.value.exceptions[0]).startswith(fault)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (f"  - given: {SITA} is happy\n  - caller {SITA} calls\n", "transcript:given"),
        (f"  - given: +9779720000008 speaks en\n  - caller {SITA} calls\n", "transcript:given"),
        (f"  - at: 2026-13-45 10:00\n  - caller {SITA} calls\n", "transcript:malformed"),
        (f"  - caller {SITA} calls\n  - hears: ...\n  - says for 3 seconds\n", "transcript:impossible"),
        (f"  - caller {SITA} calls\n  - hears: ...\n  - calls\n", "transcript:impossible"),
        (f"  - caller {SITA} presses 2\n", "transcript:impossible"),
        ("  - caller +9779841000001 picks up: message_signatures\n", "transcript:impossible"),
        (f"  - caller {SITA} hangs up\n", "transcript:impossible"),
    ],
)
def test_what_nobody_can_do_is_a_fault_of_the_line(stage, lines, fault):
    [transcript] = grammar.parse(f"A call:\n{lines}", "a.yaml")
    with pytest.raises(GatewayError) as caught:
        play(stage, transcript)
    assert caught.value.code == fault
    assert caught.value.where.startswith("a.yaml:")


# --- recorded from a call -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(sqlite_url, tmp_path):
    """The environment of an installation with the sample members in it."""
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": "http://localhost",
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": "redis://localhost:1/0",
        "GATEWAY_NUMBER": "+9779720000000",
        "GATEWAY_DATA_DIR": str(tmp_path),
    }
    upgrade(sqlite_url)
    assert gateway("sample", **environ).exit_code == 0
    return environ


@pytest.mark.parametrize(
    ("number", "calls"),
    [
        (SITA, ["2,8,0"]),
        (SITA, ["1,1", "1,1,2", "1,1,1", "1,2,75,2,450,1"]),
        (SITA, ["3,1,1,2", ",6,", "7,2,2", "2"]),
        ("+9779720000002", ["2,4826", "2,9999,4826,9", "1,4826"]),
        ("+9779720000003", ["1,7391,1", "2,5064", "1,1111,5064,1"]),
        ("+9779841234567", ["5,1,,2", "5", "2", "1"]),
    ],
)
def test_a_recorded_call_passes_unchanged(installed, tmp_path, number, calls):
    for keys in calls:
        file = tmp_path / f"call{keys}.yaml"
        called = gateway("call", number, "--keys", keys, "--record", file, **installed)
        assert called.exit_code == 0, called.output
        result = gateway("check", file, "--transcripts")
        assert result.exit_code == 0, f"{result.output}\n{file.read_text(encoding='utf-8')}"


def test_a_call_of_ours_can_be_recorded_as_well(installed, tmp_path):
    here = bootstrap.build(config.load(installed))
    draft = broadcast.create(here, MAIN, broadcast.Draft("call", phrase="message_signatures"))
    broadcast.approve(here, MAIN, draft)
    broadcast.expand(here, draft)
    now = here.clock()
    with here.database.write() as db:
        rows = claiming.claim_page(db, claiming.Stream(draft, "voice"), 100, claiming.Claim("test", now, now + timedelta(minutes=1)))
        claiming.record(db, [claiming.Outcome(row.id, "accepted", external_id=f"CA{row.id}") for row in rows], "test", now)
    here.database.close()
    record = tmp_path / "call.yaml"
    called = gateway("call", SITA, "--pick-up", "--keys", "8,", "--record", record, **installed)
    assert called.exit_code == 0, called.output
    assert f"caller {SITA} picks up: message_signatures" in record.read_text(encoding="utf-8")
    assert gateway("check", record, "--transcripts").exit_code == 0


def test_a_recording_holds_no_number_and_no_pin_of_a_member(installed, tmp_path):
    file, record = tmp_path / "members.csv", tmp_path / "call.yaml"
    file.write_text("name,phone,language\nRadha,+9779841234567,ne\n", encoding="utf-8")
    assert gateway("members", "import", file, **installed).exit_code == 0
    gateway("call", "+9779841234567", "--keys", "2,9", "--record", record, **installed)
    text = record.read_text(encoding="utf-8")
    assert "9841234567" not in text
    assert "Radha" not in text
    assert gateway("check", record, "--transcripts").exit_code == 0
    gateway("call", "+9779720000002", "--keys", "2,7531,4826", "--record", record, **installed)
    assert "7531" not in record.read_text(encoding="utf-8")


def test_a_quoted_text_is_one_that_yaml_reads_back():
    text = 'रु ५०: "हो" # \\ \u2028 \x85 \n ।'
    [transcript] = grammar.parse(f"{CALL}  - hears: {quoted(text)}", "a.yaml")
    assert transcript.entries[-1].value == text
