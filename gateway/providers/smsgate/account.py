"""A phone with SMS Gate as channels.yaml describes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.providers.addresses import ApiAddress
from gateway.providers.smsgate import SmsGate


class Account(BaseModel):
    """What channels.yaml says of a phone with SMS Gate. `ttl_hours`: what the phone could not send for so long is given up."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    username: Annotated[str, Field(min_length=1)]
    password: SecretStr
    signing_key: Annotated[SecretStr, Field(min_length=8)]
    api_url: ApiAddress = "https://api.sms-gate.app/3rdparty/v1"
    sim: Annotated[int, Field(ge=1, le=3)] | None = None
    device_id: Annotated[str, Field(min_length=1, max_length=36)] | None = None
    ttl_hours: Annotated[int, Field(ge=1, le=72)] = 24


def build(name: str, account: Account, public_base_url: str) -> SmsGate:  # noqa: ARG001  # the app is told our address by hand
    """The provider of this account."""
    return SmsGate(
        name=name,
        api_url=account.api_url,
        username=account.username,
        password=account.password.get_secret_value(),
        signing_key=account.signing_key.get_secret_value(),
        sim=account.sim,
        device_id=account.device_id,
        hours=account.ttl_hours,
    )
