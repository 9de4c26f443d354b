"""What every request of the API goes through: a token, its permission, a whole body of the right kind, a view, and one shape of answer."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from flask import Response, request
from pydantic import BaseModel, ValidationError

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import idempotency, tokens
from gateway.services.idempotency import Answer
from gateway.web.api.problems import named, of_field, refusal
from gateway.web.api.routes import Call
from gateway.web.api.shapes import CHUNK, File

if TYPE_CHECKING:
    from gateway.core.jobs import Job
    from gateway.services.context import Gateway
    from gateway.services.tokens import Visit
    from gateway.web.api.routes import Route
    from gateway.web.api.shapes import Upload

JSON = "application/json"
LARGEST_BODY = 64 * 1024
IDS = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEYS = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Door:
    """The one way to a route: in Flask it is the route's view."""

    gateway: Gateway
    route: Route

    def __call__(self, **ids: str) -> Response:
        """Answer a request; whatever goes wrong is answered in the one shape."""
        try:
            return self._answer(ids)
        except Exception as error:  # noqa: BLE001  # nothing may come out as a traceback
            return refusal(named(error, self.gateway.new_id()))

    def _answer(self, ids: dict[str, str]) -> Response:
        visit = self._visit()
        call = Call(self.gateway, visit.actor)
        if isinstance(self.route.permission, Permission):
            visit.actor.require(self.route.permission)
        for part in ids.values():
            if not IDS.fullmatch(part):
                raise GatewayError("request:unknown")
        given: dict[str, Any] = dict(ids)
        if self.route.query:
            given["query"] = _query(self.route.query)
        elif request.args:
            raise GatewayError("request:invalid", fault="Nothing is asked behind the `?` here.", where="query")
        if self.route.upload:
            return self._of_upload(self.route.upload, call, given)
        body = _body()
        if self.route.once:
            return self._once(visit, call, body, given)
        return self._rendered(self.route.view(call, **given, **self._read(body)))

    def _of_upload(self, wanted: type[Upload], call: Call, given: dict[str, Any]) -> Response:
        file = _uploaded(wanted)
        try:
            response = self._rendered(self.route.view(call, upload=wanted(f"/dev/fd/{file.fileno()}"), **given))
        except BaseException:
            file.close()
            raise
        response.call_on_close(file.close)
        return response

    def _visit(self) -> Visit:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        visit = tokens.visit(self.gateway, secret.strip()) if scheme.lower() == "bearer" else None
        if visit is None:
            raise GatewayError("request:unauthorised")
        wait = tokens.seconds_to_wait(self.gateway, visit.token_id)
        if wait:
            raise GatewayError("request:too-many", seconds=wait)
        return visit

    def _read(self, body: bytes) -> dict[str, BaseModel]:
        if self.route.body is None:
            if body:
                raise GatewayError("request:not-json", wanted="empty")
            return {}
        if request.mimetype != JSON:
            raise GatewayError("request:not-json", wanted=f"{JSON}, and Content-Type must say so")
        try:
            read = self.route.body.model_validate_json(body)
        except ValidationError as error:
            raise of_field(error, "body") from None
        json.loads(body, object_pairs_hook=_each_once)  # pydantic would silently take the last of two
        return {"body": read}

    def _once(self, visit: Visit, call: Call, body: bytes, given: dict[str, Any]) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not KEYS.fullmatch(key):
            raise GatewayError("request:no-key", where="Idempotency-Key")
        read = self._read(body)
        jobs: list[Job] = []  # what the view would ring for, before anything is committed
        inside = call._replace(gateway=replace(self.gateway, enqueue=jobs.extend))

        def perform() -> Answer:
            result = self.route.view(inside, **given, **read)
            return Answer(self.route.status, result.model_dump_json() if result is not None else "")

        asked = "\0".join((request.method, request.path, request.query_string.decode("latin-1"))).encode() + b"\0" + body
        answer = idempotency.once(self.gateway, (visit.token_id, key), asked, perform)
        self.gateway.enqueue(jobs)
        response = Response(answer.body, answer.status, content_type=JSON)
        if answer.repeated:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    def _rendered(self, result: BaseModel | File | None) -> Response:
        if result is None:
            return Response(status=204)
        if isinstance(result, File):
            response = Response(result.chunks, content_type=result.content_type)
            if result.close:
                response.call_on_close(result.close)
            if result.name:
                response.headers.set("Content-Disposition", "attachment", filename=result.name)
            return response
        return Response(result.model_dump_json(), self.route.status, content_type=JSON)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; GatewayError where it names a field twice, so that nobody can tell which is meant."""
    named = dict(pairs)
    if len(named) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise GatewayError("request:malformed", fault="The body names a field twice.", where=f"body.{twice[:40]}")
    return named


def _query(model: type[BaseModel]) -> BaseModel:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise GatewayError("request:malformed", fault="The query names a field twice.", where=name[:40])
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise of_field(error, "query") from None


def _length(most: int) -> int:
    if "Transfer-Encoding" in request.headers:
        raise GatewayError("request:no-length")
    length = request.content_length
    if length is None:
        if request.method in {"POST", "PUT", "PATCH"} and request.mimetype:
            raise GatewayError("request:no-length")
        return 0
    if length > most:
        raise GatewayError("request:too-large", most=most)
    return length


def _body() -> bytes:
    length = _length(LARGEST_BODY)
    body = request.get_data(cache=False) if length else b""
    if len(body) != length:
        raise GatewayError("request:malformed", fault="The body is shorter than its Content-Length.")
    return body


def _uploaded(wanted: type[Upload]) -> IO[bytes]:
    """The body as a file that has no name: nothing of it is left behind, whatever ends the process. Linux opens it as `/dev/fd/N`."""
    request.max_content_length = wanted.most
    length = _length(wanted.most)
    if request.mimetype != wanted.content_type:
        raise GatewayError("request:not-json", wanted=f"the file itself, as {wanted.content_type}")
    file = tempfile.TemporaryFile(prefix="aawaj-")  # noqa: SIM115  # it lives as long as the answer
    while chunk := request.stream.read(CHUNK):
        file.write(chunk)
    file.flush()
    if file.tell() != length:
        file.close()
        raise GatewayError("request:malformed", fault="The body is shorter than its Content-Length.")
    return file
