"""Server-sent events, as they come in pieces."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_LINE_BYTES = 64 * 1024 * 1024
"""Of what is no stream of ours; entries are much smaller."""


@dataclass(frozen=True)
class Frame:
    """One event."""

    event: str
    """Empty for one without a name."""
    id: str | None
    data: str


class FrameParser:
    """Puts frames together. One that breaks off is none."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._event = ""
        self._id: str | None = None
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that are whole with these bytes."""
        *lines, rest = chunk.split(b"\n")
        frames: list[Frame] = []
        for line in lines:
            self._pending.append(line)
            frame = self._take(b"".join(self._pending).removesuffix(b"\r").decode("utf-8", "replace"))
            self._pending, self._pending_bytes = [], 0
            if frame is not None:
                frames.append(frame)
        self._pending.append(rest)
        self._pending_bytes += len(rest)
        if self._pending_bytes > LARGEST_LINE_BYTES:
            raise ValueError("The stream has a line without an end.")
        return frames

    def _take(self, line: str) -> Frame | None:
        if line == "":
            frame = Frame(self._event, self._id, "\n".join(self._data)) if self._data else None
            self._event, self._id, self._data = "", None, []
            return frame
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "id":
            self._id = value
        elif name == "data":
            self._data.append(value)
        return None
