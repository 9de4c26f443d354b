"""What a client got, looked at: the page or the address, and a broadcast on its way."""

from __future__ import annotations

import re
from typing import Any

from fakes.console import Client

MEETING = {"title": "Ward office", "text_ne": "नमस्ते {name}, भोलि ११ बजे वडा कार्यालयमा भेटौँ।", "do": "keep"}


def page_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def place_of(answer: Any) -> str:
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def drafted(client: Client, **more: str) -> str:
    """The address of a new draft, without what is done with it."""
    return place_of(client.post("/broadcasts/new", MEETING | more)).removesuffix("/plan")


def approve(client: Client, address: str) -> str:
    seen = re.search(r'name="seen" value="(\w+)"', page_of(client.get(f"{address}/plan")))
    return place_of(client.post(f"{address}/approve", {"seen": seen[1] if seen else ""}))


def id_of(address: str) -> str:
    return address.rpartition("/")[2]
