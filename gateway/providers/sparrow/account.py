"""An account at Sparrow SMS as channels.yaml describes it."""

from __future__ import annotations

from pydantic import SecretStr

from gateway.channels import Entry
from gateway.providers.described.account import Inbound, Url


class Account(Entry):
    """`inbound` where we have a short code or a keyword at one."""

    token: SecretStr
    api_base_url: Url = "https://api.sparrowsms.com"
    inbound: Inbound | None = None
