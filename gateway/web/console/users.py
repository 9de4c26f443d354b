"""`/users`: who works for the organisation, as what; and the tokens of its programs."""

from __future__ import annotations

from datetime import datetime

from flask import url_for

from gateway.core.roles import ROLES, Permission
from gateway.errors import GatewayError
from gateway.services import tokens, users
from gateway.services.tokens import NewToken
from gateway.store.tokens import TokenRow
from gateway.web.console.account import ROLE_WORDS
from gateway.web.console.paging import ROWS, Pager, number_in
from gateway.web.console.routes import Done, Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("users")

OF_PROGRAMS = tuple(role for role in ROLES if role != "collector")
DAYS = (30, 90, 365)
A_YEAR = 365


@routes.page("/users", Permission.MANAGE_USERS)
def page(visit: Visit) -> Page:
    """Everybody."""
    rows = users.page(visit.gateway, visit.actor, visit.query.get("after", ""), ROWS + 1)
    return Page("users.html", rows=rows[:ROWS], pager=Pager.behind(rows, lambda row: row.id), roles=ROLE_WORDS)


@routes.page("/users/new", Permission.MANAGE_USERS, fresh=True)
def new(visit: Visit) -> Page:  # noqa: ARG001
    """Somebody else."""
    return Page("user_new.html", roles=_roles(), words=ROLE_WORDS)


@routes.form("/users", Permission.MANAGE_USERS, back=new, fresh=True)
def add(visit: Visit) -> Page:
    """Let her work here; the page shows her link, this once."""
    form = visit.form
    newcomer = users.Newcomer(form.get("name", ""), form.get("role", ""), form.get("sign_in", ""), form.get("member_number") or None)
    return Page("user_link.html", link=users.welcome(visit.gateway, visit.actor, newcomer))


@routes.page("/users/<user_id>", Permission.MANAGE_USERS, fresh=True)
def user(visit: Visit, user_id: str) -> Page:
    """One of them."""
    return Page("user.html", user=users.get(visit.gateway, visit.actor, user_id), roles=_roles(), words=ROLE_WORDS)


@routes.form("/users/<user_id>/role", Permission.MANAGE_USERS, back=user, fresh=True)
def set_role(visit: Visit, user_id: str) -> Done:
    """Another role."""
    users.set_role(visit.gateway, visit.actor, user_id, visit.form.get("role", ""))
    return Done(url_for("users.user", user_id=user_id), _("She has another role now, and signs in anew."))


@routes.form("/users/<user_id>/link", Permission.MANAGE_USERS, back=user, fresh=True)
def link(visit: Visit, user_id: str) -> Page:
    """A link with which she chooses a password; it is shown this once."""
    return Page("user_link.html", link=users.invite(visit.gateway, visit.actor, user_id, visit.form.get("sign_in")))


@routes.form("/users/<user_id>/without-second-step", Permission.MANAGE_USERS, back=user, fresh=True)
def without_second_step(visit: Visit, user_id: str) -> Done:
    """She lost her telephone."""
    users.without_second_step(visit.gateway, visit.actor, user_id)
    return Done(url_for("users.user", user_id=user_id), _("Her second step is taken away, and she is signed out everywhere."))


@routes.page("/users/<user_id>/disable", Permission.MANAGE_USERS, fresh=True)
def leaving(visit: Visit, user_id: str) -> Page:
    """Ask once more."""
    return Page("user_disable.html", user=users.get(visit.gateway, visit.actor, user_id))


@routes.form("/users/<user_id>/disable", Permission.MANAGE_USERS, back=leaving, fresh=True)
def disable(visit: Visit, user_id: str) -> Done:
    """She works here no more."""
    users.disable(visit.gateway, visit.actor, user_id)
    return Done(url_for("users.user", user_id=user_id), _("She cannot come in any more."))


@routes.form("/users/<user_id>/enable", Permission.MANAGE_USERS, back=user, fresh=True)
def enable(visit: Visit, user_id: str) -> Done:
    """She works here again."""
    users.enable(visit.gateway, visit.actor, user_id)
    return Done(url_for("users.user", user_id=user_id), _("She can sign in again."))


@routes.page("/users/tokens", Permission.MANAGE_USERS, fresh=True)
def programs(visit: Visit) -> Page:
    """The tokens, the newest last."""
    rows = tokens.page(visit.gateway, visit.actor, visit.query.get("after", ""), ROWS + 1)
    state = {row.id: _state(row, visit.gateway.clock()) for row in rows}
    roles = [each for each in _roles() if each[0] in OF_PROGRAMS]
    pager = Pager.behind(rows, lambda row: row.id)
    return Page("tokens.html", rows=rows[:ROWS], pager=pager, state=state, roles=roles, words=ROLE_WORDS, days=DAYS)


@routes.form("/users/tokens", Permission.MANAGE_USERS, back=programs, fresh=True)
def make_token(visit: Visit) -> Page:
    """A new one; it is shown this once."""
    days = number_in(visit.form, "days", A_YEAR)
    if days not in DAYS:
        raise GatewayError("request:invalid", fault="A token holds for 30, 90 or 365 days.", where="days")
    new = NewToken(visit.form.get("label", ""), visit.form.get("role", ""), days)
    return Page("token.html", made=tokens.create(visit.gateway, visit.actor, new), label=new.label)


@routes.page("/users/tokens/<token_id>", Permission.MANAGE_USERS, fresh=True)
def token(visit: Visit, token_id: str) -> Page:
    """Ask once more."""
    return Page("token_end.html", row=tokens.get(visit.gateway, visit.actor, token_id))


@routes.form("/users/tokens/<token_id>/revoke", Permission.MANAGE_USERS, back=token, fresh=True)
def revoke(visit: Visit, token_id: str) -> Done:
    """End one."""
    tokens.revoke(visit.gateway, visit.actor, token_id)
    return Done(url_for("users.programs"), _("It no longer opens anything."))


def _roles() -> list[tuple[str, str]]:
    return [(role, _(title)) for role, (title, _explained) in ROLE_WORDS.items()]


def _state(row: TokenRow, now: datetime) -> str:
    if row.revoked_at:
        return "revoked"
    return "over" if row.expires_at and row.expires_at <= now else "holds"
