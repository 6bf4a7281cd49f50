"""Sends calls: the part that waits for answers. What it does with them is in the modules it uses."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager
from typing import Any, AsyncGenerator, AsyncIterator, Generator, Iterator

import httpx

from ._answers import PageCursor, read_json
from ._body import Body
from ._call import Call
from ._connection import Connection
from ._retry import delay_after_answer, delay_after_loss
from .download import AsyncDownload, Download
from .errors import to_error


class Transport:
    """Sends calls, and waits for their answers. May be used by several threads."""

    def __init__(self, connection: Connection, http: httpx.Client) -> None:
        self.connection = connection
        self._http = http

    def json(self, call: Call) -> Any:
        """The answer's JSON."""
        return read_json(call, self.read(call))

    def read(self, call: Call) -> httpx.Response:
        """The answer, read."""
        return self._send(call, None, is_read=True)

    def nothing(self, call: Call) -> None:
        """Sends a call whose answer says nothing."""
        self.read(call)

    def headers(self, call: Call) -> httpx.Headers:
        """The answer's headers."""
        return self.read(call).headers

    def download(self, call: Call) -> Download:
        """A download that has not begun."""
        return Download(self, call)

    def pages(self, call: Call, rows: str | None, by: str) -> Iterator[Any]:
        """The rows of all pages."""
        cursor = PageCursor(call, rows, by)
        while not cursor.is_over:
            yield from cursor.take(self.json(cursor.next_call()))

    @contextmanager
    def open(self, call: Call, timeout: httpx.Timeout | None = None) -> Generator[httpx.Response, None, None]:
        """The answer, to be read; it is sent again as `_retry` says. Raises ApiError and ApiConnectionError."""
        response = self._send(call, timeout, is_read=False)
        try:
            yield response
        except httpx.RequestError as error:
            raise self.connection.lost(call, error) from error
        finally:
            response.close()

    def _send(self, call: Call, timeout: httpx.Timeout | None, *, is_read: bool) -> httpx.Response:
        body = Body(call)
        attempt = 0
        while True:
            try:
                request = self._http.build_request(**self.connection.request(call, body.sync(), timeout))
                response = self._http.send(request, stream=not is_read, follow_redirects=call.method == "GET")
                if response.status_code < 400:
                    return response
                content = response.read()
                response.close()
                delay = delay_after_answer(call, response.status_code, response.headers, attempt)
                failure = to_error(call.method, request.url.path, response.status_code, response.headers, content)
            except httpx.RequestError as error:
                delay = delay_after_loss(call, error, attempt)
                failure = self.connection.lost(call, error)
            if delay is None or attempt >= self.connection.max_retries:
                raise failure
            time.sleep(delay)
            attempt += 1


class AsyncTransport:
    """Sends calls, and has their answers awaited."""

    def __init__(self, connection: Connection, http: httpx.AsyncClient) -> None:
        self.connection = connection
        self._http = http

    async def json(self, call: Call) -> Any:
        """The answer's JSON."""
        return read_json(call, await self.read(call))

    async def read(self, call: Call) -> httpx.Response:
        """The answer, read."""
        return await self._send(call, None, is_read=True)

    async def nothing(self, call: Call) -> None:
        """Sends a call whose answer says nothing."""
        await self.read(call)

    async def headers(self, call: Call) -> httpx.Headers:
        """The answer's headers."""
        return (await self.read(call)).headers

    def download(self, call: Call) -> AsyncDownload:
        """A download that has not begun."""
        return AsyncDownload(self, call)

    async def pages(self, call: Call, rows: str | None, by: str) -> AsyncIterator[Any]:
        """The rows of all pages."""
        cursor = PageCursor(call, rows, by)
        while not cursor.is_over:
            for row in cursor.take(await self.json(cursor.next_call())):
                yield row

    @asynccontextmanager
    async def open(
        self, call: Call, timeout: httpx.Timeout | None = None
    ) -> AsyncGenerator[httpx.Response, None]:
        """The answer, to be read; it is sent again as `_retry` says. Raises ApiError and ApiConnectionError."""
        response = await self._send(call, timeout, is_read=False)
        try:
            yield response
        except httpx.RequestError as error:
            raise self.connection.lost(call, error) from error
        finally:
            await response.aclose()

    async def _send(self, call: Call, timeout: httpx.Timeout | None, *, is_read: bool) -> httpx.Response:
        body = Body(call)
        attempt = 0
        while True:
            try:
                request = self._http.build_request(**self.connection.request(call, body.asynchronous(), timeout))
                response = await self._http.send(request, stream=not is_read, follow_redirects=call.method == "GET")
                if response.status_code < 400:
                    return response
                content = await response.aread()
                await response.aclose()
                delay = delay_after_answer(call, response.status_code, response.headers, attempt)
                failure = to_error(call.method, request.url.path, response.status_code, response.headers, content)
            except httpx.RequestError as error:
                delay = delay_after_loss(call, error, attempt)
                failure = self.connection.lost(call, error)
            if delay is None or attempt >= self.connection.max_retries:
                raise failure
            await asyncio.sleep(delay)
            attempt += 1
