"""The settings: what cannot be right is refused by name before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import bootstrap, config
from gateway.errors import GatewayError
from gateway.store.database import upgrade

ENVIRON = {"SECRET_KEY": "s" * 32, "REDIS_URL": "redis://localhost:6379/0", "PUBLIC_BASE_URL": "https://gateway.example"}


def faults_of(**changes: str) -> list[str]:
    try:
        config.load({**ENVIRON, "TWILIO_AUTH_TOKEN": "t", **changes})
    except ExceptionGroup as faults:
        return [str(fault) for fault in faults.exceptions]
    return []


@pytest.mark.parametrize("url", ["http://x", "x", "redis:6379", "unix://", "redis://h:port/0", "redis://:secret@/0"])
def test_what_is_no_address_of_a_redis_is_refused_and_not_shown(url: str) -> None:
    (fault,) = faults_of(REDIS_URL=url)
    assert fault.startswith("REDIS_URL is 'no address of a Redis'.")
    assert fault.endswith("[config:invalid]")


@pytest.mark.parametrize("url", ["redis://h", "rediss://:secret@h:6380/1", "unix:///tmp/redis.sock"])
def test_a_redis_is_reached_by_network_or_socket(url: str) -> None:
    assert faults_of(REDIS_URL=url) == []


@pytest.mark.parametrize(
    ("sid", "right"),
    [
        ("hello", False),
        ("AC123", False),
        ("AC" + "z" * 32, False),
        ("AC" + "0a" * 16, True),
        ("5b2a1c9e-0d8f-4a53-9d1c-1f2e3d4c5b6a", True),
        ("", True),
    ],
)
def test_an_account_is_twilios_or_a_uuid(sid: str, right: bool) -> None:
    assert [fault.partition(" ")[0] for fault in faults_of(TWILIO_ACCOUNT_SID=sid)] == ([] if right else ["TWILIO_ACCOUNT_SID"])


@pytest.mark.parametrize(
    ("url", "right"),
    [("https://api.somleng.example", True), ("http://10.0.0.7:3000", True), ("http://api.somleng.example", False), ("somleng", False)],
)
def test_the_token_travels_to_no_api_over_the_open_network(url: str, right: bool) -> None:
    assert [fault.partition(" ")[0] for fault in faults_of(TWILIO_API_BASE_URL=url)] == ([] if right else ["TWILIO_API_BASE_URL"])


@pytest.mark.parametrize("language", ["xx", "mai"])
def test_a_language_that_the_flows_do_not_have_is_refused(language: str, tmp_path: Path) -> None:
    environ = {**ENVIRON, "GATEWAY_LANGUAGE": language, "GATEWAY_DATA_DIR": str(tmp_path)}
    upgrade(config.load(environ).database_url)
    with pytest.raises(GatewayError, match=f"GATEWAY_LANGUAGE is '{language}'.*: ne, en"):
        bootstrap.build(config.load(environ))


def test_a_channels_file_that_is_not_there_is_no_reason_to_send_another_way(tmp_path: Path) -> None:
    named = str(tmp_path / "chanels.yaml")
    with pytest.raises(ExceptionGroup) as caught:
        config.load({**ENVIRON, "GATEWAY_CHANNELS": named})
    assert str(caught.value.exceptions[0]).startswith(f"GATEWAY_CHANNELS is '{named}'. There is no such file.")
    Path(named).touch()
    assert config.load({**ENVIRON, "GATEWAY_CHANNELS": named}).channels_file == Path(named)
