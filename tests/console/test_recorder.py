"""The recorder in a real browser with a microphone that plays a file: what arrives, what is said before, and what a refusal looks like."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes.console import Console
from playwright.sync_api import Browser, Page, expect

from gateway.audio import coverage, wav
from gateway.audio.catalogue import open_clips
from gateway.audio.wav import Sound

from .conftest import CHROMIUM, OPTIONS

CLIP = "goodbye/say_goodbye-1"
RATE = 48_000


@pytest.fixture
def console(recording_console: Console) -> Console:
    return recording_console


def syllables(loudness: float, hertz: tuple[float, ...] = (700, 1000), seconds: float = 1.2) -> Sound:
    """Something like speech, as a microphone gives it: bursts of these tones, three a second; beyond full scale it is cut off."""
    samples = array("h")
    for n in range(round(seconds * RATE)):
        burst = 1.0 if (n / RATE) % 0.3 < 0.2 else 0.0
        value = loudness * burst * sum(math.sin(2 * math.pi * each * n / RATE) for each in hertz) / len(hertz)
        samples.append(max(-32767, min(32767, round(32767 * value))))
    return Sound(samples, RATE)


def strength(sound: Sound, hertz: float) -> float:
    """How strong one frequency is in a sound: the amplitude in pieces of a tenth of a second (Goertzel), the loudest quarter of them."""
    length = sound.rate // 10
    turns = [2 * math.pi * hertz * n / sound.rate for n in range(length)]
    found = []
    for start in range(0, len(sound.samples) - length, length):
        piece = sound.samples[start : start + length]
        real = sum(sample * math.cos(turn) for sample, turn in zip(piece, turns, strict=True))
        imaginary = sum(sample * math.sin(turn) for sample, turn in zip(piece, turns, strict=True))
        found.append(2 * math.hypot(real, imaginary) / length)
    loudest = sorted(found)[-max(1, len(found) // 4) :]
    return sum(loudest) / len(loudest)


@pytest.fixture
def at_the_desk(chromium: Browser, console: Console, server: str, tmp_path: Path):
    """Open a prompt in a browser whose microphone hears this sound over and over."""

    @contextmanager
    def opened(heard: Sound, *options: str, clip: str = CLIP) -> Iterator[Page]:
        wav.write(tmp_path / "heard.wav", heard)
        fake = f"--use-file-for-fake-audio-capture={tmp_path / 'heard.wav'}"
        browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*OPTIONS, fake, *options])
        try:
            context = browser.new_context(base_url=server, viewport={"width": 360, "height": 800}, permissions=["microphone"])
            context.add_cookies([console.cookie("organiser")])  # type: ignore[list-item]
            page = context.new_page()
            complaints: list[str] = []
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"/prompts/ne/{clip}")
            yield page
            assert not complaints
        finally:
            browser.close()

    return opened


def record(page: Page, seconds: float = 2.0) -> None:
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=8000)
    page.wait_for_timeout(1000 * seconds)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("aawaj-recorder")).to_have_attribute("data-phase", "")


def test_what_is_recorded_arrives_as_the_telephone_plays_it_and_the_next_prompt_follows(at_the_desk, console: Console):
    with at_the_desk(syllables(0.3, (700, 1000, 5000))) as page:
        expect(page.get_by_role("button", name="Keep it")).to_be_hidden()
        record(page, 2.4)
        expect(page.get_by_role("status")).to_contain_text("It sounds right.")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert (
            page.locator("aawaj-recorder audio").evaluate(
                "each => new Promise(done => { each.onloadedmetadata = () => done(each.duration); each.load(); })"
            )
            > 1.5
        )
        page.get_by_role("button", name="Keep it, on to the next").click()
        expect(page.get_by_text("Callers hear your recording within an hour.")).to_be_visible()
        assert CLIP not in page.url
        assert re.search(r"/prompts/ne/\w+/", page.url)
    clips = open_clips(console.gateway.settings.audio_dir)
    sound = wav.read(clips.path("ne", CLIP))
    assert clips.clip("ne", CLIP).source == "recorded"
    assert (sound.rate, coverage.heard(sound)) == (8000, {})
    assert 1.7 < sound.seconds < 3.2
    assert strength(sound, 1000) > 700
    assert strength(sound, 3000) < strength(sound, 1000) / 100  # 5000 Hz folded at 8000 Hz would be here


@pytest.mark.parametrize(
    ("heard", "said"),
    [(syllables(0.003), "It is too quiet."), (syllables(6.0), "it crackles"), (syllables(0.0), "Nothing was heard.")],
    ids=["quiet", "loud", "silent"],
)
def test_what_is_wrong_with_a_recording_is_said_before_it_is_sent(at_the_desk, heard: Sound, said: str):
    with at_the_desk(heard) as page:
        record(page, 1.2)
        expect(page.get_by_role("status")).to_contain_text(said)
        expect(page.get_by_role("button", name="Record again" if "Nothing" not in said else "Record")).to_be_visible()


def test_a_long_pause_at_the_start_is_cut_off_and_told(at_the_desk):
    pause = Sound(array("h", bytes(2 * 5 * RATE)), RATE)
    with at_the_desk(Sound(pause.samples + syllables(0.3).samples, RATE)) as page:
        record(page, 4.2)
        expect(page.get_by_role("status")).to_contain_text("a long pause at the start")
        assert page.locator("input[type=file]").evaluate("each => each.files[0].size") < 2 * 8000 * 2


def test_whoever_cancels_gives_the_microphone_back_and_sends_nothing(at_the_desk):
    with at_the_desk(syllables(0.3)) as page:
        page.evaluate(
            """() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                navigator.mediaDevices.getUserMedia = async (wish) => (window.given = await ask(wish)); }"""
        )
        page.get_by_role("button", name="Record").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=8000)
        page.keyboard.press("Escape")
        expect(page.get_by_role("status")).to_contain_text("Press, wait for 3 2 1, and speak.")
        assert page.evaluate("window.given.getTracks().map(track => track.readyState)") == ["ended"]
        assert page.locator("input[type=file]").evaluate("each => each.files.length") == 0


def test_a_browser_without_worklets_records_all_the_same(at_the_desk, console: Console):
    with at_the_desk(syllables(0.3)) as page:
        page.evaluate("() => { Object.defineProperty(AudioContext.prototype, 'audioWorklet', { value: undefined }); }")
        record(page)
        expect(page.get_by_role("status")).to_contain_text("It sounds right.")
        page.get_by_role("button", name="Keep it, on to the next").click()
        expect(page.get_by_text("Callers hear your recording within an hour.")).to_be_visible()
    sound = wav.read(open_clips(console.gateway.settings.audio_dir).path("ne", CLIP))
    assert 1.2 < sound.seconds < 3.0
    assert strength(sound, 1000) > 700


@pytest.mark.parametrize(
    ("fault", "said"),
    [("NotAllowedError", "allow the microphone"), ("NotFoundError", "No microphone was found."), ("NotReadableError", "Another program")],
)
def test_without_a_microphone_she_is_told_what_to_do(open_as, fault: str, said: str):
    with open_as("organiser", width=360) as page:
        page.goto(f"/prompts/ne/{CLIP}")
        page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{fault}'); }}; }}")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("status")).to_contain_text(said)
        page.get_by_text("Or choose a recording that you have").click()
        expect(page.locator("input[type=file]")).to_be_visible()


def test_a_file_that_is_too_large_is_told_before_it_is_sent(open_as, tmp_path: Path):
    (tmp_path / "large.wav").write_bytes(bytes(34_000_000))
    with open_as("organiser", "ne", width=360) as page:
        page.goto(f"/prompts/ne/{CLIP}")
        page.locator("input[type=file]").set_input_files(tmp_path / "large.wav")
        expect(page.get_by_role("status")).to_contain_text("फाइल धेरै ठूलो")
        assert page.locator("input[type=file]").evaluate("each => each.files.length") == 0
