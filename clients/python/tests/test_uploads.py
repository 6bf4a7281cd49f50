from __future__ import annotations

import os
import tempfile
import unittest
import uuid
from typing import Any
from unittest import mock

import taskyard
from taskyard._transport import AsyncTransport, Transport
from tests.yard import async_client, sync_client, write_archive

SIZE = 11_000_000
"""More than two parts of the server of the tests: 5 MiB each."""


class Uploads(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.task = f"python-{uuid.uuid4().hex[:8]}"

    def archive(self, version: str, **options: Any) -> str:
        return write_archive(os.path.join(self.folder, f"{version}.zip"), self.task, version, **options)

    def test_an_upload_that_broke_off_goes_on_and_its_bytes_are_the_same(self) -> None:
        archive = self.archive("1.0.0", size=SIZE)
        size = os.path.getsize(archive)
        with sync_client() as client:
            sent: list[int] = []
            send = Transport.json

            def break_off(transport: Transport, call: Any) -> Any:
                if call.method == "PUT" and call.path["part_number"] == 3:
                    raise KeyboardInterrupt
                return send(transport, call)

            with mock.patch.object(Transport, "json", break_off), self.assertRaises(KeyboardInterrupt):
                client.upload_task_version(self.task, "1.0.0", archive, parallel=1)

            def count(transport: Transport, call: Any) -> Any:
                if call.method == "PUT":
                    sent.append(call.path["part_number"])
                return send(transport, call)

            progress: list[tuple[int, int]] = []
            with mock.patch.object(Transport, "json", count):
                task = client.upload_task_version(
                    self.task, "1.0.0", archive, progress=lambda done, total: progress.append((done, total))
                )
            self.assertEqual(sent, [3])
            self.assertEqual(progress[-1], (size, size))
            self.assertEqual(task["version"], "1.0.0")
            with open(archive, "rb") as file:
                self.assertEqual(client.task_registry.download_task_archive(self.task, "1.0.0").read(), file.read())
            with mock.patch.object(Transport, "json", count):
                sent.clear()
                self.assertEqual(client.upload_task_version(self.task, "1.0.0", archive)["version"], "1.0.0")
            self.assertEqual(sent, [])

    def test_what_is_wrong_in_an_archive_is_told(self) -> None:
        wrong = self.archive("1.0.1", yaml="name: another\nversion: 1.0.1\ninstruction: Wait.\nverification: {script: v.sh}\n")
        with sync_client() as client, self.assertRaises(taskyard.ArchiveRefusedError) as refused:
            client.upload_task_version(self.task, "1.0.1", wrong)
        self.assertIn("name_mismatch", {problem.type for problem in refused.exception.problems})
        with sync_client() as client, self.assertRaises(taskyard.ConflictError):
            client.upload_task_version("hello-flag", "1.0.0", self.archive("1.0.2"))

    async def test_the_same_is_awaited(self) -> None:
        archive = self.archive("1.1.0", size=SIZE)
        async with async_client() as client:
            send = AsyncTransport.json

            async def break_off(transport: AsyncTransport, call: Any) -> Any:
                if call.method == "PUT" and call.path["part_number"] == 3:
                    raise taskyard.ApiConnectionError("gone")
                return await send(transport, call)

            with mock.patch.object(AsyncTransport, "json", break_off), self.assertRaises(taskyard.ApiConnectionError):
                await client.upload_task_version(self.task, "1.1.0", archive)
            progress: list[int] = []
            task = await client.upload_task_version(
                self.task, "1.1.0", archive, progress=lambda done, _: progress.append(done)
            )
            self.assertEqual((task["version"], progress[-1]), ("1.1.0", os.path.getsize(archive)))
            self.assertEqual(progress, sorted(progress))
