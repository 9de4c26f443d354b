"""A console of an installation with a channels.yaml: a short code, a SIM in a drawer and a landline, each at a fake of its provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fakes.aggregators import TOKEN, FakeSparrow
from fakes.android import FakeSmsGate
from fakes.console import Console
from fakes.twilio import FakeTwilio

from gateway import bootstrap, config
from gateway.services import installation, sample
from gateway.store import organisations

FILE = """
providers:
  sparrow: {{kind: sparrow, token: "{token}", api_base_url: "{sparrow}", inbound: {{path: "{path}", addresses: [127.0.0.1]}}}}
  drawer: {{kind: smsgate, username: sms, password: "drawer-password", signing_key: "signing-key-of-the-app", api_url: "{drawer}"}}
  somleng: {{kind: twilio, account_sid: "{sid}", auth_token: "{secret}", api_base_url: "{somleng}"}}
channels:
  short: {{provider: sparrow, number: "31001", carries: [sms], messages_per_second: 10, segment_price: 140}}
  sim: {{provider: drawer, number: "+9779841234567", carries: [sms], messages_per_day: {a_day}, segment_price: 100, missed_calls: true}}
  landline: {{provider: somleng, number: "+97714000000", carries: [voice], calls_per_second: 2, minute_price: 180}}
  theirs: {{provider: somleng, number: "+97714999999", organisation: others}}
routes:
{routes}
"""
SIM = "+9779841234567"
ROUTES = """\
  - {medium: sms, purpose: notice, channels: [sim]}
  - {medium: sms, channels: [sim, short]}
  - {medium: voice, channels: [landline]}
"""


@dataclass
class Numbers(Console):
    """The console, and the providers behind it."""

    sparrow: FakeSparrow = field(kw_only=True)
    drawer: FakeSmsGate = field(kw_only=True)
    somleng: FakeTwilio = field(kw_only=True)


@contextmanager
def numbers(environ: dict[str, str], now: datetime, *, routes: str = ROUTES, a_day: int = 200) -> Iterator[Numbers]:
    """The console of these variables with the sample members."""
    with FakeSparrow() as sparrow, FakeSmsGate() as drawer, FakeTwilio() as somleng:
        said = {"sparrow": sparrow.url, "drawer": drawer.api_url, "somleng": somleng.url, "token": TOKEN}
        said |= {"sid": somleng.account_sid, "secret": somleng.auth_token, "path": "a-path-that-nobody-guesses-0123"}
        file = Path(environ["GATEWAY_DATA_DIR"]) / "channels.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILE.format(**said, routes=routes, a_day=a_day), encoding="utf-8")
        gateway = bootstrap.build(config.load(environ), environ=environ, clock=lambda: now)
        with gateway.database.write() as db:
            organisations.ensure(db, "others", "Others")
        installation.prepare(gateway)
        sample.load(gateway)
        yield Numbers(gateway, sparrow=sparrow, drawer=drawer, somleng=somleng)
        gateway.database.close()
