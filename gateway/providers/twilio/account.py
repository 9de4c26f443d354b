"""An account at Twilio as channels.yaml describes it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr

from gateway.providers.addresses import ApiAddress


class Account(BaseModel):
    """What channels.yaml says of an account at Twilio, or at a server that speaks its language."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account_sid: str
    auth_token: SecretStr
    api_base_url: ApiAddress = "https://api.twilio.com"
    detect_machines: bool = False
