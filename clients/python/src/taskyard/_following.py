"""How a live stream is followed: what is asked for next, and what is made of what comes. Sends nothing itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import httpx

from ._call import Call
from ._frames import Frame, FrameParser
from ._patience import Patience
from .errors import StreamResetError

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
        self.patience = patience
        self._parser = FrameParser()
        self._is_ended = False

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
        self.patience.heard()
        self._start, self._after = None, answer["next"]
        if answer.get("resync"):
            raise StreamResetError(self._after)
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
                self.patience.heard()
            if frame.event == "" and frame.id is not None:
                self._after = frame.id
                entries.append(Entry(frame.id, json.loads(frame.data)))
            else:
                self._take_control(frame, entries)
        return entries

    @property
    def is_ended(self) -> bool:
        """Whether the server has said its last word on this connection."""
        return self._is_ended

    def _take_control(self, frame: Frame, entries: list[Entry]) -> None:
        if frame.event == "stream-end":
            self._is_ended = self.is_over = True
        elif frame.event == "end":
            self._is_ended = True
            if json.loads(frame.data).get("type") == "resync":
                if entries:
                    raise ValueError("A stream begins anew after entries of the same connection.")
                raise StreamResetError(frame.id)
            self._after = frame.id or self._after
            # After 15 minutes the server ends a connection, for no fault of either side.
            self.patience.goes_on()
        elif frame.event == "error":
            self._is_ended = True
