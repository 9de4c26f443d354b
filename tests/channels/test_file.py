"""channels.yaml: read whole, every fault with its place, secrets only from the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.outbound import MAIN
from sqlalchemy import text

from gateway import bootstrap, channels, config
from gateway.errors import GatewayError
from gateway.services import installation, organisations, send, trying_channels
from gateway.services.context import Gateway
from gateway.services.trying_channels import Trial
from gateway.store import channels as rows
from gateway.web.app import create_app

WHOLE = """
providers:
  twilio: {kind: twilio, account_sid: "${TWILIO_SID}", auth_token: "${TWILIO_TOKEN}"}
  somleng: {kind: twilio, account_sid: "${SOMLENG_SID}", auth_token: "${SOMLENG_TOKEN}", api_base_url: "https://somleng.example/"}
channels:
  landline: {provider: somleng, number: "+97714000000", carries: [voice], calls_per_second: 2, minute_price: 180}
  abroad: {provider: twilio, number: "+15005550006", language: en}
routes:
  - {medium: voice, country: "+977", channels: [landline, abroad]}
  - {medium: sms, channels: [abroad]}
"""
SECRETS = {"TWILIO_SID": "AC" + "1" * 32, "TWILIO_TOKEN": "token-one", "SOMLENG_SID": "AC" + "2" * 32, "SOMLENG_TOKEN": "token-two"}


def faults(call: Callable[[], object]) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        call()
    return [str(each) for each in caught.value.exceptions]


def test_two_accounts_of_one_kind_have_their_numbers_secrets_and_webhooks_apart(gateway_of: Callable[..., Gateway]):
    gateway = gateway_of(WHOLE, SECRETS)
    installation.prepare(gateway)
    with gateway.database.read() as db:
        ours = {channel.id: channel for channel in rows.of_organisation(db, "main")}
    assert (ours["landline"].provider, ours["landline"].address, ours["landline"].minute_price) == ("somleng", "+97714000000", 180)
    assert (ours["abroad"].provider, ours["abroad"].language) == ("twilio", "en")
    client = create_app(gateway).test_client()
    answers = {
        path: client.post(path, data={"From": "+1"}, base_url="https://gateway.example").status_code
        for path in ("/somleng/voice", "/twilio/sms")
    }
    assert answers == {"/somleng/voice": 403, "/twilio/sms": 403}  # there, and refused without a signature
    assert "token-two" not in repr(gateway.providers)


def test_every_fault_is_named_with_its_place_and_the_nearest_name(tmp_path: Path):
    file = tmp_path / "channels.yaml"
    text = WHOLE.replace("provider: somleng, number", "provider: somlen, number").replace("[landline, abroad]", "[landlin, abroad]")
    file.write_text(
        text.replace("language: en", "pace: 3").replace("medium: sms", "medium: fax").replace('country: "+977"', "operator: nct"),
        encoding="utf-8",
    )
    assert faults(lambda: channels.load(file)) == [
        "channels.yaml:7:60: channels.abroad.pace: there is no such key here. [channels:invalid]",
        "channels.yaml:10:14: routes.2.medium: input should be 'sms' or 'voice'. [channels:invalid]",
        "channels.yaml:6:24: channels.landline.provider: there is no provider 'somlen'. Did you mean 'somleng'? [channels:unknown]",
        "channels.yaml:9:31: routes.1.operator: there is no operator 'nct'. Did you mean 'ntc'? [channels:unknown]",
        "channels.yaml:9:47: routes.1.channels.1: there is no channel 'landlin'. Did you mean 'landline'? [channels:unknown]",
    ]


def test_missed_calls_need_a_channel_that_calls(tmp_path: Path):
    file = tmp_path / "channels.yaml"
    sim = '  landline: {provider: somleng, number: "+97714000000", carries: [sms], missed_calls: true, calls_back: {per_day: 20}}'
    file.write_text(WHOLE.partition("channels:")[0] + f"channels:\n{sim}\n", encoding="utf-8")
    said = "no channel carries voice, over which who rings could be called back"
    assert faults(lambda: channels.load(file)) == [
        f"channels.yaml:6:87: channels.landline.missed_calls: {said}. [channels:invalid]",
    ]
    file.write_text(file.read_text(encoding="utf-8").replace("[sms]", "[sms, voice]"), encoding="utf-8")
    assert channels.load(file).channels["landline"].calls_back.caps.per_day == 20


def test_a_secret_that_is_not_set_is_named_and_never_shown(gateway_of: Callable[..., Gateway]):
    said = faults(lambda: gateway_of(WHOLE, {**SECRETS, "SOMLENG_TOKEN": ""}))
    sentence = "the variable SOMLENG_TOKEN is not set in the environment. Set it, or name another. [channels:unset]"
    assert said == [f"channels.yaml:4:70: providers.somleng.auth_token: {sentence}"]


def test_a_kind_that_does_not_exist_is_named_with_the_nearest(gateway_of: Callable[..., Gateway]):
    assert faults(lambda: gateway_of(WHOLE.replace("somleng: {kind: twilio", "somleng: {kind: twillio"), SECRETS)) == [
        "channels.yaml:4:12: providers.somleng: there is no kind 'twillio'. Did you mean 'twilio'? [channels:unknown]"
    ]


def test_faults_of_the_file_and_of_its_providers_are_named_in_one_run(tmp_path: Path):
    file = tmp_path / "channels.yaml"
    file.write_text(WHOLE.replace("language: en", "pace: 3").replace('auth_token: "${SOMLENG_TOKEN}", ', ""), encoding="utf-8")
    assert faults(lambda: bootstrap.check_channels(file, None)) == [
        "channels.yaml:7:60: channels.abroad.pace: there is no such key here. [channels:invalid]",
        "channels.yaml:4:12: providers.somleng.auth_token: it is missing. [channels:invalid]",
    ]


def test_a_number_stands_in_the_file_once(tmp_path: Path):
    file = tmp_path / "channels.yaml"
    file.write_text(WHOLE.replace("routes:", '  again: {provider: twilio, number: "+15005550006"}\nroutes:'), encoding="utf-8")
    assert faults(lambda: channels.load(file)) == [
        "channels.yaml:8:37: channels.again.number: this is the number of abroad already. [channels:invalid]"
    ]


ALONE = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN": "token-one", "GATEWAY_NUMBER": "+15005550006"}


def prepared(gateway: Gateway) -> list[tuple[str, str]]:
    installation.prepare(gateway)
    with gateway.database.read() as db:
        return [(channel.id, channel.address) for channel in rows.every(db)]


def use(gateway: Gateway, channel_id: str) -> None:
    with gateway.database.write() as db:
        price = "INSERT INTO prices (channel_id, medium, operator, from_day, paisa, source) VALUES (:id, 'sms', '', '2026-01-01', 1, 'x')"
        db.execute(text(price), {"id": channel_id})


@pytest.fixture
def alone(gateway_of: Callable[..., Gateway], redis_url: str, tmp_path: Path) -> Gateway:
    """An installation that has run without a channels.yaml."""
    gateway_of(WHOLE, SECRETS)
    (tmp_path / "channels.yaml").unlink()
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": "https://gateway.example",
        "DATABASE_URL": f"sqlite:///{tmp_path}/gateway.sqlite3",
        "REDIS_URL": redis_url,
        "GATEWAY_DATA_DIR": str(tmp_path),
    }
    gateway = bootstrap.build(config.load(environ | ALONE))
    installation.prepare(gateway)
    return gateway


def test_what_has_the_wrong_shape_is_told_how_to_write_it(tmp_path: Path):
    file = tmp_path / "channels.yaml"
    text = WHOLE.replace("+97714000000", "+977 1").replace('country: "+977"', 'country: "977"').replace("second: 2", "second: fast")
    file.write_text(text.replace("language: en", "calls_back: {countries: [Nepal]}"), encoding="utf-8")
    assert [each.partition(": ")[2].removesuffix(" [channels:invalid]") for each in faults(lambda: channels.load(file))] == [
        f"channels.landline.number: {channels.SHAPES[channels.NUMBER]}.",
        "channels.landline.calls_per_second: this must be a number.",
        "channels.abroad.calls_back.countries.1: write a country as two capital letters, such as NP.",
        "routes.1.country: write the code with which its numbers begin, such as +977.",
    ]


def test_a_provider_of_texts_alone_carries_no_calls(gateway_of: Callable[..., Gateway]):
    text = WHOLE.replace('kind: twilio, account_sid: "${TWILIO_SID}", auth_token: "${TWILIO_TOKEN}"', "kind: sparrow, token: any")
    told = "the kind sparrow has no calls; write `carries: [sms]`. [channels:invalid]"
    assert faults(lambda: gateway_of(text, SECRETS)) == [f"channels.yaml:7:11: channels.abroad: {told}"]
    assert faults(lambda: gateway_of(text.replace("language: en", "carries: [voice]"), SECRETS)) == [
        "channels.yaml:10:30: routes.2.channels.1: abroad does not carry sms. [channels:invalid]",
        f"channels.yaml:7:63: channels.abroad.carries: {told}",
    ]


def test_a_number_that_was_used_keeps_its_name_when_the_file_comes(alone: Gateway, gateway_of: Callable[..., Gateway]):
    use(alone, "main")
    told = "this number is the channel main already, which has been used; call it so"
    assert faults(lambda: installation.prepare(gateway_of(WHOLE, SECRETS))) == [
        f"channels.yaml:7:38: channels.abroad.number: {told}. [channels:invalid]"
    ]
    assert prepared(gateway_of(WHOLE.replace("abroad", "main"), SECRETS)) == [("landline", "+97714000000"), ("main", "+15005550006")]


def test_a_number_that_was_used_keeps_its_name_under_another_name_of_its_account(alone: Gateway, gateway_of: Callable[..., Gateway]):
    use(alone, "main")
    renamed = WHOLE.replace("  twilio: {", "  abroads: {").replace("provider: twilio", "provider: abroads")
    told = "this number is the channel main already, which has been used; call it so"
    assert faults(lambda: installation.prepare(gateway_of(renamed, SECRETS))) == [
        f"channels.yaml:7:39: channels.abroad.number: {told}. [channels:invalid]"
    ]
    assert prepared(gateway_of(renamed.replace("abroad:", "main:").replace("abroad]", "main]"), SECRETS)) == [
        ("landline", "+97714000000"),
        ("main", "+15005550006"),
    ]


def test_a_number_that_was_never_used_is_taken_over(alone: Gateway, gateway_of: Callable[..., Gateway]):
    assert prepared(alone) == [("main", "+15005550006")]
    assert prepared(gateway_of(WHOLE, SECRETS)) == [("abroad", "+15005550006"), ("landline", "+97714000000")]


def test_two_channels_can_change_their_numbers(gateway_of: Callable[..., Gateway]):
    text = WHOLE.replace("provider: twilio, number", "provider: somleng, number")
    gateway = gateway_of(text, SECRETS)
    installation.prepare(gateway)
    use(gateway, "abroad")
    turned = text.replace("+97714000000", "N").replace("+15005550006", "+97714000000").replace("N", "+15005550006")
    assert prepared(gateway_of(turned, SECRETS)) == [("abroad", "+97714000000"), ("landline", "+15005550006")]


def test_a_channel_that_was_used_stays_with_its_organisation(gateway_of: Callable[..., Gateway]):
    gateway = gateway_of(WHOLE, SECRETS)
    installation.prepare(gateway)
    organisations.add(gateway, "union", "A union")
    moved = WHOLE.replace("language: en", "organisation: union")
    use(gateway, "abroad")
    told = "abroad is a channel of the organisation 'main', which has used it, and must stay so"
    assert faults(lambda: installation.prepare(gateway_of(moved, SECRETS))) == [
        f"channels.yaml:7:68: channels.abroad.organisation: {told}. [channels:invalid]"
    ]
    unknown = WHOLE.replace("language: en", "organisation: nion")
    told = "there is no organisation 'nion'; `gateway organisations add` adds one"
    assert faults(lambda: installation.prepare(gateway_of(unknown, SECRETS))) == [
        f"channels.yaml:7:68: channels.abroad.organisation: {told}. [channels:invalid]"
    ]


def test_a_file_that_goes_again_leaves_the_number_of_another_channel_alone(gateway_of: Callable[..., Gateway], alone: Gateway):
    installation.prepare(gateway_of(WHOLE, SECRETS))
    remedy = "It is the number of the channel 'abroad', of an organisation or of an earlier channels.yaml. Set another one."
    assert faults(lambda: installation.prepare(alone)) == [f"GATEWAY_NUMBER is '+15005550006'. {remedy} [config:invalid]"]


def test_a_channel_that_was_not_written_down_yet_is_told_in_one_sentence(gateway_of: Callable[..., Gateway]):
    installation.prepare(gateway_of(WHOLE, SECRETS))
    more = gateway_of(WHOLE.replace("routes:", '  more: {provider: twilio, number: "+15005550009"}\nroutes:'), SECRETS)
    trial = Trial("more", "+9779841234567", "sms", by_night=True)
    for attempt in (lambda: send.send_reply(more, 1), lambda: trying_channels.send(more, MAIN, trial)):
        with pytest.raises(GatewayError, match="the channel 'more', which the database does not know yet"):
            attempt()


def test_an_organisation_gets_its_number_in_the_file_where_there_is_one(gateway_of: Callable[..., Gateway]):
    gateway = gateway_of(WHOLE, SECRETS)
    installation.prepare(gateway)
    with pytest.raises(GatewayError, match="channel:in-the-file"):
        organisations.add(gateway, "union", "A union", number="+97714000009")
