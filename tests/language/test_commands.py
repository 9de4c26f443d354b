"""The two small tools for texts."""

from __future__ import annotations

import json

from click.testing import CliRunner

from gateway.cli import match, segments


def test_segments_are_counted_line_by_line():
    ran = CliRunner().invoke(segments.command, input='"Namaste"\n"नमस्ते"\n"\\n"\n')
    assert ran.exit_code == 0
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [
        {"encoding": "GSM-7", "segments": 1},
        {"encoding": "UCS-2", "segments": 1},
        {"encoding": "GSM-7", "segments": 1},
    ]


def test_a_line_that_is_no_json_string_is_named():
    for line in (b"Namaste\n", b"5\n", b'"\xff"\n', b"\n"):
        ran = CliRunner().invoke(segments.command, input=b'"ok"\n' + line)
        assert ran.exit_code == 2
        assert "Line 2 is not a JSON string." in ran.stderr


def test_intents_are_printed_with_their_scores():
    ran = CliRunner().invoke(match.command, input="yogdan 500\nnamaste\n\n")
    assert ran.exit_code == 0
    assert ran.stdout == "contribution\t1.00\n-\t0.00\n-\t0.00\n"


def test_a_line_that_is_not_utf8_is_named():
    ran = CliRunner().invoke(match.command, input=b"darta\n\xff\n")
    assert ran.exit_code == 2
    assert "Line 2 is not UTF-8 text." in ran.stderr


def test_a_folder_without_keywords_is_named(tmp_path):
    ran = CliRunner().invoke(match.command, ["--flows", str(tmp_path)], input="darta\n")
    assert ran.exit_code == 2
    assert "keywords.tsv cannot be read" in ran.stderr
