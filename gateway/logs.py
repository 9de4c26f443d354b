"""Logs as JSON lines on standard error, in which no run of digits long enough to be a phone number or a PIN of six survives.

Masking is the last step before a line is written, so that it covers every library as well (promise I9).
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

# ASCII, Devanagari and full-width digits; blanks and dashes between them do not hide a number.
DIGIT_RUN = re.compile(r"\+?[0-9०-९０-９](?:[ \-]?[0-9०-९０-９]){5,}")
TIMESTAMP = "at"
UNMASKED = frozenset({TIMESTAMP, "head"})  # the head of the audit log: a number and a hash, useless with a digit missing


def mask(text: str) -> str:
    """Replace what may be somebody's number.

    >>> mask("sent to +977 9841234567")
    'sent to [number]'
    >>> mask("answered in 12345 microseconds")
    'answered in 12345 microseconds'
    """
    return DIGIT_RUN.sub("[number]", text)


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: mask(value) if isinstance(value, str) and key not in UNMASKED else value for key, value in event.items()}


def configure(level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's logs through one masked JSON line each."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key=TIMESTAMP),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for talkative in ("twilio", "alembic", "rq.worker", "aiohttp.access"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
