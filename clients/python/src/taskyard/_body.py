"""What a call sends, read anew for each attempt."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Iterator

from ._call import Call, Content

_CHUNK_BYTES = 256 * 1024


class Body:
    """The body of a call. A file is read from where it stands now to its end, each time."""

    def __init__(self, call: Call) -> None:
        self._call = call
        content = call.content
        self._start = 0 if content is None or isinstance(content, bytes) else content.tell()
        self._length = 0 if content is None else _length_of(content, self._start)

    def sync(self) -> dict[str, Any]:
        """Arguments of `httpx.Client.build_request`."""
        return self._arguments(lambda: self._chunks())

    def asynchronous(self) -> dict[str, Any]:
        """Arguments of `httpx.AsyncClient.build_request`."""
        return self._arguments(lambda: self._chunks_async())

    def _arguments(self, chunks: Any) -> dict[str, Any]:
        call = self._call
        if call.json is not None:
            return {"json": call.json}
        content = call.content
        if content is None or isinstance(content, bytes):
            return {"content": content}
        content.seek(self._start)
        return {"content": chunks(), "headers": {"content-length": str(self._length)}}

    def _chunks(self) -> Iterator[bytes]:
        while chunk := _read(self._call.content):
            yield chunk

    async def _chunks_async(self) -> AsyncIterator[bytes]:
        while chunk := await asyncio.to_thread(_read, self._call.content):
            yield chunk


def _read(content: Content | None) -> bytes:
    return b"" if content is None or isinstance(content, bytes) else content.read(_CHUNK_BYTES)


def _length_of(content: Content, start: int) -> int:
    if isinstance(content, bytes):
        return len(content)
    end = content.seek(0, 2)
    content.seek(start)
    return end - start
