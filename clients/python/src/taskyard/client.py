"""The two clients: one that waits for answers, and one that has them awaited."""

from __future__ import annotations

import asyncio
import os
from typing import AsyncIterator, Iterator, Literal

import httpx

from ._call import Call
from ._connection import Connection
from ._following import Entry, Following
from ._output import OutputReading
from ._patience import Patience
from ._transport import AsyncTransport, Transport
from .api.groups import Api, AsyncApi
from .api.models import TaskDetail
from .download import StrPath
from .follow import AsyncCommandOutput, CommandOutput, follow_stream, follow_stream_async
from .uploads import Archive, UploadProgress, upload_task_version, upload_task_version_async

_TIMEOUT_SECONDS = 60.0
_CONNECT_TIMEOUT_SECONDS = 10.0
_PATIENCE_SECONDS = 300.0
_PARALLEL_PARTS = 4

Start = Literal["latest"]


class Taskyard(Api):
    """
    A client of a Taskyard server. `base_url` and `api_key` are taken from `TASKYARD_URL` and `TASKYARD_API_KEY` where they are
    not given; `org`, `ws` and `project_id` are what calls use that name none.

    `timeout` is in seconds, and counts anew with each piece of an answer; `max_retries` is how often a call is sent again. It
    may be used by several threads, and is closed by `close()` or at the end of a `with` block. An `http_client` of your own
    (proxies, certificates) is left open.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        org: str | None = None,
        ws: str | None = None,
        project_id: str | int = "@current",
        timeout: float = _TIMEOUT_SECONDS,
        max_retries: int = 4,
        http_client: httpx.Client | None = None,
    ) -> None:
        connection = _connection(base_url, api_key, org, ws, project_id, timeout, max_retries)
        self._own = httpx.Client() if http_client is None else None
        self._transport = Transport(connection, http_client or self._own or httpx.Client())
        super().__init__(self._transport)

    def close(self) -> None:
        """Closes its connections."""
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Taskyard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def follow_run(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        after: str | None = None,
        start: Start | None = None,
        attempt: int | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> Iterator[Entry]:
        """
        What happened in a run, then what happens, until it has ended: every entry once and in order, also when connections
        break. `after` is the `id` of the last entry that you have; `start="latest"` leaves out what is there already.

        `patience`: seconds without a word from the server after which the last failure is raised.

        Raises StreamResetError where `after` is unknown to the server, ApiError and ApiConnectionError.
        """
        return follow_stream(self._transport, _run(task_id, run_id, project_id, after, start, attempt, patience))

    def follow_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        after: str | None = None,
        start: Start | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> Iterator[Entry]:
        """The events of an evaluation until it has ended, as `follow_run` has those of a run."""
        return follow_stream(self._transport, _evaluation(evaluation_id, org, ws, after, start, patience))

    def follow_command(
        self,
        environment_id: str,
        command_id: str,
        environment_token: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        offset: int = 0,
        patience: float = _PATIENCE_SECONDS,
    ) -> CommandOutput:
        """
        What a command writes, from `offset` bytes on, until it has ended and all was read. `environment_token` is the
        `execute_token` of its environment.
        """
        reading = _output(environment_id, command_id, environment_token, org, ws, offset, patience)
        return CommandOutput(self._transport, reading)

    def upload_task_version(
        self,
        name: str,
        version: str,
        archive: StrPath,
        *,
        org: str | None = None,
        strip: bool = True,
        parallel: int = _PARALLEL_PARTS,
        progress: UploadProgress | None = None,
    ) -> TaskDetail:
        """
        Publishes a version from a zip archive, sent in parts, `parallel` of them at once, each with its SHA-256. One that was
        broken off is gone on with: call it again. Holds as many parts in memory as are sent at once.

        Raises ArchiveRefusedError with what is wrong in the archive.
        """
        return upload_task_version(self._transport, Archive(archive, name, version, org, strip), parallel, progress)


class AsyncTaskyard(AsyncApi):
    """
    A client of a Taskyard server whose calls are awaited, for asyncio. `base_url` and `api_key` are taken from `TASKYARD_URL` and
    `TASKYARD_API_KEY` where they are not given; `org`, `ws` and `project_id` are what calls use that name none.

    `timeout` is in seconds, and counts anew with each piece of an answer; `max_retries` is how often a call is sent again. It is
    closed by `aclose()` or at the end of an `async with` block. An `http_client` of your own (proxies, certificates) is left open.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        org: str | None = None,
        ws: str | None = None,
        project_id: str | int = "@current",
        timeout: float = _TIMEOUT_SECONDS,
        max_retries: int = 4,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        connection = _connection(base_url, api_key, org, ws, project_id, timeout, max_retries)
        self._own = httpx.AsyncClient() if http_client is None else None
        self._transport = AsyncTransport(connection, http_client or self._own or httpx.AsyncClient())
        super().__init__(self._transport)

    async def aclose(self) -> None:
        """Closes its connections."""
        if self._own is not None:
            await self._own.aclose()

    async def __aenter__(self) -> AsyncTaskyard:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def follow_run(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        after: str | None = None,
        start: Start | None = None,
        attempt: int | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> AsyncIterator[Entry]:
        """
        What happened in a run, then what happens, until it has ended: every entry once and in order, also when connections
        break. `after` is the `id` of the last entry that you have; `start="latest"` leaves out what is there already.

        `patience`: seconds without a word from the server after which the last failure is raised.

        Raises StreamResetError where `after` is unknown to the server, ApiError and ApiConnectionError.
        """
        return follow_stream_async(self._transport, _run(task_id, run_id, project_id, after, start, attempt, patience))

    def follow_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        after: str | None = None,
        start: Start | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> AsyncIterator[Entry]:
        """The events of an evaluation until it has ended, as `follow_run` has those of a run."""
        return follow_stream_async(self._transport, _evaluation(evaluation_id, org, ws, after, start, patience))

    def follow_command(
        self,
        environment_id: str,
        command_id: str,
        environment_token: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        offset: int = 0,
        patience: float = _PATIENCE_SECONDS,
    ) -> AsyncCommandOutput:
        """
        What a command writes, from `offset` bytes on, until it has ended and all was read. `environment_token` is the
        `execute_token` of its environment.
        """
        reading = _output(environment_id, command_id, environment_token, org, ws, offset, patience)
        return AsyncCommandOutput(self._transport, reading)

    async def upload_task_version(
        self,
        name: str,
        version: str,
        archive: StrPath,
        *,
        org: str | None = None,
        strip: bool = True,
        parallel: int = _PARALLEL_PARTS,
        progress: UploadProgress | None = None,
    ) -> TaskDetail:
        """
        Publishes a version from a zip archive, sent in parts, `parallel` of them at once, each with its SHA-256. One that was
        broken off is gone on with: call it again. Holds as many parts in memory as are sent at once.

        Raises ArchiveRefusedError with what is wrong in the archive.
        """
        read = await asyncio.to_thread(Archive, archive, name, version, org, strip)
        return await upload_task_version_async(self._transport, read, parallel, progress)


def _connection(
    base_url: str | None,
    api_key: str | None,
    org: str | None,
    ws: str | None,
    project_id: str | int,
    timeout: float,
    max_retries: int,
) -> Connection:
    base_url = base_url or os.environ.get("TASKYARD_URL")
    if not base_url:
        raise ValueError("base_url is missing: give it to the client, or set TASKYARD_URL.")
    return Connection(
        base_url=base_url.rstrip("/"),
        api_key=api_key or os.environ.get("TASKYARD_API_KEY"),
        settings={"org": org, "ws": ws, "project_id": project_id},
        timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT_SECONDS)),
        max_retries=max_retries,
    )


def _run(
    task_id: str,
    run_id: str,
    project_id: str | int | None,
    after: str | None,
    start: Start | None,
    attempt: int | None,
    patience: float,
) -> Following:
    call = Call(
        "GET",
        "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/stream",
        path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
        query={"attempt": attempt},
    )
    return Following(call, after, start, Patience(patience))


def _evaluation(
    evaluation_id: str, org: str | None, ws: str | None, after: str | None, start: Start | None, patience: float
) -> Following:
    call = Call(
        "GET",
        "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/events",
        path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
    )
    return Following(call, after, start, Patience(patience))


def _output(
    environment_id: str,
    command_id: str,
    environment_token: str,
    org: str | None,
    ws: str | None,
    offset: int,
    patience: float,
) -> OutputReading:
    call = Call(
        "GET",
        "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/output",
        path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
        headers={"X-Environment-Token": environment_token},
    )
    return OutputReading(call, offset, Patience(patience))
