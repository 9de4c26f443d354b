"""`gateway broadcast` as an organiser uses it, with a worker that works at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result
from fakes.outbound import World, e164

from gateway.cli import broadcast as cli
from gateway.cli import broadcast_results
from gateway.core.jobs import ExpandBroadcast, Job, SendBatch
from gateway.services import broadcast, send, track

Run = Callable[..., Result]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    def work(jobs: Iterable[Job]) -> None:
        for job in jobs:
            if isinstance(job, ExpandBroadcast):
                work(broadcast.expand(gateway, job.broadcast_id))
            elif isinstance(job, SendBatch):
                work(send.run_batch(gateway, job.broadcast_id))

    gateway = replace(world.gateway, enqueue=work)
    monkeypatch.setattr("gateway.bootstrap.from_environment", lambda _: gateway)
    monkeypatch.setattr(broadcast_results.time, "sleep", lambda _: work(track.sweep(gateway)))
    return lambda *words, **more: CliRunner().invoke(cli.command, words, **more)


def test_a_plan_shows_recipients_price_and_end(run: Run, people) -> None:
    people(1200)
    people(1, stopped=True)
    shown = run("plan", "--text", "ne=भोलि बैठक छ।").output
    assert "ne by text: 1200 members, 1 segment each, Rs 1,680\n" in shown
    assert "left out: 1 (texted STOP)\n" in shown
    assert "through at about 2026-01-15 12:00, Nepal time (100000 texts a second)." in shown


def test_send_asks_sends_and_follows_to_the_end(run: Run, world: World, people) -> None:
    people(3)
    words = ("send", "--text", "ne=नमस्ते", "--title", "Greeting")
    assert run(*words, input="n\n").exit_code == 1
    assert world.twilio.requests == 0
    done = run(*words, input="y\n")
    assert done.exit_code == 0
    assert "Greeting: finished\n  accepted    3\n" in done.output
    assert len(world.twilio.ledger) == 3
    assert "Greeting" in run("list").output


def test_at_night_it_says_when_sending_begins(run: Run, world: World, people) -> None:
    people(1)
    world.clock.tick(10 * 3600)
    done = run("send", "--text", "ne=नमस्ते", "--yes", "--no-wait")
    assert "sending begins on 2026-01-16 at 08:00, Nepal time." in done.output
    assert world.twilio.requests == 0


def test_pause_resume_cancel_and_status(run: Run, world: World, people) -> None:
    people(1)
    world.clock.tick(10 * 3600)
    shown = run("send", "--text", "ne=नमस्ते", "--yes", "--no-wait").output
    broadcast_id = next(line for line in shown.splitlines() if line.startswith("broadcast ")).split()[1]
    assert "is paused" in run("pause", broadcast_id).output
    assert "नमस्ते: paused" in run("status", broadcast_id).output
    assert "goes on" in run("resume", broadcast_id).output
    assert "suppressed  1" in run("cancel", broadcast_id).output


@pytest.mark.parametrize("twilio_options", [{"numbers": {e164(1): ["error_before"]}}])
def test_what_waits_for_a_person_is_shown_with_the_way_to_decide(run: Run, world: World, people) -> None:
    people(1)
    shown = run("send", "--text", "ne=नमस्ते", "--yes", "--no-wait").output
    broadcast_id = next(line for line in shown.splitlines() if line.startswith("broadcast ")).split()[1]
    world.clock.tick(61)
    track.sweep(world.gateway)
    assert f"gateway broadcast resolve {broadcast_id} --resend" in run("status", broadcast_id).output
    assert run("resolve", broadcast_id).exit_code == 2
    assert run("resolve", broadcast_id, "--resend").output == "1 messages are sent again.\n"
    assert world.states() == ["accepted"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plan", "--text", "नमस्ते"), "as LANGUAGE=TEXT"),
        (("plan", "--text", "ne=a", "--text", "ne=b"), "two texts in 'ne'"),
        (("send", "--text", "ne=a", "--on-ambiguous", "maybe"), "'maybe' is not one of"),
        (("status",), "Missing argument"),
    ],
)
def test_wrong_usage_is_explained_and_exits_with_2(run: Run, words: tuple[str, ...], sentence: str) -> None:
    wrong = run(*words)
    assert wrong.exit_code == 2
    assert sentence in wrong.output
