"""The provider without a network, and the same wire as Twilio's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.phone import Phone
from twilio.request_validator import RequestValidator

from gateway.core.events import CallAnswered
from gateway.providers.base import Accepted, Found, OutboundCall, OutboundMessage, Provider, WebhookRequest
from gateway.providers.faults import SendError, SendFault
from gateway.providers.simulator import ACCOUNT_SID, Simulator

BASE = "http://127.0.0.1:8000"
SIMULATOR = Simulator(auth_token="derived-from-the-secret-key", public_base_url=BASE, spoken=Path("/nonexistent"))
MESSAGE = OutboundMessage(10, "", "+9779720000001", "नमस्ते")
CALL = OutboundCall(11, "", "+9779720000001")


def test_it_is_a_provider():
    provider: Provider = SIMULATOR
    assert provider.name == "simulator"
    assert all(hasattr(provider, name) for name in dir(Provider) if not name.startswith("_"))
    assert "derived" not in repr(provider)
    assert len(ACCOUNT_SID) == 34


def test_a_text_is_delivered_at_once_and_always_found():
    sent = asyncio.run(SIMULATOR.send_message(None, MESSAGE))
    assert sent == Accepted(f"SM{10:032x}", "delivered")
    assert asyncio.run(SIMULATOR.find_message(None, MESSAGE, "2026-01-01")) == Found(sent.external_id, "delivered", "नमस्ते")


def test_a_call_rings_until_somebody_picks_it_up():
    placed = asyncio.run(SIMULATOR.place_call(None, CALL))
    assert placed == Accepted(f"CA{11:032x}", "accepted")
    assert asyncio.run(SIMULATOR.find_call(None, CALL, "2026-01-01")) == Found(placed.external_id, "undelivered")


def test_there_is_nothing_to_fetch():
    with pytest.raises(SendError) as caught:
        asyncio.run(SIMULATOR.fetch_recording(None, "RE" + "1" * 32))
    assert caught.value.fault is SendFault.REFUSED


def test_what_was_spoken_is_fetched_as_often_as_is_asked_and_by_its_id_alone(tmp_path: Path):
    simulator = replace(SIMULATOR, spoken=tmp_path / "spoken")
    name = simulator.keep_recording(b"RIFF....WAVE")
    assert [asyncio.run(simulator.fetch_recording(None, name)) for _ in range(2)] == [b"RIFF....WAVE"] * 2
    assert (tmp_path / "spoken" / f"{name}.wav").stat().st_mode & 0o777 == 0o600
    for other in ("RE" + "1" * 32, f"../spoken/{name}"):
        with pytest.raises(SendError):
            asyncio.run(simulator.fetch_recording(None, other))


def test_a_signed_form_is_what_twilios_library_would_send():
    form, headers = SIMULATOR.signed("/twilio/sms", {"Body": "दाबी + &", "From": "+9779720000001"})
    assert headers["X-Twilio-Signature"] == RequestValidator(SIMULATOR.auth_token).compute_signature(f"{BASE}/twilio/sms", form)


def test_webhooks_are_signed_like_twilios():
    heard = []

    def gateway(url, form, headers):
        request = WebhookRequest(url.removeprefix(BASE), headers, list(form.items()))
        heard.append(SIMULATOR.parse_message(SIMULATOR.verify(request)))
        return 200, SIMULATOR.render_message("धन्यवाद <3")

    answers = Phone(BASE, ACCOUNT_SID, SIMULATOR.auth_token, "+9779720000001", post=gateway).text("दाबी")
    assert answers == ["धन्यवाद <3"]
    assert (heard[0].provider, heard[0].sender, heard[0].input.text) == ("simulator", "+9779720000001", "दाबी")


def test_a_call_begins_like_twilios():
    form = {"AccountSid": ACCOUNT_SID, "CallSid": f"CA{11:032x}", "From": "", "To": "+9779720000001", "Direction": "outbound-api"}
    inbound = SIMULATOR.parse_call(form, 0)
    assert (inbound.sender, inbound.input) == ("+9779720000001", CallAnswered())
