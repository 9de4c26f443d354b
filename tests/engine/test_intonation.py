"""A clip sounds otherwise before other words than at the end of a phrase, where recordings have both."""

from __future__ import annotations

from dataclasses import replace

from fakes.conversation import Conversation, load_story


def test_the_middle_of_a_phrase_is_played_where_words_follow(tmp_path):
    texts = dict.fromkeys(("ne", "en"), "{texted.number:number}. {texted.number:digits}")
    catalogue = load_story(tmp_path, {"say_it": {"end": texts}})
    spoken = frozenset({("en", "number/2"), ("en", "word/lakh"), ("en", "digit/0"), ("ne", "digit/2")})
    sprint = Conversation(replace(catalogue, middles=spoken)).start(texted__number=200000)
    (clips,) = [fact.clips for fact in sprint.facts if hasattr(fact, "clips")]
    assert clips == (
        *("number/2.mid", "word/lakh.mid"),
        *("digit/2", "digit/0.mid", "digit/0", "/silence/500", "digit/0.mid", "digit/0.mid", "digit/0"),
    )
