"""Finding members, writing one down, and a member's own page."""

from __future__ import annotations

import re

import pytest
from fakes.console import Console
from playwright.sync_api import expect

from gateway.services import members
from gateway.services.access import terminal
from gateway.store import organisations

ADMIN = terminal("main")


def said(answer) -> str:
    """What stands on a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def hidden(answer, name: str) -> str:
    return answer.get_data(as_text=True).partition(f'name="{name}" value="')[2].partition('"')[0]


@pytest.mark.parametrize("words", ["सीता", "sita tamang", "9720000001", "+977 972-0000001", "९७२००००००१"])
def test_a_member_is_found_by_name_and_phone_in_any_script(console: Console, words: str):
    page = said(console.as_("organiser").post("/members", {"words": words}))
    assert "1 member found" in page
    assert "सीता तामाङ" in page


def test_she_is_found_by_her_number_in_nepali_digits(console: Console):
    person = members.get(console.gateway, ADMIN, "sample-1")
    digits = person.number.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    assert "सीता तामाङ" in said(console.as_("organiser").post("/members", {"words": digits}))


def test_whoever_is_searched_for_stands_in_no_address(console: Console):
    answer = console.as_("organiser").post("/members", {"words": "9720000001"})
    assert answer.status_code == 200
    assert not re.search(r'(?:href|action|hx-[a-z]+)="[^"]*9720000001', answer.get_data(as_text=True))


def test_the_list_is_narrowed_by_trade_and_place(console: Console):
    client = console.as_("organiser")
    for place in ("place=5", "place_words=Bardiya", "place_words=बर्दिया"):
        page = said(client.get(f"/members?trade=sewing&{place}"))
        assert "रीता थारू" in page
        assert "सीता तामाङ" not in page
        assert "गीता थारू" not in page
    assert "Nobody is like this" in said(client.get("/members?place_words=Atlantis on the moon"))


def test_a_collector_finds_her_own_group_alone_and_cannot_change_it(console: Console):
    console.user("collector")
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET collector_id = 'collector-main' WHERE id = 'sample-2'")
    client = console.as_("collector")
    assert "माया राई" in said(client.post("/members", {"words": "maya"}))
    assert "सीता तामाङ" not in said(client.post("/members", {"words": "sita"}))
    assert client.get("/members/sample-1").status_code == 404
    hers = client.get("/members/sample-2")
    assert hers.status_code == 200
    for forbidden in ("Change her details", "She wants to leave", "All that we hold", "Take up a claim", "PIN</a>"):
        assert forbidden not in hers.get_data(as_text=True)
    assert "Note a contribution" in said(hers)


def test_another_organisation_sees_nobody(console: Console):
    with console.gateway.database.write() as db:
        organisations.ensure(db, "others", "Others")
    client = console.as_("admin", organisation_id="others")
    assert "सीता" not in said(client.get("/members"))
    assert client.get("/members/sample-1").status_code == 404
    assert client.post("/members/sample-1/leave").status_code == 404


NEW = {
    "name": "कमला गुरुङ",
    "phone": "9841234500",
    "trade": "weaving",
    "place_words": "Chandragiri 5",
    "village": "नैकाप",
    "language": "ne",
    "birth_year": "२०४५",
    "year_of": "bs",
    "consent_how": "collector",
    "consent_wording": "read to her",
    "pin": "4826",
}


def test_a_worker_is_written_down_and_her_page_says_so_in_nepali(console: Console):
    client = console.as_("organiser", "ne")
    form = client.get("/members/new")
    answer = client.post("/members/new", {**NEW, "id": hidden(form, "id")}, follow_redirects=True)
    page = said(answer)
    assert "कमला गुरुङ" in page
    assert "९८४१२३४५००" in page
    assert "चन्द्रागिरी-५" in page
    assert "4826" not in page
    (person,) = members.find(console.gateway, ADMIN, "9841234500")
    assert (person.birth_year, person.trade, person.has_pin) == (1988, "weaving", True)


def test_two_taps_write_her_down_once(console: Console):
    client = console.as_("organiser")
    form = {**NEW, "phone": "", "id": hidden(client.get("/members/new"), "id")}
    first, second = client.post("/members/new", form), client.post("/members/new", form)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(members.find(console.gateway, ADMIN, "कमला")) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("consent_how", "", "Nobody is registered who did not agree"),
        ("phone", "12", "number that can be called"),
        ("phone", "9720000001", "Another member has this phone already"),
        ("place_words", "Atlantis on the moon", "is called"),
        ("pin", "1111", "A PIN has 4 digits"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_stays(console: Console, field: str, value: str, sentence: str):
    client = console.as_("organiser")
    answer = client.post("/members/new", {**NEW, field: value})
    assert answer.status_code in {409, 422}
    page = answer.get_data(as_text=True)
    assert sentence in page
    assert 'value="कमला गुरुङ"' in page
    assert "4826" not in page


def test_of_several_places_she_chooses_one_without_a_script(console: Console):
    client = console.as_("organiser")
    answer = client.post("/members/new", {**NEW, "place_words": "Kathmandu"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choose one of them" in page
    assert 'name="place" value="3-27-06"' in page
    answer = client.post("/members/new", {**NEW, "place_words": "Kathmandu", "place": "3-27-06"}, follow_redirects=True)
    assert "Kathmandu Metropolitan City" in said(answer)


def test_of_two_who_change_her_at_once_the_second_is_told(console: Console):
    client = console.as_("organiser")
    form = client.get("/members/sample-1/change")
    version = hidden(form, "version")
    details = {"name": "सीता तामाङ", "place_words": "", "village": "लेले", "version": version}
    assert client.post("/members/sample-1/change", {**details, "trade": "weaving"}).status_code == 303
    second = client.post("/members/sample-1/change", {**details, "trade": "craft"})
    assert second.status_code == 422
    assert "Somebody changed this member meanwhile" in said(second)
    assert hidden(second, "version") != version  # she has been told, and may send it again
    assert members.get(console.gateway, ADMIN, "sample-1").trade == "weaving"


def test_a_change_keeps_what_it_does_not_touch(console: Console):
    client = console.as_("organiser")
    before = members.get(console.gateway, ADMIN, "sample-1")
    page = client.get("/members/sample-1/change").get_data(as_text=True)
    form = dict(re.findall(r'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'<select id="([a-z_]+)"(?:(?!</select>).)*?<option value="([^"]*)" selected', page, re.DOTALL))
    form = {name: value for name, value in form.items() if name not in {"private", "reminders"}}  # they are not ticked
    assert client.post("/members/sample-1/change", form).status_code == 303
    after = members.get(console.gateway, ADMIN, "sample-1")
    assert (after.name, after.place, after.birth_year, after.usual_instalment, after.trade) == (
        before.name, before.place, before.birth_year, before.usual_instalment, before.trade,
    )  # fmt: skip


def test_her_page_tells_her_story_the_newest_first(console: Console):
    page = said(console.as_("organiser").get("/members/sample-1"))
    assert page.index("Approved") < page.index("noted for")
    for part in ("Open for her now", "Rs 5,000", "Rs 900", "लेले", "9720000001"):
        assert part in page


def test_her_story_is_paged_and_nothing_is_lost_on_the_way(console: Console):
    client, seen = console.as_("admin"), 0
    address = "/members/sample-1"
    for index in range(40):
        console.gateway.database.write  # noqa: B018
        members.change(
            console.gateway,
            ADMIN,
            "sample-1",
            members.get(console.gateway, ADMIN, "sample-1").version,
            members.Details(village=f"v{index}"),
        )
    for _ in range(10):
        page = client.get(address).get_data(as_text=True)
        seen += len(re.findall(r'<li class="change">', page))
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
    assert seen == 40


def test_a_phone_is_added_dropped_and_marked(console: Console):
    client = console.as_("organiser")
    assert client.post("/members/sample-1/phones", {"phone": "98"}).status_code == 422
    assert client.post("/members/sample-1/phones", {"phone": "9841000009"}).status_code == 303
    assert "9841000009" in said(client.get("/members/sample-1"))
    client.post("/members/sample-1/phones/drop", {"number": "+9779841000009"})
    assert "9841000009" not in said(client.get("/members/sample-1"))
    assert "shared" in said(client.get("/members/sample-3"))


def test_a_code_is_shown_once_and_a_pin_never(console: Console):
    client = console.as_("organiser")
    page = client.post("/members/sample-1/pin/invite")
    assert re.search(r'<p class="code">[0-9]{6}</p>', page.get_data(as_text=True))
    assert not re.search(r'<p class="code">', client.get("/members/sample-1/pin").get_data(as_text=True))
    answer = client.post("/members/sample-1/pin", {"pin": "5938"}, follow_redirects=True)
    assert "She has a PIN now" in said(answer)
    assert "5938" not in answer.get_data(as_text=True)


def test_she_leaves_and_only_an_admin_erases_her_with_her_number(console: Console):
    organiser, admin = console.as_("organiser"), console.as_("admin")
    assert "Nothing is sent to her any more" in said(organiser.get("/members/sample-4/leave"))
    assert "She has left" in said(organiser.post("/members/sample-4/leave", follow_redirects=True))
    assert organiser.get("/members/sample-4/erase").status_code == 403
    number = members.get(console.gateway, ADMIN, "sample-4").number
    assert admin.post("/members/sample-4/erase", {"number": "1"}).status_code == 422
    assert "is erased" in said(admin.post("/members/sample-4/erase", {"number": number}, follow_redirects=True))
    page = said(admin.get("/members/sample-4"))
    assert "रीता" not in page


def test_all_that_is_held_on_her_is_shown_and_noted(console: Console):
    client = console.as_("organiser")
    page = said(client.get("/members/sample-2/dossier"))
    assert "माया राई" in page
    assert "+9779720000002" in page
    answer = client.get("/members/sample-2/dossier.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.get_json()["members"][0]["name"] == "माया राई"
    assert console.as_("collector").get("/members/sample-2/dossier").status_code == 403
    assert "handed out all that is kept of her" in said(console.as_("admin").get("/audit?subject=member:sample-2"))


def test_who_searches_sees_the_list_change_as_she_types(open_as, console: Console):
    with open_as("organiser", "ne", width=360) as page:
        page.goto("/members")
        page.get_by_role("searchbox").press_sequentially("maya", delay=30)
        expect(page.locator("#found li")).to_have_count(1)
        assert "माया राई" in page.locator("#found").inner_text()
        page.get_by_role("searchbox").fill("")
        expect(page.locator("#found li")).to_have_count(4)
        page.goto("/members/new")
        page.locator("#place_words").press_sequentially("Kathmandu", delay=20)
        page.wait_for_selector("#places input[value='3-27-06']")
