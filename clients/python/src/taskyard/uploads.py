"""Uploads archives in parts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator

from ._call import Call
from ._transport import AsyncTransport, Transport
from .api.models import TaskDetail, TaskUpload, TaskUploadPart, TaskUploadStart
from .api.task_registry import AsyncTaskRegistryCalls, TaskRegistryCalls
from .api.task_uploads import AsyncTaskUploadsCalls, TaskUploadsCalls
from .download import StrPath
from .errors import ArchiveRefusedError, problems_of

UploadProgress = Callable[[int, int], None]
"""Called with the bytes that the server has, and with how many there are."""

_HASHED_BYTES = 1024 * 1024
_FIRST_LOOK_SECONDS = 0.2
_LONGEST_LOOK_SECONDS = 3.0


class Archive:
    """An archive on this machine, to be published as a version of a task."""

    def __init__(self, path: StrPath, name: str, version: str, org: str | None, strip: bool) -> None:
        self.path = os.fspath(path)
        self.name = name
        self.version = version
        self.org = org
        self.strip = strip
        self.size = os.path.getsize(self.path)
        self.sha256 = self._digest()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        with open(self.path, "rb") as file:
            while chunk := file.read(_HASHED_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def start(self) -> TaskUploadStart:
        """What begins its upload."""
        return {"size": self.size, "sha256": self.sha256, "strip": self.strip}

    def is_in(self, upload: TaskUpload) -> bool:
        """Whether an upload that was begun before is one of this archive. It does not say how paths begin there."""
        same = upload["size"] == self.size and upload["sha256"] == self.sha256
        return same and self.strip and upload["state"] in ("open", "verifying")


class PartsToSend:
    """The parts that the server does not have yet, or has otherwise. Counts what it has; used by several threads."""

    def __init__(
        self, archive: Archive, upload: TaskUpload, there: list[TaskUploadPart], progress: UploadProgress | None
    ) -> None:
        self._archive = archive
        self._upload = upload
        self._part_size = upload["part_size"] or archive.size
        self._there = {part["part_number"]: part["sha256"] for part in there}
        self._progress = progress
        self._lock = threading.Lock()
        self._bytes = 0

    def calls(self) -> Iterator[Callable[[], Call | None]]:
        """For each part what reads it, and gives the call that sends it; None where the server has it."""
        for number in range(1, (self._upload["parts"] or 0) + 1):
            yield lambda number=number: self._call(number)

    def _call(self, number: int) -> Call | None:
        with open(self._archive.path, "rb") as file:
            file.seek((number - 1) * self._part_size)
            content = file.read(self._part_size)
        digest = hashlib.sha256(content)
        if self._there.get(number) == digest.hexdigest():
            self.count(len(content))
            return None
        return Call(
            "PUT",
            "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts/{part_number}",
            path={
                "org": self._archive.org,
                "name": self._archive.name,
                "version": self._archive.version,
                "upload_id": self._upload["id"],
                "part_number": number,
            },
            headers={"content-digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"},
            content=content,
            content_type="application/octet-stream",
        )

    def count(self, size: int) -> None:
        """The server has so many bytes more."""
        with self._lock:
            self._bytes += size
            if self._progress is not None:
                self._progress(self._bytes, self._archive.size)


def upload_task_version(
    transport: Transport, archive: Archive, parallel: int, progress: UploadProgress | None
) -> TaskDetail:
    """Uploads an archive, or what is missing of it, and waits until it is published."""
    uploads, registry = TaskUploadsCalls(transport), TaskRegistryCalls(transport)
    place: Any = {"org": archive.org}
    begun = uploads.iter_task_uploads(archive.name, archive.version, **place)
    upload = next((upload for upload in begun if archive.is_in(upload)), None)
    if upload is None:
        started = uploads.start_task_upload(archive.name, archive.version, archive.start(), **place)
        if "part_size" not in started:
            return started
        upload = started
    names = (archive.name, archive.version, upload["id"])
    if upload["state"] == "open":
        parts = PartsToSend(archive, upload, list(uploads.iter_task_upload_parts(*names, **place)), progress)

        def send(read: Callable[[], Call | None]) -> None:
            call = read()
            if call is not None:
                transport.json(call)
                parts.count(len(call.content) if isinstance(call.content, bytes) else 0)

        with ThreadPoolExecutor(max_workers=parallel) as pool:
            sending = [pool.submit(send, read) for read in parts.calls()]
            try:
                for each in sending:
                    each.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        upload = uploads.complete_task_upload(*names, {"sha256": archive.sha256}, **place)
    delay = _FIRST_LOOK_SECONDS
    while not _is_published(upload):
        time.sleep(delay)
        delay = min(_LONGEST_LOOK_SECONDS, delay * 2)
        upload = uploads.get_task_upload(*names, **place)
    return registry.get_task_version(archive.name, archive.version, **place)


async def upload_task_version_async(
    transport: AsyncTransport, archive: Archive, parallel: int, progress: UploadProgress | None
) -> TaskDetail:
    """Uploads an archive, or what is missing of it, and waits until it is published."""
    uploads, registry = AsyncTaskUploadsCalls(transport), AsyncTaskRegistryCalls(transport)
    place: Any = {"org": archive.org}
    upload: TaskUpload | None = None
    async for begun in uploads.iter_task_uploads(archive.name, archive.version, **place):
        if archive.is_in(begun):
            upload = begun
            break
    if upload is None:
        started = await uploads.start_task_upload(archive.name, archive.version, archive.start(), **place)
        if "part_size" not in started:
            return started
        upload = started
    names = (archive.name, archive.version, upload["id"])
    if upload["state"] == "open":
        there = [part async for part in uploads.iter_task_upload_parts(*names, **place)]
        parts = PartsToSend(archive, upload, there, progress)
        waiting = parts.calls()

        async def send() -> None:
            for read in waiting:
                call = await asyncio.to_thread(read)
                if call is not None:
                    await transport.json(call)
                    parts.count(len(call.content) if isinstance(call.content, bytes) else 0)

        sending = [asyncio.ensure_future(send()) for _ in range(parallel)]
        try:
            await asyncio.gather(*sending)
        finally:
            for each in sending:
                each.cancel()
        upload = await uploads.complete_task_upload(*names, {"sha256": archive.sha256}, **place)
    delay = _FIRST_LOOK_SECONDS
    while not _is_published(upload):
        await asyncio.sleep(delay)
        delay = min(_LONGEST_LOOK_SECONDS, delay * 2)
        upload = await uploads.get_task_upload(*names, **place)
    return await registry.get_task_version(archive.name, archive.version, **place)


def _is_published(upload: TaskUpload) -> bool:
    """Raises ArchiveRefusedError where it never will be."""
    if upload["state"] == "refused":
        raise ArchiveRefusedError(problems_of(upload["problems"]))
    return upload["state"] == "accepted"
