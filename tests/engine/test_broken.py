"""Each file in `broken/` is a flow with faults. Its comments at the end are the exact messages, in the order in which they are printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.conversation import DEFAULTS, SPECS, write_flows

from gateway.engine.loader import load

BROKEN = Path(__file__).parent / "broken"
MARK = "# => "


def messages(folder):
    with pytest.raises(ExceptionGroup) as raised:
        load(folder, SPECS)
    return [str(fault) for fault in raised.value.exceptions]


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_flow_is_explained_word_for_word(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    folder = write_flows(tmp_path, {"story": text})
    assert messages(folder) == expected


def test_the_faults_of_all_files_come_in_one_run(tmp_path):
    folder = write_flows(tmp_path, {"a": "flow: [", "b": ""})
    (folder / "phrases.yaml").unlink()
    assert [message.split(":")[0] for message in messages(folder)] == ["flows/a.yaml", "flows/b.yaml", "flows/phrases.yaml"]


def test_the_defaults_are_checked_as_well(tmp_path):
    folder = write_flows(tmp_path, {})
    text = (
        DEFAULTS.replace("gate: pin", "gate: money").replace("9: main_menu", "9: main_men").replace("give_up: give_up", "giveup: give_up")
    )
    (folder / "defaults.yaml").write_text(text + "retries: three\n", encoding="utf-8")
    assert messages(folder) == [
        "flows/defaults.yaml:1:1: the file: the key 'give_up' is missing. [flow:missing-key]",
        "flows/defaults.yaml:3:7: gate: the flow 'money' must be for anyone and not private, or nobody could ever reach it. [flow:gate]",
        "flows/defaults.yaml:4:1: giveup: there is no key 'giveup' here. Did you mean 'give_up'? [flow:unknown-key]",
        "flows/defaults.yaml:6:33: keys.9: there is no flow 'main_men'. Did you mean 'main_menu'? [flow:unknown-flow]",
        "flows/defaults.yaml:14:10: retries: 'three' must be a whole number from 1 to 10. [flow:invalid]",
    ]


def test_two_flows_cannot_share_a_keyword_however_it_is_spelt(tmp_path):
    flow = "flow: {0}\ntitle: {{ne: a, en: a}}\nkeywords: [{1}]\nstart: s\nsteps: {{s: {{end: {{}}}}}}\n"
    folder = write_flows(tmp_path, {"first": flow.format("first", "darta"), "second": flow.format("second", "दर्ता")})
    assert messages(folder) == ["flows/second.yaml:3:12: keywords.1: 'दर्ता' already opens the flow 'first'. [flow:keyword-clash]"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("flow: x".encode("utf-16"), "it is written in UTF-16; save it as UTF-8."),
        ("flow: naïve".encode("latin-1"), "line 1 is not UTF-8 (perhaps Latin-1); save it as UTF-8."),
        (b"#" * 1_000_001, "it is larger than 1 MB; divide it."),
    ],
)
def test_a_file_that_is_no_small_utf8_text_is_refused_before_it_is_parsed(content, reason, tmp_path):
    folder = write_flows(tmp_path, {})
    (folder / "story.yaml").write_bytes(content)
    assert messages(folder) == [f"flows/story.yaml:1:1: {reason} [flow:unreadable]"]


def test_a_link_out_of_the_folder_and_a_pipe_are_refused(tmp_path):
    import os

    folder = write_flows(tmp_path, {})
    (tmp_path / "secret.yaml").write_text("flow: secret")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    os.mkfifo(folder / "pipe.yaml")
    assert messages(folder) == [
        "flows/link.yaml:1:1: it is a link to a file outside the folder. [flow:unreadable]",
        "flows/pipe.yaml:1:1: it is not a regular file. [flow:unreadable]",
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "the file must hold keys and their values"),
        ("just words", "the file must hold keys and their values"),
        ("- a list", "the file must hold keys and their values"),
        ("flow: a\n---\nflow: b", "there is a second document; keep one flow in one file"),
        ("a: &x [1]\nb: *x", "anchors and aliases (& and *) are not allowed; write the value out"),
        ("a: !!python/object/apply:os.system [ls]", "tags (!) are not allowed; write the value alone, in quotes if it begins with !"),
        ("a: 1\na: 2", "the key 'a' stands here twice"),
        ("? [a]\n: b", "a key must be a plain word"),
        ("a: " + "[" * 2000, "values are nested more than 50 deep"),
        ("a: [" + "1," * 30_000, "the file has more than 20000 values; divide it"),
        ('a: "\\ud800"', "the text holds a control character or half a character"),
        ('a: "\\UFFFFFFFF"', "a number or an escape in it is out of range"),
        ("a: \x07", "the character U+0007 is not allowed"),
        ("a:\n\tb: 1", "found character '\\t' that cannot start any token"),
    ],
)
def test_yaml_that_no_flow_needs_is_refused(source, reason, tmp_path):
    folder = write_flows(tmp_path, {"story": source})
    (message,) = messages(folder)
    assert message.partition(": ")[2] == f"this is not YAML that a flow may use: {reason}. [flow:yaml]"


def test_a_byte_order_mark_and_windows_lines_are_accepted(tmp_path):
    text = "flow: story\r\ntitle: {ne: a, en: no}\r\nstart: bye\r\nsteps:\r\n  bye: {end: {}}\r\n"
    folder = write_flows(tmp_path, {})
    (folder / "story.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load(folder, SPECS).flows["story"].title == {"ne": "a", "en": "no"}
