"""One inbound event end to end: read, step, one short write, answer.

The order is what keeps the promises: a repeat gets its stored answer (I2); the person is looked up and the engine steps without any lock;
one transaction then writes receipt, conversation and rows, and fails as a whole if another worker was faster, whereupon everything is
read again; the answer leaves only after that commit (I1); jobs are enqueued last.

`calls` and `texts` say what becomes of each; `turns` holds what a turn is and steps the engine; `settle` writes.
"""

from __future__ import annotations

from gateway.services.receive.calls import call, picked_up
from gateway.services.receive.texts import message
from gateway.services.receive.turns import hang_up

__all__ = ["call", "hang_up", "message", "picked_up"]
