"""The gate of the webhooks: what is not the provider's changes nothing, whatever route it tries."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from calls.conftest import ACCOUNT, BASE_URL, TOKEN, Installation
from twilio.request_validator import RequestValidator

FORM = {
    "AccountSid": ACCOUNT,
    "CallSid": "CA" + "1" * 32,
    "MessageSid": "SM" + "1" * 32,
    "From": "+9779720000001",
    "To": "+97714000000",
    "Body": "dabi",
    "CallStatus": "in-progress",
    "MessageStatus": "sent",
}
COUNTED = ("receipts", "messages", "flow_sessions", "calls", "callbacks")


def routes(here: Installation) -> list[str]:
    rules = here.client.application.url_map.iter_rules()
    return sorted(str(rule).replace("<int:step>", "1").replace("<int:delivery_id>", "1") for rule in rules if "/twilio" in str(rule))


def signature(path: str, form: dict[str, str], token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(f"{BASE_URL}{path}", form)


def changes(here: Installation) -> list[object]:
    return [here.rows(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED]  # noqa: S608  # names from above


def test_every_route_refuses_what_is_not_signed_for_this_account(on_sqlite: Installation) -> None:
    before = changes(on_sqlite)
    assert len(routes(on_sqlite)) == 9
    for path in routes(on_sqlite):
        post = lambda headers, path=path, form=FORM: on_sqlite.client.post(path, base_url=BASE_URL, data=form, headers=headers)  # noqa: E731
        assert post({}).status_code == 403, path
        assert post({"X-Twilio-Signature": ""}).status_code == 403, path
        assert post({"X-Twilio-Signature": "AAAA"}).status_code == 403, path
        assert post({"X-Twilio-Signature": signature(path, FORM, "another token")}).status_code == 403, path
        foreign = {**FORM, "AccountSid": "AC" + "f" * 32}
        assert post({"X-Twilio-Signature": signature(path, foreign)}, form=foreign).status_code == 403, path
        for method in ("GET", "HEAD", "PUT", "OPTIONS"):
            refused = on_sqlite.client.open(path, method=method, base_url=BASE_URL)
            assert refused.status_code == 405, (path, method)
            assert refused.headers["Allow"] == "POST"
    assert changes(on_sqlite) == before


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"Body=hi", 415),
        ({}, b"Body=hi", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Body=" + b"a" * 70_000, 413),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Body=hi&Body=ho", 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Body=\xff", 403),
    ],
)
def test_what_is_no_form_is_refused_by_its_kind(on_sqlite: Installation, headers: dict[str, str], body: bytes, status: int) -> None:
    response = on_sqlite.client.post("/twilio/sms", base_url=BASE_URL, data=body, headers=headers)
    assert response.status_code == status
    assert response.data == b"" or status == 413


def test_a_form_without_a_length_is_refused(on_sqlite: Installation) -> None:
    environ = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    response = on_sqlite.client.post("/twilio/sms", base_url=BASE_URL, environ_overrides=environ)
    assert response.status_code in {403, 411}


def test_a_repeated_field_is_refused_although_it_is_signed(on_sqlite: Installation) -> None:
    signed = signature("/twilio/sms", FORM)
    body = urlencode([*FORM.items(), ("Body", "dabi")])
    response = on_sqlite.client.post(
        "/twilio/sms",
        base_url=BASE_URL,
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed},
    )
    assert response.status_code in {400, 403}


def test_another_host_is_refused(on_sqlite: Installation) -> None:
    headers = {"X-Twilio-Signature": signature("/twilio/sms", FORM)}
    assert on_sqlite.client.post("/twilio/sms", base_url="https://evil.example", data=FORM, headers=headers).status_code == 400
    assert on_sqlite.client.post("/twilio/sms", base_url="http://127.0.0.1:8000", data=FORM, headers=headers).status_code == 200


def test_a_host_in_capitals_is_the_same_host(on_sqlite: Installation) -> None:
    headers = {"X-Twilio-Signature": signature("/twilio/sms", FORM), "Host": "GATEWAY.Example"}
    assert on_sqlite.client.post("/twilio/sms", base_url=BASE_URL, data=FORM, headers=headers).status_code == 200


def test_bytes_that_are_no_text_are_refused_although_somebody_signed_them(on_sqlite: Installation) -> None:
    headers = {"X-Twilio-Signature": signature("/twilio/sms", {"Body": "\ufffd", "AccountSid": ACCOUNT})}
    response = on_sqlite.client.post(
        "/twilio/sms",
        base_url=BASE_URL,
        data=b"Body=\xff&AccountSid=" + ACCOUNT.encode(),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )
    assert response.status_code == 403


def test_a_query_is_read_raw(on_sqlite: Installation) -> None:
    path = "/twilio/sms?a=%C3%A9%2F&b="
    response = on_sqlite.client.post(path, base_url=BASE_URL, data=FORM, headers={"X-Twilio-Signature": signature(path, FORM)})
    assert response.status_code == 200


def test_a_message_without_an_id_is_malformed(on_sqlite: Installation) -> None:
    form = {**FORM, "MessageSid": "x"}
    response = on_sqlite.client.post(
        "/twilio/sms", base_url=BASE_URL, data=form, headers={"X-Twilio-Signature": signature("/twilio/sms", form)}
    )
    assert response.status_code == 400


def test_clips_are_served_and_nothing_else(on_sqlite: Installation) -> None:
    fetch = lambda path: on_sqlite.client.get(path, base_url=BASE_URL)  # noqa: E731
    clip = fetch("/audio/ne/number/5.wav")
    assert clip.status_code == 200
    assert clip.headers["Content-Type"] == "audio/wav"
    assert clip.data[:4] == b"RIFF"
    for path in ("/audio/../pyproject.toml", "/audio/ne/manifest.json", "/audio/%2e%2e/%2e%2e/etc/passwd.wav", "/audio/ne/nothing.wav"):
        assert fetch(path).status_code == 404, path


def test_health_tells_what_is_down_without_secrets(on_sqlite: Installation) -> None:
    response = on_sqlite.client.get("/health", base_url=BASE_URL)
    assert response.get_json() == {"status": "ok", "database": "up", "queue": "up", "flows": "current"}
