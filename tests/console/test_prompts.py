"""What callers hear, seen and recorded by organisers: from the list to the clip, with files and without JavaScript."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes.console import Client, Console
from fakes.sounds import tone, words

from gateway.audio import coverage, wav
from gateway.audio.catalogue import open_clips, read_manifest, write_manifest
from gateway.audio.taking import install
from gateway.audio.wav import Sound
from gateway.services import prompts, studio
from gateway.services.access import Actor
from gateway.store import organisations, takes

CLIP = "goodbye/say_goodbye-1"
PAGE = f"/prompts/ne/{CLIP}"


@pytest.fixture
def console(recording_console: Console) -> Console:
    return recording_console


def as_wav(sound: Sound) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, sound.rate, 0, "NONE", ""))
        out.writeframes(sound.samples.tobytes())
    return file.getvalue()


def seen(client: Client, page: str = PAGE) -> str:
    found = re.search(r'name="seen" value="(\w+)"', client.get(page).get_data(as_text=True))
    assert found
    return found[1]


def send(client: Client, content: bytes, mark: str | None = None, then: str = "use", page: str = PAGE):
    """Post the form of a prompt as a browser does."""
    form = {"seen": mark or seen(client, page), "then": then, "recording": (io.BytesIO(content), "voice.wav")}
    return client.post(page, form)


def text_after(client: Client, answer) -> str:
    assert answer.status_code == 303
    return client.get(answer.headers["Location"]).get_data(as_text=True)


def entry(console: Console, clip: str = CLIP):
    return open_clips(console.gateway.settings.audio_dir).clip("ne", clip)


def test_the_page_tells_how_far_each_language_has_come_and_leads_to_the_next_to_record(console: Console):
    page = console.as_("organiser", "ne").get("/prompts").get_data(as_text=True)
    for words_ in ("नेपाली", "अङ्ग्रेजी", "मैथिली", "फोन गर्नेले अझै छान्न पाउँदैनन्", "दाबी कहाँ पुग्यो"):
        assert words_ in page
    assert 'href="/prompts/ne/welcome/' in page


def test_prompts_are_found_by_flow_state_and_words(console: Console):
    client = console.as_("organiser")
    page = client.get("/prompts?language=ne&flow=goodbye").get_data(as_text=True)
    assert f'href="{PAGE}"' in page
    assert "a machine speaks" in page
    assert "1 prompts" in page
    assert "No prompt fits." in client.get("/prompts?language=ne&flow=goodbye&state=recorded").get_data(as_text=True)
    assert f'href="{PAGE}"' in client.get("/prompts?language=ne&words=धन्यवाद").get_data(as_text=True)
    assert "missing" in client.get("/prompts?language=mai&state=to_record").get_data(as_text=True)


def test_a_long_list_goes_on_on_the_next_page(console: Console):
    client = console.as_("organiser")
    first = client.get("/prompts?language=ne&state=placeholder").get_data(as_text=True)
    assert "after=25" in first
    assert "after=50" in client.get("/prompts?language=ne&state=placeholder&after=25").get_data(as_text=True)


def test_a_prompt_stands_large_within_its_sentence_with_its_meaning_and_how_to_say_it(console: Console):
    page = console.as_("organiser").get("/prompts/ne/claim_status/paid-1").get_data(as_text=True)
    assert '<span class="aloud">तपाईंलाई पठायौँ।</span>' in page
    assert '<span class="around">…, …</span>' in page
    assert "On … we sent you …." in page
    assert "let your voice come down" in page
    assert 'href="/flows/claim_status"' in page


def test_without_javascript_a_file_becomes_what_callers_hear_and_the_next_prompt_opens(console: Console):
    client = console.as_("organiser")
    page = text_after(client, send(client, as_wav(words(44_100, 6000))))
    assert "Callers hear your recording within an hour." in page
    assert "aawaj-recorder" in page
    sound = wav.read(open_clips(console.gateway.settings.audio_dir).path("ne", CLIP))
    assert (entry(console).source, sound.rate, coverage.heard(sound)) == ("recorded", 8000, {})
    there = client.get(PAGE).get_data(as_text=True)
    assert ">recorded</span>" in there
    played = client.get(f"/prompts/sounds/ne/{CLIP}", headers={"Range": "bytes=0-99"})
    assert (played.status_code, played.mimetype, len(played.data)) == (206, "audio/wav", 100)
    assert '<span class="figure">1</span> of 422 recorded' in client.get("/prompts?language=ne").get_data(as_text=True)


def test_a_recording_that_is_sent_twice_does_a_thing_once(console: Console):
    client = console.as_("organiser")
    mark, content = seen(client), as_wav(words(8000, 6000))
    for _ in range(2):
        assert "Callers hear your recording" in text_after(client, send(client, content, mark))
    for _ in range(2):
        assert "waits until somebody" in text_after(client, send(client, as_wav(words(8000, 5000)), then="wait"))
    with console.gateway.database.read() as db:
        assert [take.state for take in takes.history(db, "ne", CLIP, 9)] == ["approved"]
        assert len(takes.waiting(db)) == 1


def test_what_waits_is_listened_to_and_decided_by_another(console: Console):
    client = console.as_("organiser")
    assert "waits until somebody has listened" in text_after(client, send(client, as_wav(words(8000, 6000)), then="wait"))
    assert entry(console).source == "placeholder"
    other = console.as_("admin")
    page = other.get("/prompts").get_data(as_text=True)
    assert "दिदी organiser" in page
    [take_id] = set(re.findall(r"/prompts/takes/([\w-]+)/use", page))
    assert other.get(f"/prompts/takes/{take_id}").mimetype == "audio/wav"
    assert "Callers hear this recording" in text_after(other, other.post(f"/prompts/takes/{take_id}/use", {"from": "list"}))
    assert entry(console).source == "recorded"
    assert "Listen and decide" not in other.get("/prompts").get_data(as_text=True)


def test_what_is_thrown_away_is_gone_and_nobody_decides_twice(console: Console):
    client = console.as_("organiser")
    send(client, as_wav(words(8000, 6000)), then="wait")
    [take_id] = set(re.findall(r"/prompts/takes/([\w-]+)/use", client.get(PAGE).get_data(as_text=True)))
    assert "thrown away" in text_after(client, client.post(f"/prompts/takes/{take_id}/reject"))
    assert not studio.file_of(console.gateway, take_id).exists()
    for verb in ("reject", "use"):
        answer = client.post(f"/prompts/takes/{take_id}/{verb}")
        assert answer.status_code == 409
        assert "Somebody decided about this recording already" in answer.get_data(as_text=True)


def test_the_recording_before_can_be_gone_back_to_even_one_from_a_studio(console: Console):
    folder = console.gateway.settings.audio_dir
    install(folder, "ne", CLIP, entry(console).text, wav.fit(tone(440, 1.0)))
    of_the_studio = entry(console).sha256
    client = console.as_("organiser")
    send(client, as_wav(words(8000, 6000)))
    ours = entry(console).sha256
    page = client.get(PAGE).get_data(as_text=True)
    [take_id] = set(re.findall(r"/prompts/takes/([\w-]+)/use", page))
    assert "Go back to this one" in page
    client.post(f"/prompts/takes/{take_id}/use")
    assert entry(console).sha256 == of_the_studio != ours
    [back] = set(re.findall(r"/prompts/takes/([\w-]+)/use", client.get(PAGE).get_data(as_text=True)))
    client.post(f"/prompts/takes/{back}/use")
    assert entry(console).sha256 == ours


def test_of_two_who_record_the_same_prompt_none_loses_her_work(console: Console):
    one, two = console.as_("organiser"), console.as_("admin")
    mark = seen(two)
    send(one, as_wav(words(8000, 6000)))
    first = entry(console).sha256
    page = text_after(two, send(two, as_wav(words(8000, 5000)), mark))
    assert "Somebody changed this meanwhile." in page
    assert "This recording waits for a listener" in page
    assert entry(console).sha256 == first


def test_many_at_once_leave_clips_and_a_manifest_that_fit_each_other(console: Console):
    gateway, actor = console.gateway, Actor("main", "organiser", "user:a", console.user("organiser"))
    clips = [prompt.clip for prompt in prompts.page(gateway, actor, "ne", prompts.Wanted(group="claim_status"))][:6]
    source = gateway.settings.data_dir / "source.wav"
    wav.write(source, words(8000, 6000))

    def work(clip: str) -> str:
        sheet = prompts.show(gateway, actor, "ne", clip)
        return prompts.record(gateway, actor, prompts.Recording("ne", clip, source, sheet.seen, at_once=True))

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(work, clips)) == {"used"}
    found = open_clips(gateway.settings.audio_dir)
    assert {found.clip("ne", clip).source for clip in clips} == {"recorded"}
    assert coverage.findings(found, gateway.catalogue.clips()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from gateway.audio import catalogue, taking, wav
taking.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
taking.install(Path(sys.argv[1]), "ne", sys.argv[2], "text", wav.silence(0.5))
"""


def test_a_process_that_is_killed_in_the_middle_leaves_what_can_be_recorded_anew(console: Console):
    folder = console.gateway.settings.audio_dir
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), CLIP], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    client = console.as_("organiser")
    assert "Callers hear your recording" in text_after(client, send(client, as_wav(words(8000, 6000))))
    assert coverage.findings(open_clips(folder), console.gateway.catalogue.clips()) == []


@pytest.mark.parametrize(
    ("content", "language", "said"),
    [
        (as_wav(words(8000, 2)), "en", "Nothing is heard"),
        (as_wav(tone(440, 180, 8000)), "ne", "यो १२० सेकेन्डभन्दा लामो छ"),
        (b"%PDF-1.7 this is a letter", "ne", "यो आवाजको फाइल होइन"),
        (b"", "ne", "यसमा केही छैन"),
        (as_wav(tone(440, 3, 8000))[:-900], "en", "it breaks off"),
        (
            as_wav(Sound(type(tone(1, 1).samples)("h", [32767, 32767, 32767, 32767, -32767, -32767, -32767, -32767] * 3000), 8000)),
            "en",
            "it was too loud",
        ),
    ],
    ids=["silent", "three minutes", "a letter", "nothing in it", "broken off", "clipped"],
)
def test_what_cannot_be_used_is_refused_with_the_reason_beside_the_recorder(console: Console, content: bytes, language: str, said: str):
    client = console.as_("organiser", language)
    answer = send(client, content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page.partition('id="recording-wrong"')[2]
    assert 'class="reading"' in page
    assert entry(console).source == "placeholder"


def test_a_form_without_a_file_says_so(console: Console):
    client = console.as_("organiser")
    answer = client.post(PAGE, {"seen": seen(client)})
    assert answer.status_code == 422
    assert "There is no recording yet." in answer.get_data(as_text=True)


def test_a_file_that_is_far_too_large_is_refused_and_read_to_its_end(console: Console, server: str):
    cookie = console.cookie("organiser")
    begin = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n'
    asked = HTTPConnection(server.removeprefix("http://"), timeout=30)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": f"{cookie['name']}={cookie['value']}"}
    asked.request("POST", PAGE, begin + bytes(50_000_000) + b"\r\n--x--\r\n", headers)  # who is cut off while she sends gets no answer
    answer = asked.getresponse()
    assert answer.status == 413
    assert "What was sent is too large." in answer.read().decode()


def test_a_clip_says_what_is_wrong_with_it(console: Console):
    folder, text = console.gateway.settings.audio_dir, entry(console).text
    client = console.as_("organiser")

    def badge() -> str:
        return client.get(PAGE).get_data(as_text=True).partition('id="now"')[2].partition("</p>")[0]

    quiet = wav.cut_out(words(8000, 300).samples)
    for sound, said in (
        (Sound(quiet, 8000), "too quiet"),
        (tone(440, 1, 8000, 32_000), "too loud"),
        (wav.fit(words(8000, 6000)), "recorded"),
    ):
        install(folder, "ne", CLIP, text, sound)
        assert said in badge()
    manifest = read_manifest(folder / "ne")
    write_manifest(folder / "ne", {**manifest, CLIP: replace(manifest[CLIP], text="अर्कै")})
    assert "the text has changed" in badge()
    assert f'href="{PAGE}"' in client.get("/prompts?language=ne&state=stale").get_data(as_text=True)
    (folder / "ne" / f"{CLIP}.wav").unlink()
    assert "missing" in badge()


def test_another_organisation_may_record_but_the_first_one_decides(console: Console):
    with console.gateway.database.write() as db:
        organisations.ensure(db, "sangh", "महिला सङ्घ")
    theirs = console.as_("organiser", organisation_id="sangh")
    assert "waits until somebody has listened" in text_after(theirs, send(theirs, as_wav(words(8000, 6000))))
    [take_id] = set(re.findall(r"/prompts/takes/([\w-]+)/use", theirs.get(PAGE).get_data(as_text=True)))
    answer = theirs.post(f"/prompts/takes/{take_id}/use")
    assert answer.status_code == 403
    assert entry(console).source == "placeholder"
    ours = console.as_("organiser")
    send(ours, as_wav(words(8000, 5000)), then="wait", page="/prompts/ne/claim_status/paid-1")
    assert "तपाईंलाई पठायौँ।" not in theirs.get("/prompts").get_data(as_text=True)
    assert "Callers hear this recording" in text_after(ours, ours.post(f"/prompts/takes/{take_id}/use"))


def test_who_recorded_and_who_decided_is_written_down(console: Console):
    client = console.as_("organiser")
    send(client, as_wav(words(8000, 6000)))
    page = console.as_("admin").get(f"/audit?subject=clip:ne/{CLIP}").get_data(as_text=True)
    assert "recorded a prompt" in page


def test_the_script_to_print_has_a_box_to_tick_a_number_and_the_sentence_around(console: Console):
    client = console.as_("organiser", "ne")
    page = client.get("/prompts/script?language=ne&flow=claim_status").get_data(as_text=True)
    assert page.count('class="tickbox"') == 20
    assert "तपाईंलाई पठायौँ।" in page
    assert "10062" in page
    assert client.get("/prompts/script?language=ne").get_data(as_text=True).count('class="tickbox"') == 422


@pytest.mark.parametrize("path", ["/prompts/ne/nothing", "/prompts/xx/goodbye", "/prompts/ne/../../x", "/prompts/script?language=xx"])
def test_what_is_not_there_is_a_page_that_says_so(console: Console, path: str):
    assert console.as_("organiser").get(path).status_code == 404


def test_no_page_stands_in_anybody_s_way(console: Console, open_as):
    client = console.as_("organiser")
    send(client, as_wav(words(8000, 6000)))
    send(client, as_wav(words(8000, 5000)), then="wait")
    with open_as("organiser", "ne", width=360) as page:
        for path in ("/prompts", "/prompts?language=ne&flow=goodbye", PAGE, "/prompts/script?language=ne&flow=goodbye"):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
