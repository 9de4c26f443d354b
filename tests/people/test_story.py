"""A member's story: what of it stands in which order, who is told what, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.statements import statements_of
from ledger.conftest import ADMIN, CHANNEL, COLLECTOR, FOREIGN, MEMBER, ORGANISATION, ORGANISER, RITA, Books, books
from sqlalchemy import insert

from gateway.errors import GatewayError
from gateway.services import claims, contributions, members, story
from gateway.services.members import Details
from gateway.store import members as member_rows
from gateway.store import models, phones

__all__ = ["books"]

NUMBER = "+9779841234567"


def everything(books: Books, actor=ORGANISER, limit: int = 3, member_id: str = MEMBER):
    """Her whole story, page by page."""
    found, before = [], ""
    while page := story.page(books.gateway, actor, member_id, before, limit):
        found += page
        before = story.mark_of(page[-1])
    return found


def add(books: Books, table, **row) -> None:
    with books.gateway.database.write() as db:
        db.execute(insert(table).values(**row))


def phone_id(books: Books) -> int:
    with books.gateway.database.write() as db:
        return phones.find_or_create(db, books.gateway.seal, NUMBER, books.clock())


def a_call(books: Books, name: str, **more) -> None:
    row = {"provider": "twilio", "external_id": name, "channel_id": CHANNEL, "phone_id": phone_id(books), "direction": "in"}
    add(books, models.calls, **row, status="completed", seconds=61, started_at=books.clock(), **more)


def a_conversation(books: Books, name: str, member_id: str | None) -> None:
    row = {"id": name, "provider": "twilio", "external_id": name, "channel_id": CHANNEL, "phone_id": phone_id(books)}
    times = {"created_at": books.clock(), "updated_at": books.clock()}
    add(books, models.flow_sessions, **row, member_id=member_id, medium="voice", version=1, state=b"x", open=False, **times)


def a_broadcast(books: Books, state: str, seconds: int) -> None:
    with books.gateway.database.write() as db:
        new = {"id": "news", "organisation_id": ORGANISATION, "channel_id": CHANNEL, "title": "बजार", "purpose": "message"}
        more = {"medium": "voice", "texts": {}, "audience": {}, "best_hour": False, "heads_up": False, "tries": 1, "expanded": True}
        last = {"on_ambiguous": "hold", "state": "finished", "created_by": "user:1", "created_at": books.clock()}
        db.execute(insert(models.broadcasts).values(**new, **more, **last))
    row = {"broadcast_id": "news", "channel_id": CHANNEL, "member_id": MEMBER, "phone_id": phone_id(books), "medium": "voice"}
    add(books, models.deliveries, **row, language="ne", state=state, seconds=seconds, updated_at=books.clock())


def filled(books: Books) -> None:
    """A bit of everything, an hour apart."""
    for happens in (
        lambda: contributions.note(books.gateway, ORGANISER, MEMBER, contributions.Report(300_00)),
        lambda: a_call(books, "call-1"),
        lambda: add(books, models.messages, channel_id=CHANNEL, phone_id=phone_id(books), direction="in", at=books.clock()),
        lambda: claims.open_claim(books.gateway, ADMIN, MEMBER, "health"),
        lambda: a_broadcast(books, "delivered", 30),
        lambda: members.change(books.gateway, ORGANISER, MEMBER, 1, Details(village="लेले")),
        lambda: contributions.confirm(books.gateway, ORGANISER, everything(books)[-1].about),
    ):
        happens()
        books.clock.at += timedelta(hours=1)


def test_all_that_happened_stands_there_once_the_newest_first(books: Books):
    filled(books)
    found = everything(books, limit=2)
    assert [each.source for each in found] == ["decision", "change", "broadcast", "claim", "text", "call", "contribution"]
    assert [each.at for each in found] == sorted((each.at for each in found), reverse=True)
    broadcast = found[2]
    assert (broadcast.title, bool(broadcast.amount)) == ("बजार", True)
    assert found[5].detail == 61


def test_what_happened_at_one_instant_is_lost_on_no_page(books: Books):
    for _ in range(4):
        contributions.note(books.gateway, ORGANISER, MEMBER, contributions.Report(300_00, again=True))
        a_call(books, f"call-{_}")
    for limit in (1, 2, 3, 5):
        found = everything(books, limit=limit)
        assert len({(each.source, each.key) for each in found}) == len(found) == 8


def test_looks_are_no_part_of_her_story(books: Books):
    for _ in range(3):
        members.get(books.gateway, ORGANISER, MEMBER)
        story.page(books.gateway, ORGANISER, MEMBER, "", 5)
    assert everything(books) == []
    assert books.count("audit", f"subject = 'member:{MEMBER}' AND action = 'see_members'") >= 6


def test_a_collector_is_told_of_payments_and_calls_of_her_group_alone(books: Books):
    filled(books)
    assert {each.source for each in everything(books, COLLECTOR)} == {"contribution", "decision", "call", "text"}
    for actor, member_id in ((COLLECTOR, RITA), (FOREIGN, MEMBER)):
        with pytest.raises(GatewayError, match="member:unknown"):
            story.page(books.gateway, actor, member_id, "", 5)
        with pytest.raises(GatewayError, match="member:unknown"):
            story.now(books.gateway, actor, member_id)


def test_from_a_shared_phone_only_what_she_said_is_hers(books: Books):
    with books.gateway.database.write() as db:
        member_rows.attach_phone(db, RITA, phones.find_or_create(db, books.gateway.seal, NUMBER, books.clock()))
    for name, member_id in (("of-sita", MEMBER), ("of-rita", RITA), ("of-nobody", None)):
        a_conversation(books, name, member_id)
        a_call(books, name)
    add(books, models.messages, channel_id=CHANNEL, phone_id=phone_id(books), direction="in", at=books.clock())
    assert [each.source for each in everything(books)] == ["call"]
    assert [each.source for each in everything(books, member_id=RITA)] == ["call"]


def test_what_is_open_and_what_is_to_be_known_of_her_phones(books: Books):
    filled(books)
    entry = contributions.note(books.gateway, ORGANISER, MEMBER, contributions.Report(200_00))
    contributions.question(books.gateway, ORGANISER, entry.id)
    with books.gateway.database.write() as db:
        phones.stop(db, phone_id_in(db, books), books.clock())
        member_rows.attach_phone(db, RITA, phone_id_in(db, books))
    now = story.now(books.gateway, ORGANISER, MEMBER)
    assert [(each.number, each.stopped_at is not None, each.shared) for each in now.phones] == [(NUMBER, True, True)]
    assert [claim.kind for claim in now.claims] == ["health"]
    assert [each.state for each in now.entries] == ["questioned"]
    assert [task.kind for task in now.tasks] == ["check_contribution"]


def phone_id_in(db, books: Books) -> int:
    return phones.find_or_create(db, books.gateway.seal, NUMBER, books.clock())


def test_a_page_costs_the_same_however_long_her_story_is(books: Books):
    filled(books)
    with statements_of(books.gateway.database) as short:
        story.page(books.gateway, ORGANISER, MEMBER, "", 10)
    for index in range(60):
        contributions.note(books.gateway, ORGANISER, MEMBER, contributions.Report(300_00, again=True))
        a_call(books, f"many-{index}")
    with statements_of(books.gateway.database) as long:
        story.page(books.gateway, ORGANISER, MEMBER, "", 10)
    assert len(short.sent) == len(long.sent) <= 14


@pytest.mark.parametrize(
    "mark", ["", "~", "call~20260101~x", "call~20261121T041500000000~abc", "other~20261121T041500000000~1", "' OR 1=1"]
)
def test_a_mark_that_is_none_shows_the_first_page(books: Books, mark: str):
    filled(books)
    assert story.page(books.gateway, ORGANISER, MEMBER, mark, 3) == everything(books)[:3]
