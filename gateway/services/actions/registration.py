"""What flows may do about members to be: a friend whom a collector brings, her own consent, and the welcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import phone
from gateway.core.events import FriendBrought, MemberAgreed, MemberDeclined, MemberWelcomed
from gateway.core.ids import number_of
from gateway.engine.interpreter import ActionCall, ActionResult
from gateway.services.actions.named import action
from gateway.services.context import Gateway
from gateway.store import members, people

if TYPE_CHECKING:
    from gateway.store.database import Connection


@action("free taken wrong denied", "friend.digits")
def find_friend(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whether the answer `friend_phone` can be a new member's: `wrong` for a number that nobody here can have."""
    with gateway.database.read() as db:
        standing = _standing(gateway, db, call)
    return ActionResult(standing, {"friend.digits": phone.local(str(call.values["friend_phone"]))} if standing == "free" else {})


@action("done taken denied")
def bring_friend(gateway: Gateway, call: ActionCall) -> ActionResult:
    """Write down the friend with the phone `friend_phone`, from `introduction` and `trade`. She has yet to agree herself."""
    with gateway.database.read() as db:
        standing = _standing(gateway, db, call)
        if standing != "free" or call.member is None or call.member.user_id is None:
            return ActionResult("denied" if standing == "denied" else "taken")
        number = members.new_number(db, call.caller.organisation_id, number_of(call.new_id()))
    said, trade = call.values.get("introduction"), call.values.get("trade")
    brought = FriendBrought(
        member_id=call.new_id(),
        number=number,
        task_id=call.new_id(),
        phone=str(call.values["friend_phone"]),
        language=call.session.language,
        trade=trade if isinstance(trade, str) else None,
        recording_id=said if isinstance(said, str) else None,
        collector_id=call.member.user_id,
    )
    return ActionResult("done", facts=(brought,))


def _standing(gateway: Gateway, db: Connection, call: ActionCall) -> str:
    if call.member is None or not call.member.collects:
        return "denied"
    e164 = str(call.values.get("friend_phone", ""))
    if not phone.may_call(e164):
        return "wrong"
    return "taken" if people.is_known(db, gateway.seal, call.caller.organisation_id, e164) else "free"


@action("done", of_member=False)
def join(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whom a collector brought agrees herself, to the wording that `give_consent` kept."""
    agreed = (MemberAgreed(call.member.id, str(call.values.get("consent.wording"))),) if call.member else ()
    return ActionResult("done", facts=agreed)


@action("done")
def decline(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """Whom a collector brought does not agree: nothing of her is kept."""
    brought = call.member is not None and not call.member.consented
    return ActionResult("done", facts=(MemberDeclined(call.member.id),) if call.member and brought else ())


@action("done")
def note_welcome(_gateway: Gateway, call: ActionCall) -> ActionResult:
    """She is told her membership number now, and not again."""
    return ActionResult("done", facts=(MemberWelcomed(call.member.id),) if call.member else ())
