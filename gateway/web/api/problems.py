"""How the API says no: one shape for every fault, `{code, message, where, retryable}`, with a status that follows from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import GatewayError
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = 2  # seconds, where nothing better is known

STATUS_OF_CODE = {
    "request:unauthorised": 401,
    "request:malformed": 400,
    "request:no-key": 400,
    "request:method": 405,
    "request:in-progress": 409,
    "request:done": 409,
    "request:conflict": 409,
    "request:no-length": 411,
    "request:too-large": 413,
    "request:not-json": 415,
    "request:too-many": 429,
    "request:failed": 500,
    "database:not-migrated": 503,
    "database:unavailable": 503,
    "access:no-organisation": 404,
    "sending:no-rest-day": 404,
}
STATUS_OF_KIND = {"unknown": 404, "denied": 403, "changed": 409, "already": 409}

log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="`area:kind`, the same for ever", examples=["member:unknown"])
    message: str = Field(description="a sentence for a person")
    where: str = Field(description="the field at fault, `body.amount`; empty where it is not one field")
    retryable: bool = Field(description="whether the same request may succeed later")

    @classmethod
    def of(cls, fault: GatewayError) -> Problem:
        """A fault as it is answered."""
        return cls(code=fault.code, message=fault.sentence, where=fault.where, retryable=fault.retryable)


def status_of(code: str) -> int:
    """The status that goes with a fault.

    >>> status_of("claim:unknown"), status_of("contribution:already"), status_of("member:pin")
    (404, 409, 422)
    """
    return STATUS_OF_CODE.get(code) or STATUS_OF_KIND.get(code.partition(":")[2], 422)


def refusal(fault: GatewayError) -> Response:
    """The answer to a request that met this fault."""
    status = status_of(fault.code)
    response = Response(Problem.of(fault).model_dump_json(), status, content_type=CONTENT_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="aawaj"'
    if fault.retryable:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def named(error: Exception, reference: str) -> GatewayError:
    """Any error as a fault with a name. What nobody foresaw goes into the log under the reference, and no further."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, Conflict):
        return GatewayError("request:conflict")
    log.error("api_failed", reference=reference, exc_info=error)
    return GatewayError("request:failed", reference=reference)


def of_http(error: HTTPException, method: str) -> GatewayError:
    """What Flask or Werkzeug refuses before any view is asked."""
    if error.code == 405:
        return GatewayError("request:method", method=method)
    if error.code == 413:
        return GatewayError("request:too-large", most="64 KiB")
    if error.code == 404:
        return GatewayError("request:unknown")
    return GatewayError("request:malformed", fault="The request cannot be read.")


def of_field(error: ValidationError, part: str) -> GatewayError:
    """The first field of the `body` or the `query` that is not as it must be.

    Pydantic's sentence names what is wanted and never what was sent.
    """
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if fault["type"] == "json_invalid":
        return GatewayError("request:malformed", fault="The body is not JSON.", where=part)
    where = ".".join((part, *(str(name)[:40] for name in fault["loc"])))
    return GatewayError("request:invalid", fault=f"{fault['msg']}.", where=where)
