"""What holds for any flow, any event and any text, found by trying many."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path

from fakes.conversation import CALLERS, SPECS, Conversation, load_story
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.events import (
    CallAnswered,
    ConversationEnded,
    DigitsPressed,
    MessageReceived,
    RecordingMade,
    SilenceHeard,
    StepEntered,
    TransferEnded,
)
from gateway.engine import expressions, wording
from gateway.engine.interpreter import MAX_STEPS_PER_SPRINT
from gateway.engine.loader import parse_flow
from gateway.engine.steps import KINDS

NAMES = ("a", "b", "c", "d", "e")
WORDS = {"ne": "नमस्ते {organisation}", "en": "Hello {member.usual:money}"}

targets = st.sampled_from((*NAMES, "main_menu", "give_up", "money", "register"))
following = st.fixed_dictionaries({"next": targets})
asks = st.fixed_dictionaries(
    {
        "prompt": st.just(WORDS),
        "kind": st.sampled_from(["digits", "number", "money", "date", "phone", "pin", "text"]),
        "name": st.just("answer"),
    },
    optional={"length": st.integers(1, 8), "min": st.integers(0, 50), "confirm": st.just(WORDS)},
)
steps = st.one_of(
    following.map(lambda way: {"say": WORDS, "text": WORDS, **way}),
    st.dictionaries(st.sampled_from("0123456789"), targets, min_size=1).map(lambda keys: {"menu": {"prompt": WORDS, "keys": keys}}),
    st.tuples(asks, following).map(lambda parts: {"ask": parts[0], **parts[1]}),
    following.map(lambda way: {"record": {"prompt": WORDS, "name": "said"}, **way}),
    st.tuples(targets, targets).map(lambda ways: {"do": "latest_claim", "next": {"none": ways[0], "paid": ways[1]}}),
    st.tuples(targets, targets).map(lambda ways: {"branch": [{"when": "caller.new", "next": ways[0]}, {"next": ways[1]}]}),
    st.tuples(st.sampled_from(["pin", "give_up", "story"]), following).map(lambda parts: {"go": parts[0], **parts[1]}),
    following.map(lambda way: {"transfer": WORDS, **way}),
    st.just({"end": {}}),
)
EVERYWHERE = {"menu": {"prompt": WORDS, "keys": dict(enumerate(NAMES))}}  # so that no step is out of reach
stories = st.fixed_dictionaries({"everywhere": st.just(EVERYWHERE), **dict.fromkeys(NAMES, steps)})

events = st.one_of(
    st.builds(DigitsPressed, st.text("0123456789*#", max_size=6) | st.text(max_size=4)),
    st.builds(MessageReceived, st.text(st.characters(exclude_categories=["Cs"]), max_size=30)),
    st.builds(RecordingMade, st.just("RE1"), st.integers(0, 30)),
    st.builds(TransferEnded, st.booleans()),
    st.just(SilenceHeard()),
    st.just(CallAnswered()),
)


@settings(max_examples=150, deadline=None)
@given(stories, st.sampled_from(sorted(CALLERS)), st.sampled_from(["voice", "sms"]), st.lists(events, max_size=12))
def test_any_checked_flow_ends_or_waits_whatever_happens(story, who, medium, happenings):
    """`Conversation.resume` holds the session against its JSON at every step."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            catalogue = load_story(Path(folder), story, start="everywhere")
        except ExceptionGroup:
            return  # the checks found something, as they should for most of these
    conversation = Conversation(catalogue, CALLERS[who])
    sprint = conversation.start(medium=medium)
    for event in happenings:
        assert sum(isinstance(fact, StepEntered) for fact in sprint.facts) <= 2 * MAX_STEPS_PER_SPRINT
        assert (sprint.wait is None) == isinstance(sprint.facts[-1], ConversationEnded) == (not sprint.session.frames)
        sprint = conversation.resume(sprint, event)


scalars = st.text(max_size=8) | st.sampled_from(["repeat", "a", "{x}", "{x:money}", "no", "0123", "caller.new", "anyone", "", *NAMES])
keys = st.sampled_from(
    [*KINDS, "flow", "title", "start", "steps", "next", "for", "private", "keys", "prompt", "kind", "name", "ne", "en", *NAMES]
)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=25)


@settings(max_examples=300, deadline=None)
@given(
    document=trees | st.fixed_dictionaries({"flow": st.just("story"), "start": scalars, "steps": st.dictionaries(keys, trees, max_size=4)})
)
def test_any_yaml_is_a_flow_or_is_explained(document, any_catalogue):
    with suppress(ExceptionGroup):
        parse_flow(json.dumps(document, ensure_ascii=False), "story.yaml", SPECS, any_catalogue)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60) | st.text("{}[]&*!|>-:#?%@`'\",\n\t ab\\x0U", max_size=60))
def test_any_text_is_a_flow_or_is_explained(text, any_catalogue):
    with suppress(ExceptionGroup):
        parse_flow(text, "story.yaml", SPECS, any_catalogue)


@given(st.text(max_size=60) | st.text("abc._ <>=!019not", max_size=40))
def test_any_condition_is_read_or_refused(text):
    with suppress(ValueError):
        assert expressions.parse(text).holds({}.get) in {True, False}


@given(st.lists(st.text(st.characters(exclude_characters="{}"), min_size=1) | st.sampled_from(["{a}", "{a.b:money}"])))
def test_a_text_cut_at_its_slots_is_the_same_text(parts):
    written = "".join(parts)
    again = [part if isinstance(part, str) else f"{{{part.name}:{part.format}}}" for part in wording.split(written)]
    assert "".join(again).replace(":text}", "}") == written
