"""`gateway channels` in the terminal: what it lists, what it finds faulty, and one real text or call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from channels.conftest import CHEAP_THEN_DEAR, Ways
from channels.test_file import WHOLE
from click.testing import CliRunner, Result
from fakes.outbound import MAIN, e164
from sqlalchemy import text

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.errors import GatewayError
from gateway.services import health, send, trying_channels
from gateway.services.trying_channels import Trial
from gateway.store import phones

BOTH = "  - {medium: sms, channels: [cheap, dear]}\n  - {medium: voice, channels: [dear]}"


def run(world: Ways, *words: str) -> Result:
    return CliRunner().invoke(main, ["channels", *words], env=world.environ)


def test_the_list_tells_of_each_channel_what_it_is_and_how_its_day_goes(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=40)
    world.clock.now += timedelta(0)
    shown = run(world, "list").output
    assert "cheap  +97714000001  first (twilio)" in shown
    assert "sms 1000/s Rs 1.40 a segment" in shown
    assert "today 0 sent, 0 failed, 0 unclear, 40 of 40 texts left" in shown
    assert "last word of the provider: never" in shown


@pytest.mark.parametrize(("state", "many"), [("accepted", 1), ("queued", 0), ("suppressed", 0)])
def test_what_nobody_was_to_get_did_not_go_out(ways: Callable[..., Ways], state: str, many: int):
    world = ways(CHEAP_THEN_DEAR)
    trying_channels.send(world.gateway, MAIN, Trial("dear", e164(1), "sms"))
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE deliveries SET state = :state"), {"state": state})
    (_, dear) = health.our_channels(world.gateway, MAIN)
    assert dear.sent == {"sms": many, "voice": 0}


def test_without_redis_the_list_does_not_say_that_a_channel_is_open(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.environ["REDIS_URL"] = "unix:///nowhere/redis.sock"
    result = run(world, "list")
    assert (result.exit_code, "open" in result.output) == (0, False)
    assert "nobody can tell if it is held: Redis does not answer" in result.output


def test_a_file_is_checked_without_its_secrets_and_with_them(tmp_path: Path):
    file = tmp_path / "ways.yaml"
    file.write_text(WHOLE, encoding="utf-8")
    env = {"GATEWAY_DATA_DIR": str(tmp_path)}
    well = CliRunner().invoke(main, ["channels", "check", str(file)], env=env)
    assert (well.exit_code, well.output) == (0, "2 providers, 2 channels, 2 routes: all is well.\n")
    unset = CliRunner().invoke(main, ["channels", "check", str(file), "--secrets"], env=env)
    assert unset.exit_code == 1
    assert "the variable SOMLENG_TOKEN is not set" in unset.output
    file.write_text(WHOLE.replace('auth_token: "${SOMLENG_TOKEN}"', 'auth_tokn: "${SOMLENG_TOKEN}"'), encoding="utf-8")
    faulty = CliRunner().invoke(main, ["channels", "check", str(file)], env=env)
    assert faulty.exit_code == 1
    assert "ways.yaml:4:12: providers.somleng.auth_token: it is missing" in faulty.output


def test_check_looks_at_the_file_of_the_installation_as_well(tmp_path: Path):
    (tmp_path / "channels.yaml").write_text(WHOLE.replace('kind: twilio, account_sid: "${SOM', 'kind: twillio, account_sid: "${SOM'))
    found = CliRunner().invoke(main, ["check", "--no-clips"], env={"GATEWAY_DATA_DIR": str(tmp_path)})
    assert found.exit_code == 1
    assert "channels.yaml:4:12: providers.somleng: there is no kind 'twillio'. Did you mean 'twilio'?" in found.output


def test_every_fault_is_told_in_one_run_and_nothing_is_served(tmp_path: Path):
    text = WHOLE.replace('auth_token: "${SOM', 'auth_tokn: "${SOM').replace("provider: twilio", "provider: twilo")
    (tmp_path / "channels.yaml").write_text(text, encoding="utf-8")
    environ = {"GATEWAY_DATA_DIR": str(tmp_path), "SECRET_KEY": "s" * 40, "PUBLIC_BASE_URL": "https://gateway.example", "TWILIO_SID": "AC1"}
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path}/no.db", "REDIS_URL": "redis://localhost:1", "PYTHONPATH": str(PACKAGE_ROOT)}
    served = subprocess.run([sys.executable, "-m", "gateway.cli", "serve"], env=environ, capture_output=True, text=True, check=False)
    assert served.returncode == 1
    said = [line.partition(": ")[2] for line in served.stderr.splitlines()]
    assert said == [
        "channels.abroad.provider: there is no provider 'twilo'. Did you mean 'twilio'? [channels:unknown]",
        "providers.twilio.auth_token: the variable TWILIO_TOKEN is not set in the environment. Set it, or name another. [channels:unset]",
        "providers.somleng.account_sid: the variable SOMLENG_SID is not set in the environment. Set it, or name another. [channels:unset]",
        "providers.somleng.auth_tokn: the variable SOMLENG_TOKEN is not set in the environment. Set it, or name another. [channels:unset]",
        "providers.somleng.auth_token: it is missing. [channels:invalid]",
        "providers.somleng.auth_tokn: there is no such key here (did you mean 'auth_token'?). [channels:invalid]",
    ]


def test_a_test_goes_over_exactly_its_channel_and_tells_the_providers_word(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    world = ways(CHEAP_THEN_DEAR)
    monkeypatch.setattr("gateway.cli.channels.PATIENCE", 0.5)
    result = run(world, "test", "dear", "--to", "9841234567", "--now")
    assert result.exit_code == 0, result.output
    assert result.output.count("The provider has taken it") == 1
    assert "Nothing more was heard of it in 0.5 seconds" in result.output
    assert "9841234567" not in result.output
    assert (len(world.first.ledger), [each.to for each in world.second.ledger]) == (0, ["+9779841234567"])
    with world.gateway.database.read() as db:
        noted = db.execute(text("SELECT action, subject FROM audit")).all()
    assert ("test_channel", "channel:dear") in [tuple(row) for row in noted]


def test_what_a_provider_refuses_is_said_as_a_sentence_and_not_tried_again(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR)
    world.first.faults = {"20003": 1.0}
    result = run(world, "test", "cheap", "--to", "9841234567", "--now")
    assert (result.exit_code, len(world.second.ledger)) == (1, 0)
    assert "the provider refuses our account or our number" in result.output
    send.send_reply(world.gateway, 1)
    assert world.rows() == [("failed", "send:misconfigured 20003")]


def test_a_call_is_placed(ways: Callable[..., Ways]):
    world = ways(BOTH, carries="sms, voice")
    trying_channels.send(world.gateway, MAIN, Trial("dear", e164(1), "voice"))
    assert [each.kind for each in world.second.ledger] == ["call"]


@pytest.mark.parametrize(
    ("trial", "code"),
    [
        (Trial("cheap", "+15005550006", "sms"), "broadcast:test-number"),
        (Trial("cheap", "+9771900123456", "sms"), "broadcast:test-number"),
        (Trial("cheep", e164(1), "sms"), "channels:no-channel"),
        (Trial("cheap", e164(1), "voice"), "channels:does-not-carry"),
    ],
)
def test_what_may_not_be_tested_is_refused(ways: Callable[..., Ways], trial: Trial, code: str):
    world = ways(CHEAP_THEN_DEAR)
    with pytest.raises(GatewayError) as refused:
        trying_channels.send(world.gateway, MAIN, trial)
    assert refused.value.code == code
    assert not world.first.ledger


def test_night_stop_and_the_days_limit_hold(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=1)
    trial = Trial("cheap", e164(1), "sms")
    trying_channels.send(world.gateway, MAIN, trial)
    with pytest.raises(GatewayError, match="channels:day-full"):
        trying_channels.send(world.gateway, MAIN, trial)
    with world.gateway.database.write() as db:
        phones.stop(db, phones.find_or_create(db, world.gateway.seal, e164(2), world.clock.now), world.clock.now)
    with pytest.raises(GatewayError, match="send:stopped"):
        trying_channels.send(world.gateway, MAIN, Trial("dear", e164(2), "sms"))
    world.clock.tick(12 * 3600)
    with pytest.raises(GatewayError, match="test-at-night"):
        trying_channels.send(world.gateway, MAIN, Trial("dear", e164(1), "sms"))
    trying_channels.send(world.gateway, MAIN, Trial("dear", e164(1), "sms", by_night=True))
    assert (len(world.first.ledger), len(world.second.ledger)) == (1, 1)
