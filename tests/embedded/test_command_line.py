"""The `gateway` command itself: quick to start, and sentences instead of tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from gateway import cli
from gateway.errors import GatewayError

HEAVY = {"flask", "sqlalchemy", "twilio", "pydantic", "rq", "redis", "aiohttp", "phonenumbers", "yaml"}
LOOK = f"""
import sys
from gateway.cli import main
main(["--help"], standalone_mode=False)
print(sorted({HEAVY} & set(sys.modules)))
"""


@pytest.fixture
def failing(monkeypatch):
    """Put a command `check` in place that raises this."""

    def put(error):
        @click.command
        def command():
            raise error

        monkeypatch.setattr(cli.Commands, "get_command", lambda *_: command)
        return CliRunner().invoke(cli.main, ["check"])

    return put


def test_help_imports_nothing_heavy_and_lists_every_command():
    shown = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"
    for name, what in cli.COMMANDS.items():
        assert name in shown
        assert what in shown


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_of_the_table_is_there(name):
    assert isinstance(import_module(f"gateway.cli.{name}").command, click.Command)


def test_a_named_fault_ends_as_a_sentence(failing):
    result = failing(GatewayError("member:unknown", number="1042"))
    assert result.exit_code == 1
    assert result.output == "There is no member 1042. Check the number, or look for her by phone. [member:unknown]\n"


def test_all_faults_of_a_group_are_named_and_the_configuration_is_exit_code_2(failing):
    faults = [GatewayError("config:unknown", setting="GATEWAY_X"), GatewayError("config:unknown", setting="GATEWAY_Y")]
    result = failing(ExceptionGroup("faulty", [ExceptionGroup("inner", faults)]))
    assert result.exit_code == 2
    assert [line.split(".")[0] for line in result.output.splitlines()] == ["There is no setting GATEWAY_X", "There is no setting GATEWAY_Y"]


def test_an_unexpected_fault_is_not_hidden(failing):
    assert isinstance(
        failing(ExceptionGroup("odd", [ValueError("x"), GatewayError("member:unknown", number="1")])).exception, ExceptionGroup
    )


@pytest.mark.parametrize("command", ["serve", "worker", "clock", "migrate"])
def test_a_process_without_its_settings_does_not_start(command, tmp_path):
    environ = {"PATH": os.environ["PATH"], "GATEWAY_DATA_DIR": str(tmp_path), "SECRET_KEY": "short"}
    done = subprocess.run([sys.executable, "-m", "gateway.cli", command], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "SECRET_KEY is 'too short'" in done.stderr
    assert "REDIS_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_is_run_as_the_command():
    done = subprocess.run([sys.executable, "-m", "gateway.cli", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: gateway ")
