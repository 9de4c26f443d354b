"""Organisations and people. What tells who somebody is stands sealed (`sealed_...`, `gateway.store.secrets.Seal`) and nowhere in clear."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.models.columns import BigKey, HumanText, Instant, metadata, ref, text_key

organisations = Table(
    "organisations",
    metadata,
    text_key(),
    Column("name", HumanText, nullable=False),
    Column("two_persons_above", Integer),  # recipients above which two people must approve a broadcast; None: one is enough
    Column("monthly_budget", BigInteger),  # paisa that its broadcasts of a month (in Nepal's calendar) may cost; None: no limit
    Column("gap_hours", Integer, nullable=False, server_default="2"),  # at least, between two broadcasts to one phone
)

users = Table(  # who works for an organisation: signs in, holds a token, or reports for her group by phone
    "users",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False, index=True),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("role", String(12), nullable=False),  # gateway.core.roles.ROLES
    Column("state", String(8), nullable=False),  # active | disabled
    Column("sign_in_index", LargeBinary(32), unique=True),  # HMAC of the name with which she signs in; None: she cannot
    Column("sealed_sign_in", LargeBinary),
    Column("sealed_password", LargeBinary),  # an argon2 hash, sealed; None: she has not chosen one yet
    Column("sealed_totp", LargeBinary),  # the secret of her second step (RFC 6238); None: she has none
    Column("totp_step", BigInteger),  # the last time step whose code was taken: each code serves once
    Column("language", String(8)),  # in which the console speaks with her; None: as the installation
    Column("created_at", Instant, nullable=False),
)

visits = Table(  # browsers in which somebody is signed in; what is stored opens nothing
    "visits",
    metadata,
    text_key(),
    ref("user_id", "users.id", nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the secret in the cookie, which is 256 random bits
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("proved_at", Instant),  # when the second step was done; None: it is still to be done, and nothing is shown before
    Column("confirmed_at", Instant, nullable=False),  # when she last gave her password here: grave things ask for it again after a while
    Column("device", String(40), nullable=False),  # by which she knows it again: `Chrome, Android`, of our own words alone
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

invitations = Table(  # links with which a user chooses her password: the first time, or when she forgot it
    "invitations",
    metadata,
    text_key(),
    ref("user_id", "users.id", nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("made_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

recovery_codes = Table(  # for whoever lost her authenticator, each once
    "recovery_codes",
    metadata,
    ref("user_id", "users.id", nullable=False),
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of 80 random bits
    Column("used_at", Instant),
    PrimaryKeyConstraint("user_id", "digest"),
)

sign_in_tries = Table(  # each try is counted here before it is looked at
    "sign_in_tries",
    metadata,
    Column("bucket", String(8), nullable=False),  # gateway.store.sign_in_tries
    Column("subject", LargeBinary(32), nullable=False),  # HMAC of a name, an address or a user's id: whose name it is cannot be read here
    Column("tries", Integer, nullable=False),
    Column("blocked_until", Instant),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("bucket", "subject"),
    Index(None, "last_at"),
)

tokens = Table(  # keys of the API; what is stored opens nothing
    "tokens",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False, index=True),
    ref("user_id", "users.id"),  # for whom it acts; None: a program of the organisation
    Column("label", HumanText, nullable=False),
    Column("role", String(12), nullable=False),
    Column("made_by", String(64), nullable=False),  # gateway.services.access.Actor.name: it ends with her who made it
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the token, which is 256 random bits
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

channels = Table(
    "channels",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("provider", String(20), nullable=False),
    Column("address", String(32), nullable=False),  # our own number, not a person's
    Column("language", String(8), nullable=False),
    Column("messages_per_second", Float, nullable=False),
    Column("calls_per_second", Float, nullable=False),
    Column("segment_price", Integer, nullable=False),  # paisa for one SMS segment
    Column("minute_price", Integer, nullable=False),  # paisa for one begun minute of a call
    Column("missed_calls", Boolean, nullable=False, server_default="0"),  # its rings are not answered but called back
    UniqueConstraint("provider", "address"),
)

phones = Table(
    "phones",
    metadata,
    Column("id", BigKey, primary_key=True),
    # HMAC of the E.164 form: finds, never tells. None: the number was erased; it stays where STOP came from it, which must outlive that.
    Column("blind_index", LargeBinary(32), unique=True),
    Column("sealed", LargeBinary),  # the E.164 form, encrypted; None: erased
    Column("language", String(8)),  # chosen by whoever holds a phone that belongs to no member, or to several
    Column("script", String(12)),  # devanagari | romanised: as the last text from it was written
    Column("operator", String(12)),  # gateway.core.phone.operator: by it a price is found without opening the number
    Column("told_at", Instant),  # when a broadcast was last sent to it: the next one keeps the organisation's gap
    Column("told_by", String(36)),  # which broadcast that was: its own further tries need not keep it
    Column("broke_off", String(36)),  # the conversation of a call from this phone that broke off unfinished; the next call may go on
    Column("called_at", Instant),  # when somebody first called from it; None: nobody has, though we may know whose it is
    Column("stopped_at", Instant),  # STOP came from this phone; None: may be written to
    Column("created_at", Instant, nullable=False),
)

members = Table(
    "members",
    metadata,
    text_key(),
    ref("organisation_id", "organisations.id", nullable=False),
    Column("number", String(12), nullable=False),
    Column("sealed_name", LargeBinary),  # None until an organiser wrote it down from the recording
    Column("sealed_village", LargeBinary),  # as she said it; `place` is the code of the official place
    Column("name_clip", String(36)),  # her own voice saying her name, a file below the data directory
    Column("language", String(8), nullable=False),
    Column("script", String(12)),  # devanagari | romanised: in which she wants to be written to; None: as she writes
    Column("state", String(8), nullable=False),  # gateway.core.people.STATES: pending | active | left | erased
    Column("private", Boolean, nullable=False),
    Column("sealed_pin", LargeBinary),  # an argon2 hash, sealed: without the key there is nothing to guess at
    Column("pin_code_until", Instant),  # until then `sealed_pin` is of a code with which she sets her PIN; None: of her PIN
    Column("usual_instalment", BigInteger),  # paisa
    Column("trade", String(32)),  # gateway.core.people.TRADES
    Column("place", String(16)),  # gateway.core.places: province, district, municipality and ward, as 3, 3-27, 3-27-02 or 3-27-02-05
    Column("sex", String(6)),  # female | male | other
    Column("birth_year", Integer),  # of the common era
    Column("household_role", String(16)),  # gateway.core.people.HOUSEHOLD_ROLES
    Column("preferred_medium", String(8), nullable=False),  # voice | sms
    Column("best_hour", Integer),  # 0 to 23 in Nepal
    ref("collector_id", "users.id", index=True),  # whose group she belongs to
    ref("import_id", "imports.id"),  # the file by which she came
    Column("user_id", String(36), ForeignKey("users.id"), unique=True),  # who she is herself, where she works for the organisation
    Column("consented_at", Instant),
    Column("consent_how", String(12)),  # voice | sms | collector | paper
    Column("consent_wording", HumanText),  # the prompt she agreed to and its version, or the paper's name
    Column("reminders", Boolean, nullable=False, server_default="0"),  # she agreed to be reminded of instalments
    Column("welcomed_at", Instant),  # when she was told her number
    Column("version", Integer, nullable=False, server_default="1"),  # of two people who change her at once, the second is told
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation_id", "number"),
    Index(None, "organisation_id", "created_at", "id"),  # who came last
    # All that members are counted by, so that statistics need not read the members themselves.
    Index(
        "ix_members_counted",
        *("organisation_id", "state", "trade", "place", "sex", "birth_year", "language", "household_role", "created_at"),
    ),
)

member_names = Table(  # the words of names, by which a member is found however they are spelt
    "member_names",
    metadata,
    ref("member_id", "members.id", nullable=False),
    Column("word", LargeBinary(16), nullable=False),  # HMAC of the word's skeleton: finds, never tells
    PrimaryKeyConstraint("member_id", "word"),
    Index(None, "word"),
    sqlite_with_rowid=False,  # else each word would stand there three times
)

member_phones = Table(
    "member_phones",
    metadata,
    ref("member_id", "members.id", nullable=False),
    Column("phone_id", BigKey, ForeignKey("phones.id"), nullable=False),
    Column("stale_at", Instant),  # somebody else has the number now: it tells nothing of her any more
    PrimaryKeyConstraint("member_id", "phone_id"),
    Index(None, "phone_id"),
    sqlite_with_rowid=False,
)

pin_tries = Table(  # each try is counted here before it is looked at
    "pin_tries",
    metadata,
    Column("bucket", String(8), nullable=False),  # own | foreign | phone | channel: what `subject` is the id of, gateway.services.pins
    Column("subject", String(36), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("blocked_until", Instant),  # own, foreign: no try before; phone, channel: when the count begins anew
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("bucket", "subject"),
)
