"""How fast a channel may send, kept in Redis so that all workers share one schedule.

The schedule is absolute (GCRA): a block of turns begins where the last one ended, never earlier than now, so no pause is ever made up
for by a burst. A provider may refuse a message here and there whatever the rate; it is too much only where it refuses clearly more than a
tenth of what was sent since the last change. Then the rate drops to the part that was taken. It stays there for a while, and then feels
its way up faster and faster (as CUBIC does, RFC 9438): so it is near what the provider takes for most of the time, and finds out when
that is more again.

A provider that is away is held: nobody gets a turn for a while, then one turn tries if it is back, and all others wait for its word.
Nothing here is a truth: a flushed Redis only begins a new schedule.
"""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TIMEOUT = 2.0  # seconds
BLOCK_SECONDS = 0.25  # a block of turns is never longer than this, or one turn
MOST = 100  # turns in a block
FARTHEST = 10.0  # seconds: turns that are farther away than this are not given; the caller comes back later
PROBED = 15.0  # seconds that a try may take to tell if the provider is back; then somebody else tries

_STATE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'next', 'changed', 'ceiling', 'low', 'holds', 'held', 'probed', 'since', 'given', 'refused')
local next, changed, held, probed = tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[6] or 0), tonumber(state[7] or 0)
local ceiling, low = tonumber(state[3] or 1), tonumber(state[4] or 1)
local since, given, refused = tonumber(state[8] or now), tonumber(state[9] or 0), tonumber(state[10] or 0)
-- what is long past counts less and less
if now - since > 8000000 then since, given, refused = now - 4000000, given / 2, refused / 2 end
-- so slow that half a minute goes by until it is too much again
local curve = 0.00000625
local level = ((ceiling - low) / ceiling / curve) ^ (1 / 3)  -- seconds
local share = state[3] and math.min(1, ceiling * (1 + curve * ((now - changed) / 1000000 - level) ^ 3)) or 1
local function keep(...) redis.call('HSET', KEYS[1], ...) redis.call('EXPIRE', KEYS[1], 86400) end
local function whole(number) return string.format('%.0f', number) end
"""

_TAKE = (
    _STATE
    + """
local rate, most, block, farthest = tonumber(ARGV[1]) * share, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local interval = 1000000 / rate
local start = math.max(now, next, held)
local tried = held > 0 and probed + tonumber(ARGV[5]) or 0
if tried > now then start = math.max(start, tried) end
if held > now or tried > now or start - now > farthest then return {0, whole(start - now), whole(interval), tostring(share), 0} end
local count = held > 0 and 1 or math.max(1, math.min(most, math.floor(rate * block)))
if held > 0 then keep('probed', whole(now)) end
if start >= since then given = given + count end
keep('next', whole(start + count * interval), 'since', whole(since), 'given', tostring(given), 'refused', tostring(refused))
return {count, whole(start - now), tostring(interval), tostring(share), held > 0 and 1 or 0}
"""
)

# Answers of the first second after a change are about what was sent before it. Twice the root of a number is how much chance adds to it.
_REFUSED = (
    _STATE
    + """
local wait = tonumber(ARGV[1])
if now < since then return end
refused = refused + 1
given = math.max(given, refused)
if now - changed >= 2000000 and refused > 0.1 * given + 2 * math.sqrt(refused) then
    ceiling = math.max(0.1, share * math.max(0.5, 1 - refused / given))
    keep('ceiling', tostring(ceiling), 'low', tostring(math.max(0.1, 0.95 * ceiling)), 'changed', whole(now))
    keep('next', whole(math.max(next, now + wait)))
    since, given, refused = now + wait + 1000000, 0, 0
end
keep('since', whole(since), 'given', tostring(given), 'refused', tostring(refused))
"""
)

_HOLD = (
    _STATE
    + """
local holds = now - held < 60000000 and tonumber(state[5] or 0) or 0
local seconds = math.min(300, 5 * 2 ^ holds)
if held <= now then keep('held', whole(now + seconds * 1000000), 'holds', holds + 1, 'probed', 0) end
redis.call('HSETNX', KEYS[1], 'away', whole(now))
"""
)

_HELD = (
    _STATE
    + """
local away = tonumber(redis.call('HGET', KEYS[1], 'away') or now)
return {held > 0 and 1 or 0, whole(math.max(0, held - now)), tostring(share), whole(now - away)}
"""
)


class PacerDown(Exception):  # noqa: N818 - the name of what happened
    """Redis did not answer: nobody may send until it does."""


@dataclass(frozen=True, slots=True)
class Block:
    """`count` turns, the first in `wait` seconds, then one each `interval` seconds. `count` 0: none soon, come back after `wait`.

    `share` is the part of the permitted rate that is used at present, 1 unless the provider complained. `probe`: the provider was away,
    and this one turn tries if it is back; tell with `resume` or `hold`.
    """

    count: int
    wait: float
    interval: float
    share: float
    probe: bool


class Pacer:
    """Gives turns to send. `key` names a channel and medium, such as `main:sms`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1))
        self._take = self._redis.register_script(_TAKE)
        self._refused = self._redis.register_script(_REFUSED)
        self._hold = self._redis.register_script(_HOLD)
        self._held = self._redis.register_script(_HELD)

    def take(self, key: str, rate: float, most: int = MOST) -> Block:
        """Take up to `most` turns at `rate` a second: a quarter of a second's worth, at least one. Raises PacerDown."""
        arguments = (rate, most, BLOCK_SECONDS, FARTHEST * 1_000_000, PROBED * 1_000_000)
        try:
            count, wait, interval, share, probe = self._take(keys=[_name(key)], args=arguments)
        except RedisError as error:
            raise PacerDown from error
        return Block(int(count), int(wait) / 1_000_000, float(interval) / 1_000_000, float(share), bool(probe))

    def refused(self, key: str, wait: float = 0.0) -> None:
        """The provider says of a message that it is too much, and to come again in `wait` seconds: where it says so of many, all slow down
        and wait. Raises PacerDown."""
        try:
            self._refused(keys=[_name(key)], args=(int(wait * 1_000_000),))
        except RedisError as error:
            raise PacerDown from error

    def hold(self, key: str) -> None:
        """The provider is away: no turns for 5 s, and twice as long each time that it still is, up to 5 minutes. Raises PacerDown."""
        try:
            self._hold(keys=[_name(key)])
        except RedisError as error:
            raise PacerDown from error

    def resume(self, key: str) -> None:
        """The provider is back. Raises PacerDown."""
        try:
            self._redis.hdel(_name(key), "held", "holds", "probed", "away")
        except RedisError as error:
            raise PacerDown from error

    def held(self, key: str) -> float | None:
        """In how many seconds a provider that is away is tried again; None where it is not away. Raises PacerDown."""
        held, wait, *_ = self._look(key)
        return int(wait) / 1_000_000 if held else None

    def away(self, key: str) -> float | None:
        """For how many seconds a provider has been away; None where it is not. Raises PacerDown."""
        held, *_, seconds = self._look(key)
        return int(seconds) / 1_000_000 if held else None

    def share(self, key: str) -> float:
        """The part of the permitted rate that is used at present, 1 unless the provider complained. Raises PacerDown."""
        return float(self._look(key)[2])

    def _look(self, key: str) -> tuple[int, str, str, str]:
        try:
            held, wait, share, away = self._held(keys=[_name(key)])
        except RedisError as error:
            raise PacerDown from error
        return held, wait, share, away


def _name(key: str) -> str:
    return f"aawaj:pace:{key}"
