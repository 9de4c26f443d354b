"""Lists of members, as organisers make and use them."""

from __future__ import annotations

import re

from fakes.console import Console
from fakes.pages import drafted, id_of, page_of, place_of

from gateway.services import access, lists

MAIN = access.terminal("main")


def test_a_list_of_members_is_made_used_and_deleted(console: Console):
    client = console.as_("organiser")
    made = place_of(client.post("/lists", {"title": "तालिम", "numbers": "9720000001\r\nxyz\r\n९७२०००००३"}))
    page = page_of(client.get(made))
    assert "Nobody is known by what stands in line 2" in page
    assert "सीता तामाङ" in page
    number = re.findall(r'name="numbers" value="(\d+)"', page)[0]
    client.post(f"{made}/remove", {"numbers": number})
    assert "सीता तामाङ" not in page_of(client.get(made))
    client.post(f"{made}/add", {"numbers": "9720000001"})
    drafted(client, lists=id_of(made))
    assert "needed by the broadcast" in page_of(client.post(f"{made}/delete"), 422)
    other = place_of(client.post("/lists", {"title": "Other"}))
    assert "its members stay members" in page_of(client.get(f"{other}/delete"))
    assert place_of(client.post(f"{other}/delete")) == "/lists"
    assert [row.title for row in lists.list_all(console.gateway, MAIN)] == ["तालिम"]
