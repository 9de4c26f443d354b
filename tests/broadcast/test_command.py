"""`gateway broadcast` as an organiser uses it, with a worker that works at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.outbound import MAIN, World, e164
from sqlalchemy import update

from gateway.cli import broadcast as cli
from gateway.cli import broadcast_results
from gateway.cli import sending as sending_cli
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.jobs import ExpandBroadcast, Job, SendBatch
from gateway.errors import GatewayError
from gateway.services import broadcast, send, sending_settings, track, users
from gateway.services.broadcast import Draft
from gateway.store import models

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


def _id_of(shown: str) -> str:
    return next(line for line in shown.splitlines() if line.startswith("broadcast ")).split()[1]


def test_status_tells_who_was_reached_why_not_and_what_it_cost(run: Run, world: World, people) -> None:
    people(4)
    broadcast_id = _id_of(run("send", "--text", "ne=नमस्ते", "--title", "Greeting", "--yes").output)
    with world.database.write() as db:
        rows = models.deliveries
        delivered = {"state": "delivered", "charged": 7_900_000, "charged_in": "USD", "answered_at": world.clock.now}
        db.execute(update(rows).where(rows.c.phone_id <= 2).values(delivered))
        db.execute(update(rows).where(rows.c.phone_id == 3).values(state="undelivered", error="no-answer"))
    shown = run("status", broadcast_id).output
    assert shown.splitlines() == [
        "Greeting: finished",
        "  delivered   2",
        "  accepted    1",
        "  undelivered 1",
        "    1 because nobody picked up",
        "  2 of 4 reached",
        "  2 answered, 0 texts written back",
        "  Rs 5.60 of Rs 5.60 planned",
        "  the provider charged USD 15.80 for 2 of 4 messages",
        f"  2 did not hear it (1 of them without a report so far): `gateway broadcast again {broadcast_id}` drafts it for them once more.",
    ]
    drafted = run("again", broadcast_id)
    assert drafted.output.startswith("2 members did not hear it.\n")
    assert f"`gateway broadcast approve {_id_of(drafted.output)}`" in run("status", _id_of(drafted.output)).output


def test_calls_tell_how_long_they_were_listened_to_and_in_which_try(run: Run, world: World, people) -> None:
    people(3)
    broadcast_id = _id_of(run("send", "--text", "ne=नमस्ते", "--title", "Greeting", "--yes").output)
    with world.database.write() as db:
        rows = models.deliveries
        db.execute(update(rows).values(medium="voice", state="delivered", seconds=12, answered_by="human"))
        db.execute(update(rows).where(rows.c.phone_id == 3).values(answered_by="machine", round=2))
    shown = run("status", broadcast_id).output
    assert "  2 calls picked up, 24 seconds listened in all\n" in shown
    assert "  2 members after 1 try\n  1 member after 2 tries\n" in shown


def test_followed_into_a_pipe_it_writes_plain_lines(run: Run, people) -> None:
    people(3)
    done = run("send", "--text", "ne=नमस्ते", "--title", "Greeting", "--yes").output
    assert "3 of 3: 0 reached, 0 failed, Rs 4.20 of Rs 4.20 planned, through at about 2026-01-15 12:00\n" in done
    assert "Greeting: finished\n  accepted    3\n" in done
    assert "\x1b" not in done


def test_ctrl_c_stops_the_following_only(run: Run, world: World, people, monkeypatch: pytest.MonkeyPatch) -> None:
    people(1)
    world.clock.tick(10 * 3600)
    broadcast_id = _id_of(run("send", "--text", "ne=नमस्ते", "--yes", "--no-wait").output)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(broadcast_results.time, "sleep", interrupted)
    stopped = run("follow", broadcast_id)
    assert stopped.exit_code == 0
    assert f"It goes on by itself. `gateway broadcast follow {broadcast_id}` shows it again.\n" in stopped.output
    assert "through at about 2026-01-16 08:00" in run("status", broadcast_id).output


def test_the_bar_of_a_terminal_tells_the_counts(run: Run, people, monkeypatch: pytest.MonkeyPatch) -> None:
    people(2)
    broadcast_id = _id_of(run("send", "--text", "ne=नमस्ते", "--title", "Greeting", "--yes").output)
    monkeypatch.setattr(broadcast_results, "_is_terminal", lambda: True)
    shown = run("follow", broadcast_id).output
    assert "0 reached, 0 failed, Rs 2.80 of Rs 2.80 planned" in shown
    assert shown.rstrip().splitlines()[-1].startswith("  2 did not hear it")


def test_export_writes_a_file(run: Run, people, tmp_path: Path) -> None:
    people(2)
    broadcast_id = _id_of(run("send", "--text", "ne=नमस्ते", "--yes").output)
    assert run("export", broadcast_id, str(tmp_path / "out.csv")).output == f"2 recipients written to {tmp_path / 'out.csv'}.\n"


def identity(shown: str) -> str:
    return next(line for line in shown.splitlines() if line.startswith("broadcast ")).split()[1]


def test_a_draft_is_approved_by_two_people_who_say_who_they_are(run: Run, world: World, people) -> None:
    people(3)
    users.add(world.gateway, MAIN, "Maya", "organiser")
    sending_settings.change(world.gateway, MAIN, two_persons_above=2, monthly_budget=10_000)
    words = ("draft", "--text", "ne=नमस्ते", "--key", "form-1")
    drafted = identity(run(*words).output)
    assert identity(run(*words).output) == drafted
    shown = run("approve", drafted, "--yes").output
    assert "Two people must approve it." in shown
    assert f"`gateway broadcast approve {drafted} --as USER`" in shown
    assert "budget of 2082-10: Rs 100 of Rs 100 left" in shown
    assert isinstance(run("approve", drafted, "--yes").exception, GatewayError)
    assert "access:no-user" in str(run("approve", drafted, "--yes", "--as", "Nobody").exception)
    assert "accepted    3" in run("approve", drafted, "--yes", "--as", "Maya").output


def test_what_became_due_while_it_waited_for_the_second_person_still_goes_out(run: Run, world: World, people) -> None:
    people(3)
    users.add(world.gateway, MAIN, "Maya", "organiser")
    sending_settings.change(world.gateway, MAIN, two_persons_above=2)
    drafted = identity(run("draft", "--text", "ne=नमस्ते", "--at", f"{world.clock.now.astimezone(NEPAL):%Y-%m-%d %H:%M}").output)
    run("approve", drafted, "--yes")
    world.clock.now += timedelta(minutes=30)
    assert "accepted    3" in run("approve", drafted, "--yes", "--as", "Maya").output


def test_what_is_chosen_on_the_command_line_is_kept_with_the_draft(run: Run, world: World, people) -> None:
    people(1)
    sooner, later = ("--at", "2082-10-02 11:00"), ("--expires", "2026-01-17 18:00")
    whom = ("--trade", "sewing", "--trade", "craft", "--not-told-for", "3", "--language", "ne")
    how = ("--best-hour", "--gap", "5", "--budget", "1,000", "--sms")
    drafted = identity(run("draft", "--text", "ne=नमस्ते", *sooner, *later, *whom, *how).output)
    draft = Draft.of(broadcast.status(world.gateway, MAIN, drafted).broadcast)
    assert draft.audience == Audience(trades=("sewing", "craft"), languages=("ne",), not_told_for=3)
    assert draft.starts_at == datetime(2026, 1, 16, 5, 15, tzinfo=UTC)
    assert draft.expires_at == datetime(2026, 1, 17, 12, 15, tzinfo=UTC)
    assert (draft.best_hour, draft.gap_hours, draft.budget, draft.medium) == (True, 5, 100_000, "sms")


def test_a_test_goes_to_the_phone_in_her_hand(run: Run, world: World, people) -> None:
    people(2)
    assert "The test is on its way" in run("test", "--text", "ne=नमस्ते", "--to", e164(1)).output
    drafted = identity(run("draft", "--text", "ne=नमस्ते").output)
    assert run("test", drafted, "--to", e164(2)).exit_code == 0
    assert [sent.to for sent in world.twilio.ledger] == [e164(1), e164(2)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--at", "tomorrow"), "as 2026-12-01 11:00"),
        (("--at", "2082-13-01 11:00"), "no day 2082-13-01"),
        (("--at", "2026-02-30 11:00"), "as 2026-12-01 11:00"),
        (("--at", "2026-12-01 24:61"), "as 2026-12-01 11:00"),
        (("--at", "2082-09-01 11:00"), "is over"),
        (("--place", "9-99"), "`gateway places` finds it"),
        (("--list", "nobody"), "There is no list 'nobody'"),
        (("--budget", "much"), "no amount of rupees"),
        (("--rsvp", "yes"), "NOTICE:yes"),
        (("--sms", "--preferred"), "one of --sms"),
        (("--contribution", "open"), "go together"),
    ],
)
def test_a_wish_that_cannot_be_read_is_explained(run: Run, words: tuple[str, ...], sentence: str) -> None:
    wrong = run("plan", "--text", "ne=a", *words)
    assert sentence in wrong.output + str(wrong.exception)
    assert wrong.exit_code != 0


def test_the_settings_of_sending_are_set_and_shown(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("gateway.bootstrap.from_environment", lambda _: world.gateway)

    def run(*words: str) -> str:
        return CliRunner().invoke(sending_cli.command, words).output

    run("set", "--monthly-budget", "१,०००", "--two-persons-above", "500", "--gap", "3")
    shown = "more than: 500\nbudget of a month: Rs 1,000, Rs 1,000 left in 2082-10\ngap between two broadcasts to one phone: 3 hours\n"
    assert run("show").endswith(shown)
    run("set", "--monthly-budget", "none", "--two-persons-above", "none")
    assert "more than: none\nbudget of a month: none\n" in run("show")
    assert "say what to change" in run("set")
    (tmp_path / "prices.csv").write_text("medium,operator,from,rupees,source\nvoice,ntc,2082-01-01,2.50,list\n", encoding="utf-8")
    assert run("prices", "import", str(tmp_path / "prices.csv")) == "1 price taken.\n"
    run("prices", "set", "sms", "1.25", "--from", "2026-01-01", "--source", "letter")
    shown = "sms    all others  from 2026-01-01  Rs 1.25  letter\nvoice  ntc         from 2025-04-14  Rs 2.50  list\n"
    assert run("prices", "list").startswith(shown)
    assert run("rest-days", "add", "2082-10-02", "Feast") == "Nothing goes out on 2026-01-16.\n"
    assert run("rest-days", "list") == "2026-01-16  Feast\n"
    assert run("rest-days", "remove", "2026-01-16") == "2026-01-16 is a day like any other.\n"
    (tmp_path / "days.csv").write_text("# ours\nday,title\n2026-01-20,Jatra\n", encoding="utf-8")
    assert run("rest-days", "import", str(tmp_path / "days.csv")) == "1 rest day taken.\n"
    assert "rest days taken" in run("rest-days", "import")
