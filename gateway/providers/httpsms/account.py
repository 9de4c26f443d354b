"""An account at httpSMS as channels.yaml describes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.providers.addresses import ApiAddress
from gateway.providers.httpsms import HttpSms


class Account(BaseModel):
    """What channels.yaml says of an account at httpSMS. The signing key is ours to choose, 32 characters at least (RFC 7518, 3.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: SecretStr
    signing_key: Annotated[SecretStr, Field(min_length=32)]
    api_url: ApiAddress = "https://api.httpsms.com"


def build(name: str, account: Account, public_base_url: str) -> HttpSms:
    """The provider of this account."""
    return HttpSms(
        name=name,
        api_url=account.api_url,
        api_key=account.api_key.get_secret_value(),
        signing_key=account.signing_key.get_secret_value(),
        public_base_url=public_base_url,
    )
