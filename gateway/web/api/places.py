"""Nepal's places by code, as members' places are written."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.core import places
from gateway.language import places as by_name
from gateway.web.api.routes import Anybody, Call, Routes
from gateway.web.api.shapes import Given, Query

routes = Routes("places")


class Place(Given):
    code: str
    kind: str
    name_ne: str
    name_en: str
    wards: int


class Places(Given):
    items: list[Place]


def _without_control(text: str) -> str:
    if not text.isprintable():
        raise ValueError("There is a control character in it")
    return text


class Search(Query):
    words: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_without_control)] = Field(
        description="a name in any script, with a number for a ward; or a code", examples=["Chandragiri 5"]
    )


class Inside(Query):
    of: str = Field(default="", pattern=r"^([1-7](-[0-9]{2}){0,3})?$", description="a code; the provinces where none is named")


@routes.get("/places", Anybody.WITH_A_TOKEN)
def list_(call: Call, query: Inside) -> Places:
    """List the places directly inside another one."""
    del call
    return Places(items=[Place.model_validate(place) for place in places.children(query.of)])


@routes.get("/places/search", Anybody.WITH_A_TOKEN)
def search(call: Call, query: Search) -> Places:
    """Find a place by its name, however it is spelt; the likeliest first."""
    del call
    return Places(items=[Place.model_validate(place) for place in by_name.search(query.words)])
