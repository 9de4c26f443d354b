"""A broadcast over the API, from its plan to the file of what became of each recipient."""

from __future__ import annotations

from fakes.api_world import populate

from gateway.services import access, broadcast

SAID = {"title": "Fair", "texts": {"ne": "मेला भोलि छ।"}}


def test_from_the_plan_to_the_file(api):
    populate(api.gateway, "main", "OURS", "984")
    status, planned = api.ask("POST", "/broadcasts/plan", SAID)
    assert (status, planned["recipients"], planned["blocks"]) == (200, 3, [])
    status, drafted = api.ask("POST", "/broadcasts", SAID, key="fair-2083")
    assert (status, drafted["broadcast"]["state"], drafted["missing"]) == (201, "draft", 1)
    assert api.ask("POST", "/broadcasts", SAID, key="fair-2083")[1] == drafted
    made = drafted["broadcast"]["id"]
    status, approved = api.ask("POST", f"/broadcasts/{made}/approve")
    assert (status, approved["broadcast"]["state"], approved["cost"]["planned"]) == (200, "approved", planned["price"])
    assert api.ask("POST", f"/broadcasts/{made}/approve")[1]["code"] == "broadcast:not-possible"
    broadcast.expand(api.gateway, made)
    _, found = api.ask("GET", f"/broadcasts/{made}", by="reader")
    assert (found["people"], found["states"], found["through_at"] is None) == (3, {"queued": 3}, False)
    response = api.request("GET", f"/broadcasts/{made}/export")
    assert len(response.get_data(as_text=True).splitlines()) == 4
    status, cancelled = api.ask("POST", f"/broadcasts/{made}/cancel")
    assert (cancelled["broadcast"]["state"], cancelled["suppressed"][0]["number"]) == ("cancelled", 3)
    _, again = api.ask("POST", f"/broadcasts/{made}/again", {"title": "Once more"})
    assert again["broadcast"]["again_of"] == made
    assert again["broadcast"]["audience"] == {"not_reached_by": made}


def test_the_list_goes_page_by_page_the_newest_first(api):
    actor = access.terminal("main")
    made = []
    for number in range(5):
        made.append(broadcast.create(api.gateway, actor, broadcast.Draft(f"Fair {number}", {"ne": "मेला"})))
        api.clock.move(seconds=number % 2)  # some in the same instant
    seen, after = [], ""
    while after is not None:
        _, page = api.ask("GET", f"/broadcasts?limit=2&after={after}")
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert sorted(seen) == sorted(made)
    assert seen[0] in made[3:]


def test_an_audience_of_nobody_known_is_refused_with_the_field(api):
    status, refused = api.ask("POST", "/broadcasts/plan", SAID | {"audience": {"lists": ["no-such-list"]}})
    assert (status, refused["code"]) == (404, "audience:unknown")
    status, refused = api.ask("POST", "/broadcasts/plan", SAID | {"tries": 9})
    assert (status, refused["where"]) == (422, "body.tries")
