"""Flow files into a catalogue that is ready to run. Checked, never trusted: every fault of every file is found in one run.

`load` reads a folder: `defaults.yaml`, `phrases.yaml`, `keywords.tsv`, one file for each flow, and one in `lessons` for each lesson.
`parse_flow` reads one flow's text again, for conversations that began with an older version of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.engine import checks, document, lessons
from gateway.engine.definition import ActionSpec, Audience, Catalogue, Defaults, Flow, Prompt, Step, Texts, Translation
from gateway.engine.reading import NAME, Draft, Fields, Shared, hint
from gateway.engine.steps import KINDS
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.listening import MOST_RETRIES
from gateway.errors import GatewayError
from gateway.language import speech
from gateway.language.keywords import Lexicon
from gateway.language.skeleton import skeleton

DEFAULTS, PHRASES, KEYWORDS, ORDINARY = "defaults", "phrases", "keywords.tsv", "ordinary-words.txt"
TRANSLATIONS = "translations"  # a folder beside the flows: one file for each language whose texts do not stand in the flow files
LESSONS = "lessons"  # a folder beside the flows: one file for each lesson; and the flow that leads to them
LESSON_WORD = "lesson_word"  # the phrase that is the title of that flow, and its intent in keywords.tsv
LESSON_INTENT = "lesson"
BUDGET = "budget"  # what tasks may cost a caller; `gateway budget` reads it, and it is no flow
NO_FLOWS = frozenset({BUDGET, "report"})  # nor is what the report of `gateway report` says
RETRIES, FIRST_WAIT, FIRST_CALL_WAIT, NEXT_WAIT = 3, 8, 10, 5
LONGEST_WAIT = 30  # seconds; the line would seem dead
AUDIENCES: tuple[Audience, ...] = ("anyone", "member", "stranger")

REMEDIES = {
    DEFAULTS: "It names the flows that every conversation needs; docs/flow-language.md shows one.",
    PHRASES: "Write `phrases: {}` into it where no flow uses any.",
}

# Stands in while the defaults are not read, and where they are faulty; a catalogue with faults is never run.
NOTHING = Prompt("", {}, {})
NO_DEFAULTS = Defaults(
    "", "", "", "", "", "", "", "", speech.LANGUAGES, {}, (), RETRIES, FIRST_WAIT, FIRST_CALL_WAIT, NEXT_WAIT, (), (), NOTHING, NOTHING
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, None where it could not be read. `file` is its name in messages: `flows/prices.yaml`."""

    name: str
    file: str
    text: str | None


def load(folder: Path, actions: Mapping[str, ActionSpec]) -> Catalogue:
    """The catalogue of a folder.

    Raises one ExceptionGroup with a GatewayError `flow:*` for each fault of all files, in the order of files and lines.
    """
    faults: list[GatewayError] = []
    sources = _sources(folder, faults)
    translations, translation_drafts = _read_translations(folder, actions, faults)
    shared, shared_drafts = _read_shared(sources, folder.name, Shared(NO_DEFAULTS, {}, actions, translations))
    lexicon = _read_keywords(folder, faults)
    drafts = [_read_flow(source, shared) for source in sources.values() if source.name not in {DEFAULTS, PHRASES}]
    drafts += _read_lessons(folder, shared, sources, lexicon, faults)
    checks.check(drafts, shared_drafts, lexicon)  # without a lexicon, of which the faults are told, words are not looked up
    faults += [fault for draft in (*shared_drafts, *translation_drafts, *drafts) for fault in draft.faults]
    if not faults:  # a name that a faulty flow would have used is not unknown
        faults += _unused(shared)
    if faults or lexicon is None:
        raise ExceptionGroup("the flows are faulty", sorted(faults, key=_position))
    flows = {draft.name: draft.flow for draft in drafts if draft.flow is not None}
    words = lexicon.with_forms(_own_keywords(flows, lexicon))
    warnings = tuple(sorted((warning for draft in drafts for warning in draft.warnings), key=_position))
    told = {draft.name: draft.lesson for draft in drafts if draft.lesson is not None}
    return Catalogue(flows, shared.defaults, shared.phrases, {}, words, shared.translations, told, warnings=warnings)


def parse_flow(source: str, where: str, actions: Mapping[str, ActionSpec], catalogue: Catalogue) -> Flow:
    """One flow from its text, beside the flows of a catalogue. Raises as `load` does."""
    shared = Shared(catalogue.defaults, catalogue.phrases, actions, catalogue.translations)
    name = Path(where).stem
    draft = _read_flow(Source(name, where, source), shared)
    checks.check_ways(draft, {*catalogue.flows, name})
    if draft.faults or draft.flow is None:
        raise ExceptionGroup("the flow is faulty", sorted(draft.faults, key=_position))
    return draft.flow


def _position(fault: GatewayError) -> tuple[str, int, int, str]:
    file, line, column = fault.where.rsplit(":", 2)
    return file, int(line), int(column), fault.sentence


# --- files -------------------------------------------------------------------------------------------------------------------------


def _sources(folder: Path, faults: list[GatewayError], inside: str = "") -> dict[str, Source]:
    """The files of the flows, or of a folder `inside` theirs."""
    shown = f"{folder.name}/{inside}" if inside else folder.name
    folder = folder / inside
    sources: dict[str, Source] = {}
    for path in sorted(path for path in folder.glob("*.yaml") if path.stem not in NO_FLOWS):
        file = f"{shown}/{path.name}"
        try:
            sources[path.stem] = Source(path.stem, file, read_text(path, folder))
        except (OSError, ValueError) as error:
            reason = error.strerror or "it cannot be read" if isinstance(error, OSError) else str(error)
            faults.append(GatewayError("flow:unreadable", where=f"{file}:1:1", reason=reason))
            sources[path.stem] = Source(path.stem, file, None)
    return sources


def read_text(path: Path, folder: Path) -> str:
    """The text of a flow file. Raises ValueError with the reason for what is no plain UTF-8 file of this folder."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError("it is a link to a file outside the folder")
    if not path.is_file():
        raise ValueError("it is not a regular file")
    with path.open("rb") as stream:
        content = stream.read(document.MAX_BYTES + 1)
    if len(content) > document.MAX_BYTES:
        raise ValueError(f"it is larger than {document.MAX_BYTES // 1_000_000} MB; divide it")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is written in UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 (perhaps Latin-1); save it as UTF-8") from None


def _open(source: Source, draft: Draft) -> Fields | None:
    """The keys of a file, or None, with a fault noted, where it cannot be read."""
    if source.text is None:
        return None
    try:
        return Fields(document.parse(source.text, source.file), draft)
    except GatewayError as fault:
        draft.faults.append(fault)
        return None


# --- defaults and phrases ----------------------------------------------------------------------------------------------------------


def _read_shared(sources: Mapping[str, Source], folder: str, shared: Shared) -> tuple[Shared, list[Draft]]:
    """What all flows share. The phrases need the languages of the defaults; the prompts of the defaults need the phrases."""
    nobody = Source(DEFAULTS, f"{folder}/{DEFAULTS}.yaml", None)
    defaults_draft, phrases_draft = Draft(DEFAULTS, nobody.file, shared), Draft(PHRASES, f"{folder}/{PHRASES}.yaml", shared)
    drafts = [defaults_draft, phrases_draft]
    for draft in drafts:
        if draft.name not in sources:
            draft.faults.append(GatewayError("flow:missing-file", where=f"{draft.file}:1:1", remedy=REMEDIES[draft.name]))
    fields = _open(sources.get(DEFAULTS, nobody), defaults_draft)
    if fields is not None:
        languages, in_progress = _read_languages(fields, shared.translations)
        shared = replace(shared, defaults=replace(NO_DEFAULTS, languages=languages, drafts=in_progress))
    phrases_draft.shared = shared
    phrases = _read_phrases(sources[PHRASES], phrases_draft) if PHRASES in sources else {}
    shared = replace(shared, phrases=phrases)
    if fields is not None:
        fields.shared = defaults_draft.shared = shared
        shared = replace(shared, defaults=_read_defaults(fields, shared.defaults))
    return shared, drafts


def _read_languages(fields: Fields, translations: Mapping[str, Translation]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The languages that callers are offered, and those that are drafts."""
    nodes, drafts = fields.words("languages"), fields.words("drafts")
    for node in nodes:
        if node.value not in speech.LANGUAGES:
            fields.fault(node, "flow:unknown-language", name=node.value, languages=", ".join(speech.LANGUAGES))
    known = tuple(str(node.value) for node in nodes) or speech.LANGUAGES
    for node in drafts:
        if node.value not in known:
            fields.fault(node, "flow:unknown-language", name=node.value, languages=", ".join(known))
    in_progress = tuple(str(node.value) for node in drafts)
    offered = tuple(language for language in known if language not in in_progress)
    if not offered:
        fields.fault(drafts[0], "flow:invalid", value=", ".join(in_progress), wanted="fewer: one language at least must not be a draft")
    for language in translations.keys() - {*known}:
        where = f"{fields.draft.file.rpartition('/')[0]}/{TRANSLATIONS}/{language}.yaml:1:1"
        fields.draft.faults.append(
            GatewayError("flow:unknown-language", where=where, path="the file", name=language, languages=", ".join(known))
        )
    return offered or known, in_progress


def _read_phrases(source: Source, draft: Draft) -> Mapping[str, Texts]:
    fields = _open(source, draft)
    if fields is None:
        return {}
    inside = fields.inside("phrases")
    translations = draft.shared.translations
    phrases: dict[str, Texts] = {}
    for name in inside.known:
        translated = {language: node for language, file in translations.items() if (node := file.phrases.get(name)) is not None}
        phrases[name] = inside.texts(name, translated)
    for name, node in inside.known.items():
        if not NAME.fullmatch(name):
            fields.fault(node, "flow:invalid", at_key=True, value=name, wanted="a name: small letters a-z, digits and _")
    inside.close()
    fields.close()
    return phrases


def _read_defaults(fields: Fields, languages: Defaults) -> Defaults:
    main = fields.call("main")
    keys = {key: fields.target_of(node) for key, node in fields.by_key("keys").items()}
    help_ = fields.call("help") if "help" in fields.known else main
    defaults = Defaults(
        main=main,
        strangers=fields.call("strangers"),
        gate=fields.call("gate"),
        give_up=fields.call("give_up"),
        help=help_,
        doubt=fields.call("doubt") if "doubt" in fields.known else help_,
        late=fields.call("late") if "late" in fields.known else help_,
        resume=_resume_flow(fields),
        languages=languages.languages,
        drafts=languages.drafts,
        keys=keys,
        retries=fields.whole("retries", RETRIES, least=1, most=MOST_RETRIES),
        first_wait=fields.whole("first_wait", FIRST_WAIT, least=1, most=LONGEST_WAIT),
        first_call_wait=fields.whole("first_call_wait", FIRST_CALL_WAIT, least=1, most=LONGEST_WAIT),
        next_wait=fields.whole("next_wait", NEXT_WAIT, least=1, most=LONGEST_WAIT),
        on_silence=fields.prompts("on_silence", "silence", required=True),
        on_wrong=fields.prompts("on_wrong", "wrong", required=True),
        sms_help=fields.message("sms_help"),
        sms_rest=fields.message("sms_rest") if "sms_rest" in fields.known else NOTHING,
    )
    fields.close()
    return defaults


def _resume_flow(fields: Fields) -> str:
    if "resume" in fields.known:
        return fields.call("resume")
    fields.taken.add("resume")
    return ""


# --- translations -----------------------------------------------------------------------------------------------------------------


def _read_translations(
    folder: Path, actions: Mapping[str, ActionSpec], faults: list[GatewayError]
) -> tuple[Mapping[str, Translation], list[Draft]]:
    """The languages whose texts stand in files of their own. What the texts mean is looked at where their prompts are read."""
    translations: dict[str, Translation] = {}
    drafts: list[Draft] = []
    for source in _sources(folder, faults, TRANSLATIONS).values():
        draft = Draft(source.name, source.file, Shared(NO_DEFAULTS, {}, actions))
        drafts.append(draft)
        fields = _open(source, draft)
        if fields is None:
            continue
        language = fields.text("language")
        if language and language != source.name:
            fields.fault(fields.known["language"], "flow:file-name", name=language, file=source.name)
        phrases, prompts = fields.inside("phrases").known, fields.inside("prompts").known
        for node in prompts.values():
            if isinstance(node.value, dict):
                wordings = Fields(node, draft)
                wordings.take("say")
                wordings.take("sms")
                wordings.close()
        translations[source.name] = Translation(source.name, phrases, prompts)
        fields.close()
    return translations, drafts


def _unused(shared: Shared) -> Iterator[GatewayError]:
    """Translations of prompts and phrases that there are not: most often misspelled, or left over. A draft may have such."""
    for translation in shared.translations.values():
        if translation.language in shared.defaults.drafts:
            continue
        for names, known in ((translation.prompts, shared.used), (translation.phrases, shared.phrases.keys())):
            for name, node in names.items():
                if name not in known:
                    yield node.fault("flow:unknown-key", at_key=True, name=name, hint=hint(name, known))


# --- one flow ----------------------------------------------------------------------------------------------------------------------


def _read_flow(source: Source, shared: Shared) -> Draft:
    """A flow as its file has it, with what is wrong there."""
    draft = Draft(source.name, source.file, shared)
    fields = _open(source, draft)
    if fields is not None and source.text is not None:
        _read_fields(fields, source.text)
    return draft


def _read_fields(fields: Fields, source: str) -> None:
    """The keys of a flow into the draft of its file."""
    draft = fields.draft
    name = fields.text("flow")
    if name and name != draft.name:
        fields.fault(fields.known["flow"], "flow:file-name", name=name, file=draft.name)
    draft.keywords = fields.words("keywords")
    draft.intents = fields.words("intents")
    draft.flow = Flow(
        name=draft.name,
        title=fields.title("title"),
        keywords=tuple(str(node.value) for node in draft.keywords),
        intents=tuple(str(node.value) for node in draft.intents),
        audience=fields.one_of("for", AUDIENCES, "anyone"),
        private=fields.flag("private", default=False),
        when=fields.condition("when"),
        changes=fields.flag("changes", default=False),
        survey=fields.flag("survey", default=False),
        start=fields.target("start"),
        steps=_read_steps(fields.inside("steps")),
        hash=hashlib.sha256(source.encode()).hexdigest(),
        source=source,
    )
    fields.close()


def _read_steps(fields: Fields) -> Mapping[str, Step]:
    steps: dict[str, Step] = {}
    fields.draft.step_nodes = fields.known
    for name, node in fields.known.items():
        fields.taken.add(name)
        if not NAME.fullmatch(name):
            fields.fault(node, "flow:step-name", at_key=True, name=name, reason="Use small letters a-z, digits and _.")
        inside = Fields(node, fields.draft, name)
        step = _read_step(inside)
        if step is not None:
            steps[name] = step
            inside.close()
        if isinstance(step, Ask) and step.confirm is not None:
            steps[step.confirm.name] = step.confirm
    return steps


def _read_step(fields: Fields) -> Step | None:
    """A step says by one of its keys of which kind it is."""
    kinds = [key for key in fields.known if key in KINDS]
    if len(kinds) == 1:
        return KINDS[kinds[0]](fields)
    if isinstance(fields.node.value, dict):
        nearest = next((near for key in fields.known if (near := hint(key, KINDS))), "")
        fields.fault(fields.node, "flow:kind", at_key=True, kinds=", ".join(KINDS), hint="" if kinds else nearest)
    return None


# --- lessons -----------------------------------------------------------------------------------------------------------------------


def _read_lessons(
    folder: Path, shared: Shared, flows: Mapping[str, Source], lexicon: Lexicon | None, faults: list[GatewayError]
) -> list[Draft]:
    """The lessons of the folder as flows, and the flow that leads to them."""
    sources = _sources(folder, faults, LESSONS)
    names = list(sources)
    drafts: list[Draft] = []
    for name, source in sources.items():
        draft = Draft(name, source.file, shared)
        drafts.append(draft)
        if not NAME.fullmatch(name) or name in flows or name == LESSONS:
            reason = "Use small letters a-z, digits and _." if not NAME.fullmatch(name) else "A flow has this name."
            draft.faults.append(GatewayError("flow:lesson-name", where=f"{draft.file}:1:1", name=name, reason=reason))
        fields = _open(source, draft)
        if fields is None:
            continue
        around = lessons.Around(shared.all_languages, names[(names.index(name) + 1) % len(names)] if len(names) > 1 else "")
        if read := lessons.read(fields, name, around):
            node, draft.lesson = read
            _read_fields(Fields(node, draft), lessons.written(node))
    if names and LESSONS not in flows:
        known = lexicon is not None and LESSON_INTENT in lexicon.intents.values()
        titles = shared.phrases.get(LESSON_WORD, {})
        title = {language: titles[language] for language in shared.all_languages if language in titles}
        text = lessons.leading(names, title, intent=LESSON_INTENT if known else "")
        drafts.append(_read_flow(Source(LESSONS, f"{folder.name}/{LESSONS}", text), shared))
    return drafts


# --- the words that open flows by SMS ----------------------------------------------------------------------------------------------


def _read_keywords(folder: Path, faults: list[GatewayError]) -> Lexicon | None:
    """The words of the folder's `keywords.tsv`; without that file, the languages' own words alone. None where it is faulty."""
    path, ordinary = folder / KEYWORDS, folder / ORDINARY
    try:
        return Lexicon.load(
            read_text(path, folder) if path.exists() else "",
            read_text(ordinary, folder) if ordinary.exists() else "",
            f"{folder.name}/{KEYWORDS}",
        )
    except ExceptionGroup as group:
        faults += [fault for fault in group.exceptions if isinstance(fault, GatewayError)]
    except (OSError, ValueError) as error:
        faults.append(GatewayError("flow:unreadable", where=f"{folder.name}/{KEYWORDS}:1:1", reason=str(error)))
    return None


def _own_keywords(flows: Mapping[str, Flow], lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """The keywords that flows add to the lexicon, under an intent that opens the flow."""
    for flow in flows.values():
        for keyword in flow.keywords:
            if skeleton(keyword) not in lexicon.intents:
                yield next(iter(flow.intents), flow.name), keyword
