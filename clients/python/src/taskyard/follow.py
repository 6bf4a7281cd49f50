"""Follows live streams, and the output of commands."""

from __future__ import annotations

import asyncio
import time
from typing import AsyncIterator, Iterator

from ._following import STREAM_TIMEOUT, Entry, Following
from ._output import Output, OutputReading
from ._transport import AsyncTransport, Transport
from .errors import ApiConnectionError, ApiError

__all__ = ["AsyncCommandOutput", "CommandOutput", "Entry", "Output", "follow_stream", "follow_stream_async"]


def follow_stream(transport: Transport, following: Following) -> Iterator[Entry]:
    """The entries, until the stream has ended."""
    while not following.is_over:
        failure: ApiError | ApiConnectionError | None = None
        try:
            with transport.open(following.next_call(), STREAM_TIMEOUT) as response:
                if following.is_poll:
                    yield from following.take_poll(response.read())
                else:
                    for chunk in response.iter_bytes():
                        yield from following.take(chunk)
                        if following.is_ended:
                            break
        except (ApiError, ApiConnectionError) as error:
            failure = error
        if not following.is_over:
            time.sleep(following.pause(failure))


async def follow_stream_async(transport: AsyncTransport, following: Following) -> AsyncIterator[Entry]:
    """The entries, until the stream has ended."""
    while not following.is_over:
        failure: ApiError | ApiConnectionError | None = None
        try:
            async with transport.open(following.next_call(), STREAM_TIMEOUT) as response:
                if following.is_poll:
                    for entry in following.take_poll(await response.aread()):
                        yield entry
                else:
                    async for chunk in response.aiter_bytes():
                        for entry in following.take(chunk):
                            yield entry
                        if following.is_ended:
                            break
        except (ApiError, ApiConnectionError) as error:
            failure = error
        if not following.is_over:
            await asyncio.sleep(following.pause(failure))


class CommandOutput(OutputReading):
    """
    What a command writes, as it comes: `for output in client.follow_command(…)`. When that is over, `status` and `exit_code`
    say how the command ended.
    """

    def __init__(self, transport: Transport, reading: OutputReading) -> None:
        super().__init__(reading.call, reading.offset, reading.patience)
        self._transport = transport

    def __iter__(self) -> Iterator[Output]:
        while not self.is_over:
            try:
                with self._transport.open(self.next_call(), STREAM_TIMEOUT) as response:
                    output = self.take(response.headers, response.read())
            except (ApiError, ApiConnectionError) as error:
                time.sleep(self.patience.pause(error))
                continue
            if output is not None:
                yield output


class AsyncCommandOutput(OutputReading):
    """
    What a command writes, as it comes: `async for output in client.follow_command(…)`. When that is over, `status` and
    `exit_code` say how the command ended.
    """

    def __init__(self, transport: AsyncTransport, reading: OutputReading) -> None:
        super().__init__(reading.call, reading.offset, reading.patience)
        self._transport = transport

    async def __aiter__(self) -> AsyncIterator[Output]:
        while not self.is_over:
            try:
                async with self._transport.open(self.next_call(), STREAM_TIMEOUT) as response:
                    output = self.take(response.headers, await response.aread())
            except (ApiError, ApiConnectionError) as error:
                await asyncio.sleep(self.patience.pause(error))
                continue
            if output is not None:
                yield output
