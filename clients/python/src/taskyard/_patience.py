"""How long a follower goes on when connections break."""

from __future__ import annotations

import time

from . import _retry
from ._retry import LONGEST_RETRY_AFTER_SECONDS, seconds_of
from .errors import ApiConnectionError, ApiError, TaskyardError


class Patience:
    """Waits longer from one broken connection to the next, until something is heard again. Gives up after some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._silent_since: float | None = None
        self._attempt = 0
        self._is_due = False

    def heard(self) -> None:
        """Something came."""
        self._silent_since = None
        self._attempt = 0

    def goes_on(self) -> None:
        """The next connection is to be opened at once."""
        self._is_due = True

    def pause(self, failure: TaskyardError | None) -> float:
        """Seconds to wait after a connection has ended, with `failure` or without a word. Raises it where trying again is no use."""
        if self._is_due:
            self._is_due = False
            return 0.0
        failure = failure or ApiConnectionError("The server ends every connection without a word.")
        asked = seconds_of({"retry-after": failure.retry_after or ""}) if isinstance(failure, ApiError) else None
        if isinstance(failure, ApiError) and not _is_passing(failure.status, asked):
            raise failure
        now = time.monotonic()
        self._silent_since = now if self._silent_since is None else self._silent_since
        if now - self._silent_since > self._seconds:
            raise failure
        self._attempt += 1
        return _retry.backoff(self._attempt - 1) if asked is None else asked


def _is_passing(status: int, asked: float | None) -> bool:
    return (status in (408, 429) or status >= 500) and (asked or 0.0) <= LONGEST_RETRY_AFTER_SECONDS
