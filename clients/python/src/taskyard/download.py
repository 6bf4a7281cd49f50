"""Bytes that are read as they come."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Union

import httpx

from ._call import Call
from ._patience import Patience
from .errors import ApiConnectionError

if TYPE_CHECKING:
    from ._transport import AsyncTransport, Transport

_PATIENCE_SECONDS = 60.0

Progress = Callable[[int, Union[int, None]], None]
"""Called with the bytes that are through, and with how many there are, if that is known."""

StrPath = Union[str, "os.PathLike[str]"]


class Download:
    """A file that the server has. Each of these methods asks for it anew."""

    def __init__(self, transport: Transport, call: Call) -> None:
        self._transport = transport
        self._call = call

    def read(self, *, offset: int = 0, length: int | None = None) -> bytes:
        """All of it, or `length` bytes from `offset` on."""
        response = self._transport.read(_ranged(self._call, offset, length))
        return _cut(response, offset, length)

    def open(self) -> AbstractContextManager[httpx.Response]:
        """The answer, of which `iter_bytes()` are the bytes as they come: `with download.open() as response: …`."""
        return self._transport.open(self._call)

    def save(self, path: StrPath, *, progress: Progress | None = None) -> int:
        """
        Writes it to a file, which is there when all of it has come; how many bytes these are. After a broken connection it
        goes on where it was.
        """
        with _Saving(path, progress) as saving:
            while not saving.is_whole:
                try:
                    with self._transport.open(saving.rest_of(self._call)) as response:
                        saving.begin(response)
                        for chunk in response.iter_bytes():
                            saving.write(chunk)
                        saving.is_whole = True
                except ApiConnectionError as error:
                    time.sleep(saving.pause(error))
            return saving.finish()


class AsyncDownload:
    """A file that the server has. Each of these methods asks for it anew."""

    def __init__(self, transport: AsyncTransport, call: Call) -> None:
        self._transport = transport
        self._call = call

    async def read(self, *, offset: int = 0, length: int | None = None) -> bytes:
        """All of it, or `length` bytes from `offset` on."""
        response = await self._transport.read(_ranged(self._call, offset, length))
        return _cut(response, offset, length)

    def open(self) -> AbstractAsyncContextManager[httpx.Response]:
        """The answer, of which `aiter_bytes()` are the bytes as they come: `async with download.open() as response: …`."""
        return self._transport.open(self._call)

    async def save(self, path: StrPath, *, progress: Progress | None = None) -> int:
        """
        Writes it to a file, which is there when all of it has come; how many bytes these are. After a broken connection it
        goes on where it was.
        """
        with _Saving(path, progress) as saving:
            while not saving.is_whole:
                try:
                    async with self._transport.open(saving.rest_of(self._call)) as response:
                        saving.begin(response)
                        async for chunk in response.aiter_bytes():
                            saving.write(chunk)
                        saving.is_whole = True
                except ApiConnectionError as error:
                    await asyncio.sleep(saving.pause(error))
            return saving.finish()


class _Saving:
    """A file that gets its name when it is whole, and is removed if it never is."""

    def __init__(self, path: StrPath, progress: Progress | None) -> None:
        self.is_whole = False
        self._path = os.fspath(path)
        self._partial = f"{self._path}.part"
        self._progress = progress
        self._patience = Patience(_PATIENCE_SECONDS)
        self._written = 0
        self._total: int | None = None
        self._etag: str | None = None

    def __enter__(self) -> _Saving:
        self._file = open(self._partial, "wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if os.path.exists(self._partial):
            os.remove(self._partial)

    def rest_of(self, call: Call) -> Call:
        """Asks for what is missing, if the server still has the same; else for all of it."""
        if self._etag is None or self._written == 0:
            return call
        rest = _ranged(call, self._written, None)
        return replace(rest, headers={**rest.headers, "if-range": self._etag})

    def begin(self, response: httpx.Response) -> None:
        if response.status_code != 206:
            self._file.seek(0)
            self._file.truncate()
            self._written = 0
            length = response.headers.get("content-length")
            is_plain = "content-encoding" not in response.headers
            self._total = int(length) if length is not None and is_plain else None
            etag = response.headers.get("etag")
            # Only of what is the same to the byte the rest can be had.
            self._etag = etag if etag is not None and is_plain and not etag.startswith("W/") else None

    def write(self, chunk: bytes) -> None:
        self._patience.heard()
        self._file.write(chunk)
        self._written += len(chunk)
        if self._progress is not None:
            self._progress(self._written, self._total)

    def pause(self, error: ApiConnectionError) -> float:
        """Seconds to wait before the rest is asked for. Raises `error` after a while."""
        self.is_whole = self._written == self._total
        return 0.0 if self.is_whole else self._patience.pause(error)

    def finish(self) -> int:
        self._file.close()
        os.replace(self._partial, self._path)
        return self._written


def _ranged(call: Call, offset: int, length: int | None) -> Call:
    if offset == 0 and length is None:
        return call
    last = "" if length is None else offset + length - 1
    return replace(call, headers={**call.headers, "range": f"bytes={offset}-{last}"})


def _cut(response: httpx.Response, offset: int, length: int | None) -> bytes:
    """A server may answer a range with all there is."""
    content = response.content
    if response.status_code == 206:
        return content
    return content[offset:] if length is None else content[offset : offset + length]
