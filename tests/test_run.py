"""The two commands for a fresh machine: what they refuse, and that what they install fits together."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([a-z0-9.-]+)==([^\s;]+)", re.MULTILINE)


def run(*words, **environ):
    return subprocess.run([ROOT / "run", *words], env={**os.environ, **environ}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("words", "fault"), [(["--prot", "1"], "there is no option --prot"), (["--port"], "--port needs a value")])
def test_a_mistyped_option_is_named_with_the_usage(words, fault):
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"./run: {fault}. usage: ./run")


def test_help_says_what_there_is():
    assert run("--help").stdout.startswith("usage: ./run [--port N] [--data DIR] [--install]")


def test_without_a_python_a_sentence_says_what_to_install(tmp_path):
    copy = tmp_path / "run"
    copy.write_bytes((ROOT / "run").read_bytes())
    copy.chmod(0o755)
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    done = subprocess.run([copy], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Python 3.11 or later is needed" in done.stderr


def test_the_tests_run_with_the_versions_that_are_installed_for_work():
    work, tests = (dict(PIN.findall((ROOT / name).read_text(encoding="utf-8"))) for name in ("requirements.lock", "requirements-dev.lock"))
    assert work.items() <= tests.items()
