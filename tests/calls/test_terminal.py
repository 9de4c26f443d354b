"""The commands by which somebody tries the gateway without a phone."""

from __future__ import annotations

import pytest
from calls.conftest import Installation
from click.testing import CliRunner

from gateway.cli import main
from gateway.services import broadcast, send
from gateway.services.access import terminal
from gateway.services.broadcast import Draft

MAIN = terminal("main")

SITA = "+9779720000001"


@pytest.fixture
def simulated(installation_of, sqlite_url: str) -> Installation:
    """An installation without a provider's account."""
    return installation_of(sqlite_url, TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="", GATEWAY_NUMBER="")


def run(here: Installation, *words: str) -> str:
    result = CliRunner(env=here.environ).invoke(main, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_call_prints_what_is_said_with_its_seconds(simulated: Installation) -> None:
    output = run(simulated, "call", SITA, "--keys", "2")
    assert "तपाईंको दाबी पास भयो। रु ५,००० पाउनुहुन्छ।" in output
    assert " s  आवाज सञ्जालबाट नमस्ते।" in output


def test_a_text_prints_the_answer_and_its_segments(simulated: Installation) -> None:
    assert "[UCS-2, 1 segment]" in run(simulated, "text", SITA, "दाबी")


def test_a_call_of_a_broadcast_is_picked_up_and_counts_as_heard(simulated: Installation) -> None:
    broadcast_id = broadcast.create(simulated.gateway, MAIN, Draft("news", phrase="news_c177", life_safety_by="Kamala"))
    broadcast.approve(simulated.gateway, MAIN, broadcast_id)
    broadcast.expand(simulated.gateway, broadcast_id)
    send.run_batch(simulated.gateway, broadcast_id)
    assert "महासन्धिको नम्बर" in run(simulated, "call", SITA, "--pick-up", "--keys", "")
    states = simulated.rows("SELECT state, count(*), max(seconds) > 10 FROM deliveries GROUP BY state ORDER BY state")
    assert states == [("accepted", 2, None), ("delivered", 1, 1), ("suppressed", 1, None)]


def test_what_a_phone_was_sent_can_be_read(simulated: Installation) -> None:
    run(simulated, "text", SITA, "दाबी")
    assert "पास भयो" in run(simulated, "text", SITA)


def test_members_come_from_a_table_and_go_into_one(simulated: Installation, tmp_path) -> None:
    table = tmp_path / "members.csv"
    table.write_text(
        "name,phone,trade,usual_instalment\nराधा,९८४१२३४५६७,sewing,300\n=cmd|1,+977-984-1234568,,\nनाम,12,,\n", encoding="utf-8-sig"
    )
    result = CliRunner(env=simulated.environ).invoke(main, ["members", "import", str(table)])
    assert result.exit_code == 1
    assert "members.csv:4: phone: the phone number cannot be read" in result.output
    assert "2 added, 0 changed, 0 known already, 1 refused." in result.output
    again = CliRunner(env=simulated.environ).invoke(main, ["members", "import", str(table), "--again"])
    assert "0 added, 0 changed, 2 known already, 1 refused." in again.output
    out = tmp_path / "out.csv"
    assert "6 members written" in run(simulated, "members", "export", str(out))
    written = out.read_text(encoding="utf-8")
    assert "राधा,+9779841234567,,ne,,sewing,,,,,300,no,voice" in written
    assert "'=cmd|1" in written


def test_an_organiser_sees_whom_to_call_back_and_ticks_it_off(simulated: Installation) -> None:
    run(simulated, "call", "+9779841555666", "--keys", "0")
    (line,) = run(simulated, "tasks", "list").splitlines()
    assert "call_back" in line
    assert "+9779841555666" in line
    assert run(simulated, "tasks", "done", line.split()[0]) == "Done.\n"
    assert run(simulated, "tasks", "list") == ""
    again = CliRunner(env=simulated.environ).invoke(main, ["tasks", "done", line.split()[0]])
    assert again.exit_code == 1
    assert "There is no open task" in again.output


def test_a_member_is_given_a_pin_and_a_guessable_one_is_refused(simulated: Installation) -> None:
    ((number,),) = simulated.rows("SELECT number FROM members WHERE id = 'sample-2'")
    refused = CliRunner(env=simulated.environ).invoke(main, ["members", "pin", str(number), "--pin", "1234"])
    assert refused.exit_code == 1
    assert "A PIN has 4 digits" in refused.output
    run(simulated, "members", "pin", str(number), "--pin", "८२५१")
    assert "हेर्दै छौँ" in run(simulated, "call", "+9779720000002", "--keys", "2,8251")
