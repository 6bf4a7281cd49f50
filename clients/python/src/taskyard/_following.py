"""How a live stream is followed: what is asked for next, and what is made of what comes. Sends nothing itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import httpx

from ._call import Call
from ._frames import Frame, FrameParser
from ._patience import Patience
from .errors import StreamResetError, TaskyardError

STREAM_TIMEOUT = httpx.Timeout(10.0, read=65.0)
"""Something comes every 20 seconds, if only to say that nothing has."""


@dataclass(frozen=True)
class Entry:
    """One entry of a run's or an evaluation's stream."""

    id: str | None
    """Where it is: `follow_…(after=entry.id)` goes on behind it. None where the server has told the place of a later one only."""
    data: Any
    """The entry, parsed."""


class Following:
    """One reader's place in a stream. Every entry comes once and in order, however often the connection breaks."""

    def __init__(self, call: Call, after: str | None, start: str | None, patience: Patience) -> None:
        self.is_over = False
        self._call = call
        self._after = after
        self._start = start if after is None else None
        self._patience = patience
        self._parser = FrameParser()
        self._is_ended = False
        self._reset: StreamResetError | None = None

    @property
    def is_poll(self) -> bool:
        """
        Whether the next request is a long poll. A stream that begins at what is new has told no place to go on at until its
        first entry comes; a poll is answered with one in any case.
        """
        return self._start == "latest"

    def next_call(self) -> Call:
        """The next connection."""
        self._parser = FrameParser()
        self._is_ended = False
        if self.is_poll:
            return replace(self._call, query={**self._call.query, "start": self._start, "mode": "long-poll"})
        headers = {**self._call.headers, "accept": "text/event-stream", "last-event-id": self._after}
        return replace(self._call, headers=headers)

    def take_poll(self, content: bytes) -> list[Entry]:
        """The entries of a long poll."""
        answer = json.loads(content)
        self._patience.heard()
        self._start, self._after = None, answer["next"]
        self._patience.goes_on()
        if answer.get("resync"):
            self._reset = StreamResetError(self._after)
        self.is_over = bool(answer["closed"])
        entries = answer["entries"]
        ids = [None] * (len(entries) - 1) + [self._after]
        return [Entry(id, data) for id, data in zip(ids, entries)]

    def take(self, chunk: bytes) -> list[Entry]:
        """The entries that are whole with these bytes."""
        entries: list[Entry] = []
        for frame in self._parser.feed(chunk):
            if self._is_ended:
                break
            if frame.event != "error":
                self._patience.heard()
            if frame.event == "" and frame.id is not None:
                self._after = frame.id
                entries.append(Entry(frame.id, json.loads(frame.data)))
            else:
                self._take_control(frame)
        return entries

    @property
    def is_ended(self) -> bool:
        """Whether the server has said its last word on this connection."""
        return self._is_ended

    def _take_control(self, frame: Frame) -> None:
        if frame.event == "stream-end":
            self._is_ended = self.is_over = True
        elif frame.event == "end":
            self._is_ended = True
            if json.loads(frame.data).get("type") == "resync":
                self._reset = StreamResetError(frame.id)
            self._after = frame.id or self._after
            # After 15 minutes the server ends a connection, for no fault of either side.
            self._patience.goes_on()
        elif frame.event == "error":
            self._is_ended = True

    def pause(self, failure: TaskyardError | None) -> float:
        """
        Seconds to wait before the next connection, after one has ended with `failure` or without one. Raises what makes going on
        useless.
        """
        if self._reset is not None:
            raise self._reset
        return self._patience.pause(failure)
