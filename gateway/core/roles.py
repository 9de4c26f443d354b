"""Who may do what: the one table of roles, looked at by `gateway.services.access`.

A collector sees and serves the members of her own group alone; everybody sees only her own organisation.

>>> Permission.MOVE_CLAIMS in ALLOWED["organiser"], Permission.MOVE_CLAIMS in ALLOWED["collector"]
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may be allowed to do."""

    SEE_MEMBERS = "see_members"  # with names and phones
    REGISTER_MEMBERS = "register_members"
    CHANGE_MEMBERS = "change_members"  # PINs and erasure are others'
    SET_PINS = "set_pins"
    SEE_CONTRIBUTIONS = "see_contributions"
    NOTE_CONTRIBUTIONS = "note_contributions"
    CHECK_CONTRIBUTIONS = "check_contributions"  # confirm, question, reverse
    SEE_CLAIMS = "see_claims"
    MOVE_CLAIMS = "move_claims"  # open, tick papers, decide, pay
    DO_TASKS = "do_tasks"
    IMPORT = "import"
    EXPORT = "export"
    SEE_STATISTICS = "see_statistics"
    MANAGE_SCHEMES = "manage_schemes"
    ERASE_MEMBERS = "erase_members"
    MANAGE_USERS = "manage_users"  # and tokens, links to choose a password
    SEE_AUDIT = "see_audit"
    SEE_BROADCASTS = "see_broadcasts"  # and notices, surveys, lessons: what was said and what came of it
    PLAN_BROADCASTS = "plan_broadcasts"  # and notices, lists, words of the organisation's own
    APPROVE_BROADCASTS = "approve_broadcasts"  # and pause, resume, cancel, resolve
    SEE_TESTIMONIES = "see_testimonies"
    MANAGE_SENDING = "manage_sending"  # budget, threshold, gap, prices, festival days
    MANAGE_PROMPTS = "manage_prompts"  # record and approve clips, see how callers get through the flows
    SEE_HEALTH = "see_health"  # queues, workers, channels, the last backup


READER = frozenset({Permission.SEE_STATISTICS, Permission.SEE_BROADCASTS})
COLLECTOR = frozenset(
    {Permission.SEE_MEMBERS, Permission.REGISTER_MEMBERS, Permission.SEE_CONTRIBUTIONS, Permission.NOTE_CONTRIBUTIONS},
)
ORGANISER = (
    READER
    | COLLECTOR
    | {
        Permission.CHANGE_MEMBERS,
        Permission.SET_PINS,
        Permission.CHECK_CONTRIBUTIONS,
        Permission.SEE_CLAIMS,
        Permission.MOVE_CLAIMS,
        Permission.DO_TASKS,
        Permission.IMPORT,
        Permission.EXPORT,
        Permission.PLAN_BROADCASTS,
        Permission.APPROVE_BROADCASTS,
        Permission.SEE_TESTIMONIES,
        Permission.MANAGE_PROMPTS,
        Permission.SEE_HEALTH,
    }
)

# What is not named here is allowed to nobody.
ALLOWED: Mapping[str, frozenset[Permission]] = {
    "reader": READER,
    "collector": COLLECTOR,
    "organiser": ORGANISER,
    "admin": frozenset(Permission),
}
ROLES = tuple(ALLOWED)
