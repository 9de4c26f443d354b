"""How fast a channel may send, kept in Redis so that all workers share one schedule.

The schedule is absolute (GCRA): a block of turns begins where the last one ended, never earlier than now, so no pause is ever made up
for by a burst. When the provider says that it is too much, the rate drops by a tenth at most once a second, and grows back slowly.
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

_STATE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'next', 'share', 'changed', 'holds', 'held')
local next, changed, held = tonumber(state[1] or 0), tonumber(state[3] or 0), tonumber(state[5] or 0)
local share = math.min(1, tonumber(state[2] or 1) * 1.05 ^ ((now - changed) / 1000000))
local function keep(...) redis.call('HSET', KEYS[1], ...) redis.call('EXPIRE', KEYS[1], 86400) end
local function whole(number) return string.format('%.0f', number) end
"""

_TAKE = (
    _STATE
    + """
local rate, most, block, farthest = tonumber(ARGV[1]) * share, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local interval = 1000000 / rate
local start = math.max(now, next, held)
if held > now or start - now > farthest then return {0, whole(start - now), whole(interval), tostring(share)} end
local count = math.max(1, math.min(most, math.floor(rate * block)))
keep('next', whole(start + count * interval))
return {count, whole(start - now), tostring(interval), tostring(share)}
"""
)

_SLOW_DOWN = (
    _STATE
    + """
local wait = tonumber(ARGV[1])
if now - changed >= 1000000 then keep('share', tostring(math.max(0.01, share * 0.9)), 'changed', whole(now)) end
if wait > 0 then keep('next', whole(math.max(next, now + wait))) end
"""
)

_HOLD = (
    _STATE
    + """
local holds = now - held < 60000000 and tonumber(state[4] or 0) or 0
local seconds = math.min(300, 5 * 2 ^ holds)
if held <= now then keep('held', whole(now + seconds * 1000000), 'holds', holds + 1) end
"""
)


class PacerDown(Exception):  # noqa: N818 - the name of what happened
    """Redis did not answer: nobody may send until it does."""


@dataclass(frozen=True, slots=True)
class Block:
    """`count` turns, the first in `wait` seconds, then one each `interval` seconds. `count` 0: none soon, come back after `wait`.

    `share` is the part of the permitted rate that is used at present, 1 unless the provider complained.
    """

    count: int
    wait: float
    interval: float
    share: float


class Pacer:
    """Gives turns to send. `key` names a channel and medium, such as `main:sms`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1))
        self._take = self._redis.register_script(_TAKE)
        self._slow_down = self._redis.register_script(_SLOW_DOWN)
        self._hold = self._redis.register_script(_HOLD)

    def take(self, key: str, rate: float, most: int = MOST) -> Block:
        """Take up to `most` turns at `rate` a second: a quarter of a second's worth, at least one. Raises PacerDown."""
        arguments = (rate, most, BLOCK_SECONDS, FARTHEST * 1_000_000)
        try:
            count, wait, interval, share = self._take(keys=[_name(key)], args=arguments)
        except RedisError as error:
            raise PacerDown from error
        return Block(int(count), int(wait) / 1_000_000, float(interval) / 1_000_000, float(share))

    def slow_down(self, key: str, wait: float = 0.0) -> None:
        """The provider says that it is too much; it wants nothing for `wait` seconds. Raises PacerDown."""
        try:
            self._slow_down(keys=[_name(key)], args=(int(wait * 1_000_000),))
        except RedisError as error:
            raise PacerDown from error

    def hold(self, key: str) -> None:
        """The provider is away: no turns for 5 s, and twice as long each time that it still is, up to 5 minutes. Raises PacerDown."""
        try:
            self._hold(keys=[_name(key)])
        except RedisError as error:
            raise PacerDown from error


def _name(key: str) -> str:
    return f"aawaj:pace:{key}"
