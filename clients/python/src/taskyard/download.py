"""Bytes that are read as they come."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Union

import httpx

from ._call import Call

if TYPE_CHECKING:
    from ._transport import AsyncTransport, Transport

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
        with self._transport.open(_ranged(self._call, offset, length)) as response:
            return _cut(response, response.read(), offset, length)

    def open(self) -> AbstractContextManager[httpx.Response]:
        """The answer, of which `iter_bytes()` are the bytes as they come: `with download.open() as response: …`."""
        return self._transport.open(self._call)

    def save(self, path: StrPath, *, progress: Progress | None = None) -> int:
        """Writes it to a file, which is there when all of it has come; how many bytes these are."""
        with _Saving(path, progress) as saving, self.open() as response:
            saving.begin(response)
            for chunk in response.iter_bytes():
                saving.write(chunk)
            return saving.finish()


class AsyncDownload:
    """A file that the server has. Each of these methods asks for it anew."""

    def __init__(self, transport: AsyncTransport, call: Call) -> None:
        self._transport = transport
        self._call = call

    async def read(self, *, offset: int = 0, length: int | None = None) -> bytes:
        """All of it, or `length` bytes from `offset` on."""
        async with self._transport.open(_ranged(self._call, offset, length)) as response:
            return _cut(response, await response.aread(), offset, length)

    def open(self) -> AbstractAsyncContextManager[httpx.Response]:
        """The answer, of which `aiter_bytes()` are the bytes as they come: `async with download.open() as response: …`."""
        return self._transport.open(self._call)

    async def save(self, path: StrPath, *, progress: Progress | None = None) -> int:
        """Writes it to a file, which is there when all of it has come; how many bytes these are."""
        with _Saving(path, progress) as saving:
            async with self.open() as response:
                saving.begin(response)
                async for chunk in response.aiter_bytes():
                    saving.write(chunk)
                return saving.finish()


class _Saving:
    """A file that gets its name when it is whole, and is removed if it never is."""

    def __init__(self, path: StrPath, progress: Progress | None) -> None:
        self._path = os.fspath(path)
        self._partial = f"{self._path}.part"
        self._progress = progress
        self._written = 0
        self._total: int | None = None

    def __enter__(self) -> _Saving:
        self._file = open(self._partial, "wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if os.path.exists(self._partial):
            os.remove(self._partial)

    def begin(self, response: httpx.Response) -> None:
        length = response.headers.get("content-length")
        self._total = None if length is None or "content-encoding" in response.headers else int(length)

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._written += len(chunk)
        if self._progress is not None:
            self._progress(self._written, self._total)

    def finish(self) -> int:
        self._file.close()
        os.replace(self._partial, self._path)
        return self._written


def _ranged(call: Call, offset: int, length: int | None) -> Call:
    if offset == 0 and length is None:
        return call
    last = "" if length is None else offset + length - 1
    return replace(call, headers={**call.headers, "range": f"bytes={offset}-{last}"})


def _cut(response: httpx.Response, content: bytes, offset: int, length: int | None) -> bytes:
    """A server may answer a range with all there is."""
    if response.status_code == 206:
        return content
    return content[offset:] if length is None else content[offset : offset + length]
