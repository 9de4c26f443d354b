"""What each route of the API is asked with, so that it works for who may."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass, field
from typing import Any

from fakes.api_world import CONSENT, World
from fakes.sounds import words


def recording() -> bytes:
    """A few words as a WAV file."""
    sound, file = words(8000, 9000), io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sound.rate)
        written.writeframes(sound.samples.tobytes())
    return file.getvalue()


# where a part of an address comes from
PARTS = {
    "member_id": "member",
    "contribution_id": "entry",
    "claim_id": "claim",
    "task_id": "task",
    "user_id": "collector",
    "token_id": "token",
    "import_id": "import",
    "broadcast_id": "sending",
    "day": "day",
    "list_id": "list",
    "notice_id": "notice",
    "saying_id": "saying",
    "service_id": "service",
    "testimony_id": "testimony",
}
IN_STATE = {"approve": "draft", "resume": "paused"}  # what can only be done with a broadcast that is so
CODES = {"table": "members-by-trade", "kind": "members", "survey": "needs", "language": "ne"}  # parts that are the same everywhere
MEETING = {"kind": "meeting", "starts_at": "2026-12-05T02:15:00Z", "place": "ward_office"}
SAID = {"title": "Fair", "texts": {"ne": "मेला भोलि छ।"}}

BODIES: dict[str, dict[str, Any]] = {  # <member> is the id of the member whom a request is about, and so on
    "POST /members/search": {"words": "<number>"},
    "POST /members": {"name": "Maya Rai", "phones": ["9841999999"], **CONSENT},
    "PATCH /members/{member_id}": {"version": 1, "trade": "weaving", "village": None},
    "POST /members/{member_id}/phones": {"phone": "9841999998"},
    "POST /members/{member_id}/phones/drop": {"phone": "<phone>"},
    "POST /members/{member_id}/phones/restore": {"phone": "<lost>"},
    "POST /claims": {"member_id": "<member>", "kind": "maternity"},
    "POST /claims/{claim_id}/move": {"version": 1, "state": "approved", "amount": 5_000_00},
    "POST /claims/{claim_id}/papers": {"paper": "hospital_bill"},
    "POST /tasks/{task_id}/write-down": {"name": "Gita Tharu"},
    "PUT /members/{member_id}/pin": {"pin": "4826"},
    "POST /contributions": {"member_id": "<member>", "amount": 500_00, "month": "2083-07"},
    "POST /contributions/match": {"member_id": "<member>", "amount": 500_00, "month": "2082-01", "scheme": "savings"},
    "POST /contributions/{contribution_id}/confirm": {},
    "POST /contributions/{contribution_id}/question": {"note": "no receipt"},
    "POST /contributions/{contribution_id}/reverse": {"note": "twice"},
    "POST /schemes": {
        "code": "ssf",
        "title": {"en": "Social security"},
        "schedule": "monthly",
        "rates": [{"from_month": "2080-05", "base": 10_820_00, "member_share": 1100, "government_share": 937, "source": "ssf.gov.np"}],
    },
    "POST /members/{member_id}/enrolments": {"scheme": "goats", "from_month": "2083-01"},
    "POST /members/{member_id}/enrolments/skip": {"scheme": "savings", "month": "2083-03"},
    "POST /members/{member_id}/enrolments/end": {"scheme": "savings", "month": "2083-09"},
    "POST /users": {"name": "Hari", "role": "organiser"},
    "PUT /users/{user_id}/role": {"role": "organiser"},
    "POST /tokens": {"label": "a sheet", "role": "reader"},
    "PATCH /sending": {"gap_hours": 2, "monthly_budget": None},
    "POST /sending/prices": {
        "items": [{"medium": "sms", "operator": "ntc", "from_day": "2026-11-01", "paisa": 135, "source": "ntc.net.np"}]
    },
    "POST /sending/rest-days": {"items": [{"day": "2026-11-29", "title": "A day of ours"}]},
    "POST /lists": {"title": "Fair", "numbers": ["<number>"]},
    "POST /lists/{list_id}/add": {"numbers": ["<number>"]},
    "POST /lists/{list_id}/remove": {"numbers": ["<phone>"]},
    "POST /notices": MEETING,
    "PATCH /notices/{notice_id}": {"version": 1, "place": "health_post"},
    "POST /notices/{notice_id}/cancel": {"version": 1},
    "POST /notices/{notice_id}/announce": {},
    "POST /notices/{notice_id}/attendance": {"numbers": ["<number>", "12"]},
    "POST /sayings": {"texts": {"ne": "भोलि बैठक छ।"}},
    "POST /services": {"kind": "legal_aid", "place": "3-25", "number": "01-4200105", "names": {"en": "Legal aid"}},
    "PUT /testimonies/{testimony_id}/words": {"words": "म सिलाइ गर्छु।"},
    "POST /broadcasts/plan": SAID,
    "POST /broadcasts": SAID,
    "POST /broadcasts/{broadcast_id}/resolve": {"resend": False},
    "POST /broadcasts/{broadcast_id}/again": {"title": "Once more"},
    "POST /broadcasts/{broadcast_id}/test": {"phone": "9841999997"},
}
FILES: dict[str, dict[str, Any]] = {
    "POST /imports": {"data": b"name,phone\nRita,9841555555\n", "query_string": "kind=members"},
    "POST /services/import": {"data": b"kind,place,number\nlegal_aid,3-25,01-4200105\n"},
    "PUT /sayings/{saying_id}/clips/{language}": {"data": recording(), "content_type": "audio/wav"},
}
QUERIES: dict[str, str] = {"GET /places/search": "words=Chandragiri"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `more` goes to the test client."""

    method: str
    path: str
    body: Any = None
    more: dict[str, Any] = field(default_factory=dict)


def request(method: str, path: str, world: World, which: str = "own") -> Request:
    """A request to a route about records of this world."""
    at = path
    for part, code in CODES.items():
        at = at.replace(f"{{{part}}}", code)
    verb = path.rpartition("/")[2]
    kinds = PARTS | ({"broadcast_id": IN_STATE[verb]} if verb in IN_STATE else {})
    for part, kind in kinds.items():
        if f"{{{part}}}" in at:
            at = at.replace(f"{{{part}}}", world.ids[f"{kind}.{which}"])
    name = f"{method} {path}"
    if name in FILES:
        return Request(method, at, None, {"content_type": "application/octet-stream", **FILES[name]})
    body = _filled(BODIES[name], world, which) if name in BODIES else None
    return Request(method, at, body, {"query_string": QUERIES[name]} if name in QUERIES else {})


def _filled(value: Any, world: World, which: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, world, which) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, world, which) for each in value]
    if isinstance(value, str) and value.startswith("<"):
        return world.ids[f"{value[1:-1]}.{which}"]
    return value
