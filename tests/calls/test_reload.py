"""Flow files that change under a running installation: new calls get the new version, calls under way keep theirs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from calls.conftest import BASE_URL, Installation
from structlog.testing import capture_logs

from gateway.config import PACKAGE_ROOT

SITA = "+9779720000001"
GOODBYE = '\n  thanks:\n    end: {ne: "धन्यवाद। नमस्ते।", en: "Thank you. Namaste."}\n'


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))


@pytest.fixture
def live(installation_of: Callable[..., Installation], sqlite_url: str, flows: Path) -> Installation:
    return installation_of(sqlite_url, GATEWAY_FLOWS_DIR=str(flows))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def look(here: Installation) -> None:
    """As the thread does, until what was written has settled."""
    here.gateway.flows.look()
    here.gateway.flows.look()


def health(here: Installation) -> str:
    return here.client.get("/health", base_url=BASE_URL).json["flows"]


def test_new_calls_are_answered_by_the_changed_flow_and_calls_under_way_by_theirs(live: Installation, flows: Path) -> None:
    under_way = [live.phone(SITA).ring().press("1") for _ in range(5)]
    change(flows / "contribution.yaml", "keys: {1: usual, 2: other_amount, 8: look_up}", "keys: {1: other_amount, 2: usual, 8: look_up}")
    look(live)
    assert health(live) == "current"
    assert live.phone(SITA).ring().press("1").press("1").heard[-1].startswith("ne/contribution/other_amount")
    for number, call in enumerate(under_way):
        call.press("1")
        assert "ne/contribution/other_amount-1" not in call.heard, number
    assert live.rows("SELECT count(*) FROM contributions WHERE noted_by = 'voice'") == [(1,)]  # the others are asked: once more?


def test_a_call_ends_on_its_version_in_a_process_that_never_ran_it(live: Installation, flows: Path) -> None:
    call = live.phone(SITA).ring().press("1")
    change(flows / "contribution.yaml", "keys: {1: usual, 2: other_amount, 8: look_up}", "keys: {1: other_amount, 2: usual, 8: look_up}")
    live.restart()
    call.phone.post = live.phone(SITA).post
    call.press("1")
    assert "ne/contribution/other_amount-1" not in call.heard
    assert live.rows("SELECT count(*) FROM contributions WHERE noted_by = 'voice'") == [(1,)]


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.6, 0.95])
def test_a_file_that_is_half_written_changes_nothing(live: Installation, flows: Path, keep: float) -> None:
    call = live.phone(SITA).ring()
    path = flows / "claim_status.yaml"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with capture_logs() as logs:
        for _ in range(3):
            look(live)
    assert [line["event"] for line in logs] == ["flows_faulty"]
    assert "flows/claim_status.yaml:" in logs[0]["faults"]
    assert health(live) == "faulty"
    assert "ne/claim_status/approved-1" in call.press("2").heard
    assert "ne/claim_status/approved-1" in live.phone(SITA).ring().press("2").heard
    path.write_bytes(whole)
    with capture_logs() as logs:
        look(live)
    assert [line["event"] for line in logs] == ["flows_taken"]
    assert health(live) == "current"


def test_a_change_is_not_taken_while_it_is_being_written(live: Installation, flows: Path) -> None:
    before = live.gateway.catalogue
    change(flows / "goodbye.yaml", "en: Goodbye", "en: Farewell")
    live.gateway.flows.look()
    assert live.gateway.catalogue is before
    change(flows / "goodbye.yaml", "en: Farewell", "en: See you")
    live.gateway.flows.look()
    assert live.gateway.catalogue is before
    live.gateway.flows.look()
    assert live.gateway.catalogue.flows["goodbye"].title["en"] == "See you"


def test_a_folder_that_vanished_and_a_step_that_is_gone_leave_the_running_flows(live: Installation, flows: Path) -> None:
    shutil.move(flows, flows.with_name("elsewhere"))
    look(live)
    assert health(live) == "faulty"
    assert not live.phone(SITA).ring().over
    shutil.move(flows.with_name("elsewhere"), flows)
    look(live)
    assert health(live) == "current"


def test_a_conversation_in_a_flow_that_was_taken_away_ends_in_it(live: Installation, flows: Path) -> None:
    call = live.phone(SITA).ring().press("4")
    change(flows / "main_menu.yaml", "4: rights_news, 5: register", "5: register")
    (flows / "rights_news.yaml").unlink()
    look(live)
    assert (health(live), "rights_news" in live.gateway.catalogue.flows) == ("current", False)
    before = call.heard.count("ne/phrase/news_c177")
    call.press("8")
    assert call.heard.count("ne/phrase/news_c177") == before + 1


def test_while_the_database_is_away_the_running_flows_stay(live: Installation, flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = live.gateway.catalogue
    change(flows / "goodbye.yaml", "en: Goodbye", "en: Farewell")

    def away(*_: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.services.versions.remember", away)
        live.gateway.flows.look()
        with pytest.raises(OSError, match="away"):
            live.gateway.flows.look()
    assert live.gateway.catalogue is before
    live.gateway.flows.look()
    assert live.gateway.catalogue.flows["goodbye"].title["en"] == "Farewell"


def test_a_process_looks_by_itself(live: Installation, flows: Path) -> None:
    live.gateway.flows.keep_looking(every=0.02)
    change(flows / "goodbye.yaml", "en: Goodbye", "en: Farewell")
    until = time.monotonic() + 10
    while live.gateway.catalogue.flows["goodbye"].title["en"] != "Farewell":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert live.rows("SELECT count(*) FROM flow_versions WHERE flow = 'goodbye'") == [(2,)]
