"""Addresses of APIs as channels.yaml may name them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from gateway.core.addresses import api_address

ApiAddress = Annotated[str, AfterValidator(api_address)]
