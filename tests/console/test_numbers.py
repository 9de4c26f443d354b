"""Our numbers as an organiser sees them: which there are, whether they work, what goes over them, and what is to be done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from fakes.console import Console
from fakes.numbers import SIM, Numbers, numbers
from fakes.outbound import MAIN
from sqlalchemy import insert

from gateway import bootstrap, config
from gateway.errors import GatewayError
from gateway.services import backup, broadcast, health, installation, missed_calls, presence, send, sending_settings
from gateway.services.sample import OPEN_MEMBER as SITA
from gateway.store import deliveries, models, phones
from gateway.store.deliveries import NewReply
from gateway.web.console.health import RINGS


@pytest.fixture
def console(environ: dict[str, str], now: datetime) -> Iterator[Numbers]:
    with numbers(environ, now, a_day=3) as console:
        yield console


def page(console: Numbers, path: str = "/installation", language: str = "en") -> str:
    """What stands on a page, without its marks."""
    text = console.as_("organiser", language).get(path).get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", text.partition("<main")[2].partition("</main>")[0]))


def write_to(console: Numbers, many: int) -> None:
    """So many answers are owed to strangers, and go out as far as they can."""
    gateway = console.gateway
    with gateway.database.write() as db:
        for each in range(many):
            phone_id = phones.find_or_create(db, gateway.seal, f"+97798500000{each:02}", gateway.clock())
            last = deliveries.owe_reply(db, gateway.seal, NewReply("sim", phone_id, None, "ne", "दाबी पुग्यो।"), gateway.clock())
    send.send_reply(gateway, last)


def test_it_says_of_each_number_what_it_is_for(console: Numbers):
    shown = page(console)
    assert "9841234567 a SIM in a phone, drawer It carries texts. Who rings it is not answered, but called back." in shown
    assert "It carries calls. Members are asked to ring this number." in shown
    assert "text All else everybody 9841234567, then 31001 open" in shown
    assert "text Reminders, and messages to one person everybody 9841234567 open" in shown
    assert "4999999" not in shown  # another organisation's


def test_a_phone_that_is_off_is_told_with_what_to_do(console: Numbers):
    console.drawer.offline = True
    presence.look(console.gateway)
    write_to(console, 10)
    shown = page(console)
    assert "No text has gone out over it since" in shown
    assert "Look at the phone: is it on, charged" in shown
    assert "No text goes out now: Reminders, and messages to one person" in shown
    assert shown.count("No text goes out now") == 1  # the short code takes all else
    assert len(console.sparrow.ledger) > 0
    assert "फोन हेर्नुहोस्" in page(console, language="ne")


def test_today_tells_once_that_a_way_is_shut_however_many_wait(console: Numbers):
    console.drawer.offline = True
    write_to(console, 10)
    presence.look(console.gateway)
    shown = page(console, "/")
    assert shown.count("No text goes out now") == 1
    assert shown.count("9841234567") == 1
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM deliveries WHERE state = 'queued'").scalar_one() > 1


def test_a_number_that_others_stand_in_for_is_told_once_it_is_held_for_long(environ, now):
    with numbers(environ, now, routes="  - {medium: sms, channels: [sim, short]}\n  - {medium: voice, channels: [landline]}\n") as console:
        console.gateway.pacer.hold("sim:sms")
        assert "trouble" not in page(console, "/")
        with patch.object(console.gateway.pacer, "away", lambda line: 180.0 if line == "sim:sms" else None):
            assert [each.channel.id for each in health.troubles(console.gateway, MAIN).held] == ["sim"]


def test_what_is_left_of_a_day_and_that_it_is_full(console: Numbers):
    write_to(console, 2)
    assert "Of the 3 texts that it may send in a day, 1 are left." in page(console)
    write_to(console, 2)
    assert "Its day is full: all of its 3 texts have gone out." in page(console)
    assert "The texts of today are used up; who waits for one gets it tomorrow: Reminders" in page(console, "/")


def test_a_phone_that_took_texts_and_says_nothing_of_them_is_told(console: Numbers, now: datetime):
    write_to(console, 2)
    with console.gateway.database.write() as db:
        told = {"provider": "drawer", "external_id": "earlier", "status": "delivered", "at": now - timedelta(hours=3)}
        db.execute(insert(models.callbacks).values(told))
    silence = "It took messages at 10:00, and has told nothing of what became of them."
    assert silence not in page(console)
    late = now + health.SILENT + timedelta(minutes=1)
    console.gateway = replace(console.gateway, clock=lambda: late)
    console.__post_init__()
    assert silence in page(console)
    assert not health.look(console.gateway, MAIN).is_well
    with console.gateway.database.write() as db:
        db.execute(insert(models.callbacks).values(told | {"at": late - timedelta(minutes=5)}))
    assert silence not in page(console)


def test_who_rang_today_is_counted_by_what_became_of_it(console: Numbers):
    gateway = console.gateway
    for each in range(3):
        missed_calls.came(gateway, "drawer", f"ring-{each}", "+9779841000001", SIM, gateway.clock())
    missed_calls.came(gateway, "drawer", "satellite", "+88216000001", SIM, gateway.clock())
    shown = page(console)
    assert "wrote that we call 4 Called back 1 Rang again: one call answers them 2 A number that we may not call 1" in shown
    assert "Called back are at most 5 times a day the same number, 300 an hour that begin alike, 1,000 a day in all." in shown
    assert "984100" not in shown


def test_all_that_may_become_of_a_ring_has_its_words():
    assert set(missed_calls.BECAME) <= RINGS.keys()


def test_a_flood_of_rings_says_what_it_may_be(console: Numbers):
    with console.gateway.database.write() as db:
        db.execute(insert(models.missed_call_days).values(channel_id="sim", day="2026-11-21", became="cap-day", rings=40))
    assert "More rang than we call back." in page(console)


def test_nobodys_number_is_simulated_where_a_file_names_real_ones(console: Numbers):
    """Sample passwords open nothing, a backup is missed, and the phone in the browser is closed: as with any real provider."""
    settings = console.gateway.settings
    assert not settings.uses_simulator
    assert not settings.has_phone
    assert backup.last(console.gateway).too_old


def test_the_other_organisation_sees_its_own_number_alone(console: Numbers):
    shown = console.as_("organiser", organisation_id="others").get("/installation").get_data(as_text=True)
    assert "9841234567" not in shown
    assert "31001" not in shown
    assert "14999999" in shown or "014999999" in shown


# --- prices -------------------------------------------------------------------------------------------------------------------------


def test_each_number_has_its_own_prices(console: Numbers):
    client = console.as_("organiser")
    assert "Rs 1.40" in client.get("/settings/prices").get_data(as_text=True)
    assert "Rs 1<" in client.get("/settings/prices?number=sim").get_data(as_text=True)
    row = {"medium": "sms", "operator": "", "rupees": "0.75", "from": "2026-11-20", "source": "at the counter"}
    sending_settings.set_prices(console.gateway, MAIN, [row], "sim")
    assert "at the counter" in client.get("/settings/prices?number=sim").get_data(as_text=True)
    assert "at the counter" not in client.get("/settings/prices").get_data(as_text=True)
    plan = broadcast.plan(console.gateway, MAIN, broadcast.Draft("meeting", {"ne": "भोलि बैठक छ।"}))
    assert [(each.number, each.price) for each in plan.over] == [(SIM, 3 * 75)]


def test_the_prices_of_another_organisations_number_are_nobodys_here(console: Numbers):
    answer = console.as_("organiser").get("/settings/prices?number=theirs")
    assert answer.status_code == 422
    assert "There is no number" in answer.get_data(as_text=True)
    with pytest.raises(GatewayError, match="channels:no-channel"):
        sending_settings.set_prices(console.gateway, MAIN, [], "theirs")


# --- the phone in the browser -------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_phone(environ: dict[str, str], now: datetime) -> Iterator[Numbers]:
    with numbers(environ | {"GATEWAY_PHONE": "yes"}, now) as console:
        yield console


def test_the_phone_rings_the_number_that_members_ring_and_says_which(with_phone: Numbers):
    shown = page(with_phone, "/phone")
    assert "It rings and texts our number 014000000." in shown
    assert "calls and texts from here write real records" in shown
    answer = with_phone.as_("organiser").post("/phone/ring", {"number": SITA})
    assert answer.json["verbs"][0]["do"] == "gather"
    with with_phone.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT channel_id FROM calls").scalar_one() == "landline"


def test_a_text_of_the_phone_is_answered_though_members_write_to_another_number(with_phone: Numbers):
    news = with_phone.as_("organiser").post("/phone/text", {"number": SITA, "body": "dabi"}).json
    assert [each["hers"] for each in news["texts"]] == [True, False]
    assert with_phone.sparrow.ledger == []


def test_a_missed_call_of_the_phone_goes_to_the_number_that_calls_back(with_phone: Numbers):
    assert with_phone.as_("organiser").post("/phone/missed", {"number": SITA}).status_code == 200
    with with_phone.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT channel_id FROM call_backs").scalars().all() == ["sim"]


def test_without_a_number_that_can_be_rung_the_phone_says_so(environ: dict[str, str], now: datetime):
    file = Path(environ["GATEWAY_DATA_DIR"]) / "channels.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        'providers: {sparrow: {kind: sparrow, token: t}}\nchannels: {short: {provider: sparrow, number: "31001", carries: [sms]}}\n'
    )
    environ |= {"GATEWAY_PHONE": "yes"}
    gateway = bootstrap.build(config.load(environ), environ=environ, clock=lambda: now)
    installation.prepare(gateway)
    answer = Console(gateway).as_("organiser").get("/phone")
    assert "No number of ours can be rung from the browser" in answer.get_data(as_text=True)
    gateway.database.close()
