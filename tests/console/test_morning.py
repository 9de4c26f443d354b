"""An organiser's morning in real Chromiums, on a whole installation with a worker and a clock in processes of their own.

Only by what the pages show."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from fakes.console import Console, serving
from playwright.sync_api import Browser, Locator, Page, expect

from gateway import bootstrap, config
from gateway.audio import wav
from gateway.core.passwords import derived
from gateway.services import installation, sample
from gateway.web.console.words import _translations

from .conftest import CHROMIUM, OPTIONS, PHONE
from .test_phone import QUICKLY, dial, hang_up, key
from .test_recorder import syllables

WORKER = Path(__file__).with_name("worker_by_day.py")
RINGS = "Your phone rings. Green answers, red rejects."
HOSTILE = "<img src=x onerror=alert(1)> बिमला"
FORMULA = '=HYPERLINK("http://example.org")'
WORKING, PATIENCE = 2_000, 20_000  # milliseconds: until a page shows what a worker has done; until it must have
CLIP = "ne/claim_status/approved-1"
NUMBERS = ("9720000001", "9720000002", "9720000047", "9720000060", "9720000061", "98420000")  # those of this morning


@dataclass
class Installation:
    """A console whose clock goes, its sample users who sign in with a password, and where its worker writes."""

    console: Console
    log: Path

    def password(self, name: str) -> str:
        return derived(self.console.gateway.settings.secret_key, name)


@pytest.fixture
def here(with_own_clips: dict[str, str], tmp_path: Path, now: datetime, port: int) -> Iterator[Installation]:
    """The sample's installation with clips that may be changed, its server, its worker and its clock."""
    environ = with_own_clips
    ahead = now - datetime.now(UTC)
    gateway = bootstrap.build(config.load(environ), clock=lambda: datetime.now(UTC) + ahead)
    installation.prepare(gateway)
    sample.load(gateway)
    sample.let_in(gateway)
    log = tmp_path / "worker.log"
    with log.open("wb") as written, serving(gateway, port):
        programs = ((str(WORKER), str(ahead.total_seconds())), ("-m", "gateway.cli", "clock"))
        running = [
            subprocess.Popen([sys.executable, *program], env={**os.environ, **environ}, stdout=written, stderr=subprocess.STDOUT)
            for program in programs
        ]
        try:
            yield Installation(Console(gateway), log)
        finally:
            for each in running:
                each.terminate()
            for each in running:
                each.wait(10)
    gateway.database.close()


@pytest.fixture
def browser(chromium: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A Chromium whose microphone hears somebody speak."""
    wav.write(tmp_path / "speech.wav", syllables(0.3))
    speaks = f"--use-file-for-fake-audio-capture={tmp_path / 'speech.wav'}"
    launched = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*OPTIONS, speaks])
    expect.set_options(timeout=PATIENCE)
    yield launched
    expect.set_options(timeout=None)
    launched.close()


@dataclass
class People:
    """Whoever sits at a browser of her own. What their pages complain about stands in `complaints`."""

    here: Installation
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def opens(self, address: str, **more: Any) -> Page:
        more = {"locale": "en", "viewport": {"width": 1280, "height": 900}, **more}
        page = self.browser.new_context(base_url=self.here.console.base, permissions=["microphone"], **more).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"a script ran: {dialog.message}"))
        page.goto(address)
        return page

    def signs_in(self, name: str, words: Mapping[str, str] | None = None, **more: Any) -> Page:
        page, said = self.opens("/", **more), words or {}
        page.get_by_label(said.get("Name", "Name"), exact=True).fill(name)
        page.get_by_label(said.get("Password", "Password"), exact=True).fill(self.here.password(name))
        page.get_by_role("button", name=said.get("Sign in", "Sign in")).click()
        page.get_by_role("link", name=said.get("Today", "Today"), exact=True).first.click()  # an admin is offered a second step first
        expect(page.get_by_role("heading", level=1)).to_have_text(said.get("Today", "Today"))
        return page

    def picks_up_the_phone(self) -> Page:
        page = self.opens("about:blank")
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        return page


@pytest.fixture
def people(here: Installation, browser: Browser) -> Iterator[People]:
    with_browsers = People(here, browser)
    yield with_browsers
    assert not with_browsers.complaints


# --- what everybody does -----------------------------------------------------------------------------------------------------------


def press(page: Page, name: str | re.Pattern[str], inside: Locator | None = None) -> None:
    (inside or page).get_by_role("button", name=name, exact=isinstance(name, str)).click()


def told(page: Page) -> Locator:
    """What the page says after a form."""
    return page.locator("main > [role=status]").first


def once_there(page: Page, wanted: Locator) -> Locator:
    """What a worker brings to a page that does not look by itself: she loads it anew until it is there."""
    for _ in range(PATIENCE // WORKING):
        try:
            expect(wanted).to_be_visible(timeout=WORKING)
        except AssertionError:
            page.reload()
        else:
            return wanted
    raise AssertionError(page.locator("main").inner_text())


def part(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def may_press(phone: Page, told: str) -> None:
    """Wait until this is said, by its English, and a key is heard."""
    expect(phone.locator("#told .gloss").last).to_contain_text(told)
    expect(phone.locator("#state")).to_have_text(re.compile("^Press|^Listen. You may"))


def speaks(phone: Page, seconds: int = 2) -> None:
    expect(phone.locator("#state")).to_have_text("Speak now. A key ends it.")
    for _ in range(seconds + 1):
        expect(phone.locator("#clock")).not_to_have_text(phone.locator("#clock").inner_text())
    key(phone, "1")


def rings_as(phone: Page, number: str) -> None:
    phone.get_by_label("Another number", exact=True).check()
    phone.get_by_label("A sample number").fill(number)
    phone.get_by_label("A sample number").blur()


# --- the morning -------------------------------------------------------------------------------------------------------------------


def test_an_organisers_morning(people: People, here: Installation, redis_url: str):
    phone, desk, other = people.picks_up_the_phone(), people.signs_in("organiser"), people.signs_in("admin")
    a_name_is_spoken_and_written_down(phone, desk)
    a_call_back_is_done(phone, desk)
    a_member_is_registered(desk)
    a_file_is_taken_in(desk)
    contributions_are_checked(desk)
    a_claim_goes_its_way_and_is_heard(phone, desk)
    two_agree_that_a_meeting_is_told(phone, desk, other)
    a_text_in_two_languages_is_answered(phone, desk, other)
    a_prompt_is_recorded(desk)
    numbers_are_looked_at_and_printed(desk)
    all_of_it_stands_in_the_log(other)
    the_door_closes(desk)
    nobodys_number_was_left_behind(here, redis_url)


def a_name_is_spoken_and_written_down(phone: Page, desk: Page) -> None:
    dial(phone, "A stranger")
    may_press(phone, "To register your name, press five.")
    key(phone, "5")
    may_press(phone, "We keep your name and phone number.")
    key(phone, "1")
    speaks(phone)
    may_press(phone, "If the work is sewing or knitting")
    key(phone, "1")
    expect(phone.locator("#state")).to_have_text("The call is over.")
    desk.goto("/")
    names = part(desk, "Write down these names")
    sound = once_there(desk, names.get_by_label("What she said"))
    assert sound.evaluate("each => new Promise(done => { each.onloadedmetadata = () => done(each.duration); each.load(); })") > 1
    names.get_by_label("Her name, as she says it").fill("कान्छी लामा")
    press(desk, "Save", names)
    expect(told(desk)).to_contain_text("कान्छी लामा is written down. Her number: ")
    expect(names).to_have_count(0)


def a_call_back_is_done(phone: Page, desk: Page) -> None:
    phone.get_by_label("Sita, her own phone", exact=True).check()
    phone.get_by_label("Text", exact=True).fill("phon")
    press(phone, "Send")
    expect(phone.locator("#thread .ours")).to_have_count(1)
    desk.reload()
    waiting = part(desk, "Call them back")
    expect(waiting).to_contain_text("सीता तामाङ")
    expect(waiting).to_contain_text("9720000001")
    press(desk, "Reached her", waiting)
    expect(told(desk)).to_have_text("Done.")
    expect(waiting).to_have_count(0)


def a_member_is_registered(desk: Page) -> None:
    desk.get_by_role("link", name="Members", exact=True).first.click()
    desk.get_by_role("link", name="Write somebody down").click()
    desk.get_by_label("Name", exact=True).fill(HOSTILE)
    desk.get_by_label("Phone", exact=True).fill("९७२००००06०")
    desk.get_by_label("Trade").select_option(label="weaving")
    expect(desk.get_by_label("Language", exact=True)).to_have_value("ne")
    desk.get_by_label("How did she agree?").select_option(label="She said yes to me")
    desk.get_by_role("button", name="Write her down").dblclick()
    expect(told(desk)).to_contain_text("She is registered. Her number is ")
    expect(desk.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(part(desk, "Her story")).to_contain_text("She was registered")


def rows_of_members() -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(("name", "phone", "trade", "language", "consented_on", "consent_how", "consent_wording"))
    for row in range(300):
        name = {7: FORMULA, 8: HOSTILE}.get(row, f"सदस्य {row}")
        phone, trade, language = f"98420{row:05d}", "sewing", "ne"
        if row in {100, 101}:
            phone, trade, language = f"97200000{row - 39}", "incense", "en" if row == 100 else "ne"
        table.writerow((name, "12" if row == 20 else phone, "=cmd" if row == 30 else trade, language, "2026-11-01", "paper", "फारम"))
    return written.getvalue()


def a_file_is_taken_in(desk: Page) -> None:
    desk.goto("/imports")
    lie = {"name": "members.xlsx", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(1000)}
    desk.get_by_label("The file", exact=True).set_input_files(files=[lie])  # type: ignore[list-item]
    press(desk, "Try it out")
    expect(desk.get_by_text("This is a picture.")).to_be_visible()
    desk.goto("/imports")
    table = {"name": "members.csv", "mimeType": "text/csv", "buffer": rows_of_members().encode()}
    desk.get_by_label("The file", exact=True).set_input_files(files=[table])  # type: ignore[list-item]
    desk.get_by_role("button", name="Try it out").dblclick()
    expect(desk.get_by_role("heading", name="This would happen")).to_be_visible()
    expect(desk.locator("dl.facts")).to_have_text(re.compile(r"Added\s*298\s*Changed\s*0\s*Known already\s*0\s*Refused\s*2"))
    expect(part(desk, "What is refused")).to_contain_text("the phone number cannot be read")
    press(desk, "Take it in")
    expect(desk.get_by_role("heading", name="It is taken in")).to_be_visible()
    expect(desk.locator("dl.facts")).to_have_text(re.compile(r"Added\s*298"))
    exported = desk.request.get("/exports/members.csv").text()
    assert f"'{FORMULA}" in exported.replace('""', '"')
    desk.get_by_role("link", name="Members", exact=True).first.click()
    desk.get_by_label("Number, name or phone").fill("bimala")
    expect(desk.locator("#found li")).not_to_have_count(0)


def contributions_are_checked(desk: Page) -> None:
    desk.get_by_role("link", name="Contributions", exact=True).first.click()
    while True:
        desk.get_by_role("button", name="Confirm what is ticked").dblclick()
        expect(told(desk)).to_contain_text("confirmed")
        if not (earlier := desk.get_by_role("link", name=re.compile("^Earlier, still to check"))).count():
            break
        earlier.click()
    desk.goto("/")
    expect(part(desk, "Contributions to check")).to_have_count(0)


def a_claim_goes_its_way_and_is_heard(phone: Page, desk: Page) -> None:
    desk.get_by_role("link", name="Claims", exact=True).first.click()
    desk.get_by_role("link", name="Take a claim up").click()
    desk.get_by_label("Her membership number").fill("१००१९")
    press(desk, "Go on")
    desk.get_by_role("radio", name=re.compile("^Accident")).check()
    desk.get_by_label("What happened").fill(HOSTILE)
    desk.get_by_role("button", name="Take it up").dblclick()
    expect(told(desk)).to_contain_text("The claim is taken up.")
    while (paper := desk.get_by_role("button", name=re.compile(": came$"))).count():
        left = paper.count()
        paper.first.click()
        expect(desk.get_by_role("button", name=re.compile(": came$"))).to_have_count(left - 1)
    expect(told(desk)).to_have_text("All papers are here: the claim is under review.")
    desk.locator("summary", has_text=re.compile("^Approve it$")).click()
    desk.get_by_label("Rupees").fill("४५००")
    desk.get_by_role("button", name="Approve it", exact=True).dblclick()
    expect(part(desk, "What she hears now")).to_contain_text("रु ४,५०० पाउनुहुन्छ।")
    dial(phone)
    may_press(phone, "For your claim, press two.")
    key(phone, "2")
    expect(phone.locator("#told")).to_contain_text("You will get 4 thousand 5 hundred rupees.")
    hang_up(phone)
    desk.reload()
    expect(part(desk, "What she hears now")).to_contain_text("She heard it:")


def two_agree_that_a_meeting_is_told(phone: Page, desk: Page, other: Page) -> None:
    other.get_by_role("link", name="Settings", exact=True).first.click()
    other.get_by_role("link", name="Sending", exact=True).click()
    other.get_by_label("Two people approve").fill("1")
    press(other, "Save")
    expect(told(other)).to_be_visible()
    desk.get_by_role("link", name="Meetings and trainings", exact=True).first.click()
    desk.get_by_role("link", name="Publish something").click()
    desk.get_by_role("link", name="Meeting", exact=True).click()
    desk.get_by_label("Day", exact=True).select_option(index=4)
    desk.get_by_label("It begins at").fill("14:00")
    desk.get_by_label("Place").select_option(label="the ward office")
    desk.get_by_role("button", name="Publish").dblclick()
    expect(told(desk)).to_contain_text("It is published")
    desk.get_by_role("link", name="Tell members of it").click()
    desk.get_by_label("How", exact=True).select_option(label="By call")
    for trade in ("handicraft", "weaving"):
        desk.get_by_label(trade, exact=True).check()
    desk.get_by_role("button", name="Write the broadcast").dblclick()
    desk.get_by_role("link", name="Change it").click()
    desk.get_by_label("Calls to one person at most").select_option("1")
    press(desk, "Keep it and see the plan")
    expect(desk.get_by_text("आउनुहुन्छ भने, एक थिच्नुहोस्।").first).to_be_attached()
    press(desk, "I agree")
    expect(told(desk)).to_contain_text("A second person must agree, too.")
    expect(desk.get_by_role("button", name="I agree")).to_have_count(0)
    phone.get_by_label("Maya, who keeps it private", exact=True).check()
    other.goto("/")
    other.get_by_role("link", name="Look at it and approve").click()
    other.get_by_role("button", name="Yes, send it").dblclick()
    expect(told(other)).to_have_text("It is on its way.")
    expect(phone.locator("#state")).to_have_text(RINGS)
    phone.get_by_label("Answer", exact=True).click()
    expect(phone.locator("#told .gloss").first).to_have_text("News from the Aawaj network.")
    expect(phone.locator("#told .gloss").nth(1)).to_contain_text("The meeting is on Mangsir 8, Tuesday")
    may_press(phone, "If you will come, press one.")
    key(phone, "1")
    expect(phone.locator("#told")).to_contain_text("we noted that you will come")
    expect(phone.locator("#state")).to_have_text("The call is over.")
    answers = part(other, "What they answered")
    expect(answers).to_have_text(re.compile(r"Will come\s*1"))  # nobody loaded the page anew
    expect(other.get_by_text("1 of 2 reached.")).to_be_visible()
    press(other, "Again to those not reached")
    expect(told(other)).to_contain_text("This is the same for those who did not hear it.")
    expect(other.get_by_text(re.compile("^It goes to 1 p"))).to_be_visible()


def a_text_in_two_languages_is_answered(phone: Page, desk: Page, other: Page) -> None:
    desk.get_by_role("link", name="Broadcasts", exact=True).first.click()
    desk.get_by_role("link", name="New broadcast").click()
    desk.get_by_label("Title").fill(HOSTILE)
    desk.locator("summary", has_text="Who gets it").click()
    desk.get_by_label("incense").check()
    desk.get_by_label("Text: Nepali").fill("नमस्ते {name}, भोलि भेटौँ।")
    desk.get_by_label("Text: English").press_sequentially("Meet us at the “ward” office tomorrow.")
    so_far = desk.get_by_role("complementary", name="So far")
    expect(so_far).to_contain_text("2 people")
    expect(so_far).to_contain_text("This sign makes every SMS of it short, 70 places and not 160:“ (place 16)")
    press(desk, "Use this", so_far)
    expect(desk.get_by_label("Text: English")).to_have_value('Meet us at the "ward" office tomorrow.')
    expect(so_far).not_to_contain_text("This sign makes")
    desk.get_by_role("button", name="Keep it and see the plan").dblclick()
    expect(desk.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    press(desk, "I agree")
    expect(told(desk)).to_contain_text("A second person must agree, too.")
    rings_as(phone, "+9779720000061")
    other.goto(desk.url)
    press(other, "Yes, send it")
    expect(other.get_by_text("2 of 2 reached.")).to_be_visible()
    expect(phone.locator("#thread .ours").last).to_have_text('Meet us at the "ward" office tomorrow.')
    phone.get_by_label("Text", exact=True).fill(f"I cannot come {HOSTILE}")
    press(phone, "Send")
    expect(phone.locator("#thread .ours")).to_have_count(2)
    desk.goto("/")
    waiting = part(desk, "Messages that nobody understood")
    expect(waiting.locator("blockquote")).to_contain_text(f"I cannot come {HOSTILE}")
    waiting.get_by_label("Answer by text").fill("Then next time.")
    waiting.get_by_role("button", name="Send", exact=True).dblclick()
    expect(waiting).to_have_count(0)
    expect(phone.locator("#thread .ours").last).to_have_text("Then next time.")
    expect(phone.locator("#thread .ours")).to_have_count(3)
    other.reload()
    expect(other.get_by_role("link", name="Read 1 answers")).to_be_visible()


def a_prompt_is_recorded(desk: Page) -> None:
    before = desk.request.get(f"/audio/{CLIP}.wav").body()
    desk.get_by_role("link", name="Prompts", exact=True).first.click()
    desk.get_by_role("link", name="Record the next one").click()
    desk.goto(f"/prompts/{CLIP}")
    press(desk, "Record")
    expect(desk.locator("aawaj-recorder")).to_contain_text("0:02")
    press(desk, "Stop")
    expect(desk.get_by_text("It sounds right.")).to_be_visible()
    desk.get_by_role("button", name="Keep it, on to the next").dblclick()
    expect(told(desk)).to_contain_text("Callers hear your recording within an hour.")
    assert desk.request.get(f"/audio/{CLIP}.wav").body() not in {before, b""}


def numbers_are_looked_at_and_printed(desk: Page) -> None:
    desk.get_by_role("link", name="Flows", exact=True).first.click()
    desk.get_by_role("link", name="Claim status").click()
    expect(desk.get_by_role("heading", name="Where callers leave it")).to_be_visible()
    desk.get_by_role("link", name="Statistics", exact=True).first.click()
    expect(desk.get_by_role("table").first).to_contain_text("Sewing or knitting")
    desk.get_by_role("link", name="Report for a meeting").click()
    expect(desk.get_by_text("304").first).to_be_visible()
    assert desk.pdf().startswith(b"%PDF")


def all_of_it_stands_in_the_log(other: Page) -> None:
    other.get_by_role("link", name="Who did what", exact=True).first.click()
    seen = other.locator("main").inner_text()
    while (more := other.get_by_role("link", name="Earlier")).count():
        other.goto(more.get_attribute("href") or "")
        seen += other.locator("main").inner_text()
    for deed in (
        *("signed in", "registered a member", "took a file in", "checked a contribution", "moved the claim on", "did a task"),
        *("published a notice", "planned a message to many", "approved a message to many", "recorded a prompt", "looked at statistics"),
    ):
        assert deed in seen, deed
    press(other, "Is the log whole?")
    expect(other.locator("main")).to_contain_text(re.compile("Yes. All [0-9]+ lines are as they were written."))


def the_door_closes(desk: Page) -> None:
    desk.goto("/members")
    second_tab = desk.context.new_page()
    second_tab.goto("/members")
    press(desk, "Sign out")
    expect(desk.get_by_role("button", name="Sign in")).to_be_visible()
    desk.go_back()
    expect(desk.get_by_role("button", name="Sign in")).to_be_visible()
    second_tab.get_by_label("Number, name or phone").fill("sita")
    expect(second_tab.get_by_role("alert")).to_contain_text("Please try once more")
    expect(second_tab.get_by_role("main")).to_have_count(1)
    expect(second_tab.locator("#found")).not_to_contain_text("सीता")


def nobodys_number_was_left_behind(here: Installation, redis_url: str) -> None:
    written = here.log.read_text()
    with redis.Redis.from_url(redis_url) as kept:
        for name in kept.scan_iter():
            value: Any = kept.dump(name)
            written += f"{name!r} {value!r}"
    assert not [number for number in NUMBERS if number in written]


# --- without JavaScript, in Nepali, on the narrowest phone -------------------------------------------------------------------------


def test_its_essential_half_in_nepali_without_javascript_on_a_small_phone(people: People):
    words = _translations("ne")
    narrow: Any = {"locale": "ne", "viewport": {"width": PHONE, "height": 720}, "java_script_enabled": False}
    desk = people.signs_in("organiser", words, **narrow)
    desk.get_by_role("button", name=re.compile("सीता तामाङ")).first.click()
    expect(told(desk)).to_have_text(words["Confirmed."])
    desk.goto("/members/new")
    desk.get_by_label(words["Name"], exact=True).fill("निशा मगर")
    desk.get_by_label(words["How did she agree?"]).select_option(label=words["She said yes to me"])
    press(desk, words["Write her down"])
    expect(desk.get_by_role("heading", level=1)).to_have_text("निशा मगर")
    desk.goto("/claims")
    desk.get_by_role("link", name="माया राई").click()
    desk.locator("summary", has_text=re.compile(f"^{words['Approve it']}$")).click()
    desk.get_by_label(words["Rupees"]).fill("४५००")
    press(desk, words["Approve it"])
    expect(part(desk, words["What she hears now"])).to_contain_text("रु ४,५०० पाउनुहुन्छ।")
    desk.goto("/phone")
    desk.get_by_role("combobox", name=words["Who rings"]).select_option(index=1)
    expect(desk.locator("#keys")).to_have_value("2")
    desk.locator("#keys").fill("2,4826")
    press(desk, words["What does she hear?"])
    expect(part(desk, words["What she hears"])).to_contain_text("पाउनुहुन्छ।")
    desk.goto("/broadcasts/new")
    desk.get_by_label(words["Title"]).fill("बैठक")
    desk.locator("textarea[name=text_ne]").fill("भोलि भेटौँ।")
    desk.locator("summary", has_text=words["Who gets it"]).click()
    desk.locator("input[value=craft]").check()
    press(desk, words["Count again"])
    expect(desk.get_by_role("complementary", name=words["So far"])).to_contain_text("रु १.४०")
    press(desk, words["Keep it and see the plan"])
    press(desk, words["Yes, send it"])
    expect(told(desk)).to_have_text(words["It is on its way."])
    once_there(desk, desk.locator(".dot.good"))
    for address in ("/", "/members/sample-2", "/broadcasts", "/contributions", "/imports", "/notices/new?kind=meeting", "/statistics"):
        desk.goto(address)
        assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE, address
    desk.goto("/account")
    press(desk, words["Sign out"])
    expect(desk.get_by_role("button", name=words["Sign in"])).to_be_visible()
