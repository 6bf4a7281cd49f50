"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Mapping

import httpx

from ._call import Call

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 8.0
LONGEST_RETRY_AFTER_SECONDS = 60.0
"""A server that wants to be left alone for longer is not waited for: the error says how long."""

_TURNED_AWAY = frozenset({409, 429, 503})
"""With `Retry-After` these say that nothing was done yet."""
_PASSING = frozenset({408, 429, 500, 502, 503, 504})

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def backoff(attempt: int) -> float:
    """Seconds before the attempt after `attempt`, the first being 0. No two clients wait alike."""
    return min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**attempt) * random.uniform(0.5, 1)


def seconds_of(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for: seconds, or a date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())


def delay_after_answer(call: Call, status: int, headers: Mapping[str, str], attempt: int) -> float | None:
    """Seconds to wait before the call is sent again; None where the answer stands."""
    asked = seconds_of(headers)
    is_turned_away = status in _TURNED_AWAY and asked is not None
    if not is_turned_away and not (call.is_repeatable and status in _PASSING):
        return None
    if asked is not None:
        return asked if asked <= LONGEST_RETRY_AFTER_SECONDS else None
    return backoff(attempt)


def delay_after_loss(call: Call, error: httpx.RequestError, attempt: int) -> float | None:
    """Seconds to wait before a call without an answer is sent again; None where it may have been carried out."""
    return backoff(attempt) if call.is_repeatable or isinstance(error, _NEVER_SENT) else None
