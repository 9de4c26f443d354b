"""The console for tests: an installation with everything in it, signed-in clients, and a real Chromium on a real server."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fakes import api_requests
from fakes.api_world import World, populate
from fakes.sounds import words
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from gateway.audio import wav
from gateway.core.roles import ROLES
from gateway.services import sign_in, studio, uploads
from gateway.services.access import Actor
from gateway.services.context import Gateway
from gateway.store import takes, users
from gateway.store.models import recordings, tasks
from gateway.store.models import visits as visit_rows
from gateway.web.app import create_app, create_console
from gateway.web.console.frame import LANGUAGE, SECRET

BASE = "http://127.0.0.1"
# Where a part of an address comes from: what of a world it is the id of, or what is the same everywhere.
PARTS = {**api_requests.PARTS, "visit_id": "visit", "upload_id": "upload", "take_id": "take", "session_id": "talk"}
CLIP = "goodbye/say_goodbye-1"
CODES = {
    **api_requests.CODES,
    "flow": "claim_status",
    "scheme": "savings",
    "code": "savings",
    "clip": CLIP,
    "place": "3-25-04",
    "form": "csv",
    "name": "members-by-trade",
    "step": "chapter_1",
}
ELSEWHERE = {"/surveys/": {"flow": "needs"}, "/lessons/": {"name": "posture"}}  # the same part, of another noun
# Without the one there is no page; without the other it has all prompts.
QUERIES = {"/contributions/new": "?member=<member_id>", "/prompts/script": "?flow=<flow>"}
IN_STATE = {**api_requests.IN_STATE, "plan": "draft", "change": "draft"}  # of broadcasts; others can do this with any of theirs
EVERYBODYS = {"take_id"}  # clips are the whole installation's, and its own organisation decides about all recordings of them
PART = re.compile(r"<(?:\w+:)?(\w+)>")


def address(path: str, world: World) -> str:
    """The address of a route about records of this world. KeyError: say in `PARTS` or `CODES` what its part is."""
    codes = CODES | next((own for start, own in ELSEWHERE.items() if path.startswith(start)), {})
    kinds = PARTS | {"broadcast_id": IN_STATE.get(path.rpartition("/")[2], PARTS["broadcast_id"])}
    whole = path + QUERIES.get(path, "")
    return PART.sub(lambda part: codes[part[1]] if part[1] in codes else world.ids[f"{kinds[part[1]]}.own"], whole)


def has_id(path: str) -> bool:
    """Whether a route is about one record of an organisation."""
    return any(part in PARTS and part not in CODES and part not in EVERYBODYS for part in PART.findall(path))


@dataclass
class Console:
    """The pages of an installation. `as_` gives a client that is signed in; each role has a user `ROLE-ORGANISATION`."""

    gateway: Gateway
    app: Any = None
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = create_console(self.gateway)

    def user(self, role: str, organisation_id: str = "main") -> str:
        """The id of a user with this role, who is there from now on."""
        user_id = f"{role}-{organisation_id}"
        with self.gateway.database.write() as db:
            if users.get(db, self.gateway.seal, organisation_id, user_id) is None:
                users.add(db, self.gateway.seal, users.NewUser(user_id, organisation_id, f"दिदी {role}", role), self.gateway.clock())
        return user_id

    def secret(self, role: str, organisation_id: str = "main") -> str:
        user_id = self.user(role, organisation_id)
        if user_id not in self.secrets:
            self.secrets[user_id] = sign_in.begin(self.gateway, user_id, proved=True)
        return self.secrets[user_id]

    def as_(self, role: str, language: str = "en", organisation_id: str = "main") -> Client:
        """A client that is signed in as somebody of this role."""
        client = Client(self.app.test_client())
        with client.flask.session_transaction(base_url=self.base) as kept:
            kept[SECRET], kept[LANGUAGE] = self.secret(role, organisation_id), language
        return client

    @property
    def base(self) -> str:
        return self.gateway.settings.public_base_url

    def cookie(self, role: str, language: str = "en", organisation_id: str = "main") -> dict[str, str]:
        """The cookie of somebody who is signed in, for a real browser."""
        return self.cookie_of(self.secret(role, organisation_id), language)

    def cookie_of(self, secret: str, language: str) -> dict[str, str]:
        """The cookie of a visit with this secret."""
        kept = {SECRET: secret, LANGUAGE: language}
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        return {"name": self.app.config["SESSION_COOKIE_NAME"], "value": serializer.dumps(kept), "url": self.base}


def one_of_everything(console: Console, organisation_id: str, mark: str, prefix: str) -> World:
    """A world in which there is something on every page: a file handed in, a recording of a prompt, a call, a name to write down."""
    gateway, world = console.gateway, populate(console.gateway, organisation_id, mark, prefix)
    for role in ROLES:
        console.secret(role, organisation_id)
    admin = Actor(organisation_id, "admin", "admin", user_id=console.user("admin", organisation_id))
    upload, take = gateway.new_id(), takes.NewTake(gateway.new_id(), organisation_id, "ne", CLIP, "फेरि भेटौँला।", admin.name)
    file = io.BytesIO(f"name,phone\nGita {mark},{prefix}7654321\nMaya,12\n".encode())
    uploads.hand_in(gateway, admin, uploads.Handed(upload, "members", file, False))
    uploads.go_on(gateway, upload)
    wav.write(studio.file_of(gateway, take.id), words(8000, 9000))
    with gateway.database.write() as db:
        if organisation_id == "main":
            takes.add(db, take, "waiting", gateway.clock())
        told = db.execute(recordings.select().where(recordings.c.file == f"recordings/{mark}.wav")).one()
        db.execute(tasks.update().where(tasks.c.id == world.ids["task.own"]).values(recording_id=told.id))
        visit = db.execute(visit_rows.select().where(visit_rows.c.user_id == f"reader-{organisation_id}")).one()
    world.ids |= {"upload.own": upload, "take.own": take.id, "talk.own": told.session_id, "visit.own": visit.id}
    return world


@dataclass
class Client:
    """A browser without JavaScript: it gets pages, and posts forms with the token that the page gave it."""

    flask: FlaskClient

    def get(self, path: str, **more: Any) -> Any:
        return self.flask.get(path, base_url=BASE, **more)

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> Any:
        return self.flask.post(path, base_url=BASE, data={"csrf_token": self.token(), **(form or {})}, **more)

    def token(self) -> str:
        page = self.get("/sign-in", follow_redirects=True).get_data(as_text=True)
        return page.partition('name="csrf_token" value="')[2].partition('"')[0]


@contextmanager
def serving(gateway: Gateway, port: int) -> Iterator[None]:
    """The whole installation's web process on this port, in threads of this one."""
    server = make_server("127.0.0.1", port, create_app(gateway), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


__all__ = ["BASE", "ROLES", "Client", "Console", "address", "has_id", "one_of_everything", "serving"]
