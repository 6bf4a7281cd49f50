from __future__ import annotations

import asyncio
import threading
import unittest
from typing import Any, Iterator
from unittest import mock

import taskyard
from taskyard import Entry, Taskyard
from tests.yard import EXAMPLE, Proxy, async_client, plain_answer, quickly, sync_client

QUICKLY = mock.patch("taskyard._retry.backoff", quickly)
ENTRIES = 60
BATCH = 6


class Run:
    """A run that writes its log while it is followed."""

    def __init__(self, client: Taskyard) -> None:
        self._client = client
        task = client.agent_tasks.create_agent_task({"title": "Count"})
        run = client.agent_runs.create_agent_run(task["id"], {"status": "in_progress"})
        self.ids = (task["id"], run["id"])

    def write(self, first: int, count: int) -> None:
        text = "\u2028 ünïcode\n" * 3
        entries: list[dict[str, Any]] = [{"type": "x", "n": n, "text": text} for n in range(first, first + count)]
        self._client.agent_runs.append_agent_run_log(*self.ids, {"entries": entries})

    def write_all(self) -> None:
        for first in range(0, ENTRIES, BATCH):
            self.write(first, BATCH)
        self.end()

    def end(self) -> None:
        self._client.agent_runs.update_agent_run(*self.ids, {"status": "completed"})


def numbers(entries: Iterator[Entry] | list[Entry]) -> list[int]:
    return [entry.data["n"] for entry in entries if "n" in entry.data]


class Runs(unittest.TestCase):
    def setUp(self) -> None:
        self.client = sync_client()
        self.addCleanup(self.client.close)
        self.run_ = Run(self.client)

    def test_every_entry_comes_once_and_in_order_until_the_end(self) -> None:
        writer = threading.Thread(target=self.run_.write_all)
        writer.start()
        entries = list(self.client.follow_run(*self.run_.ids))
        writer.join()
        self.assertEqual(numbers(entries), list(range(ENTRIES)))
        self.assertEqual(entries[-1].data["status"], "completed")
        self.assertTrue(all(entry.id for entry in entries))
        half = [entry for entry in entries if "n" in entry.data][ENTRIES // 2]
        self.assertEqual(numbers(self.client.follow_run(*self.run_.ids, after=half.id)), list(range(31, ENTRIES)))

    def test_connections_may_break_wherever_they_like(self) -> None:
        self.run_.write_all()
        with Proxy() as proxy, sync_client(proxy.url) as client, QUICKLY:
            proxy.most_bytes = 2_501
            self.assertEqual(numbers(client.follow_run(*self.run_.ids)), list(range(ENTRIES)))
            self.assertGreater(proxy.connections, 3)

    def test_nothing_is_lost_or_repeated_while_the_run_goes_on(self) -> None:
        with Proxy() as proxy, sync_client(proxy.url) as client, QUICKLY:
            got: list[int] = []
            self.run_.write(0, BATCH)
            for entry in client.follow_run(*self.run_.ids):
                if "n" not in entry.data:
                    continue
                got.append(entry.data["n"])
                if len(got) % BATCH == 0:
                    proxy.cut()
                    if len(got) < ENTRIES:
                        self.run_.write(len(got), BATCH)
                    else:
                        self.run_.end()
            self.assertEqual(got, list(range(ENTRIES)))
            self.assertGreaterEqual(proxy.connections, ENTRIES // BATCH)

    def test_a_connection_that_the_server_ends_is_opened_anew_at_once(self) -> None:
        self.run_.write_all()
        entries = list(self.client.follow_run(*self.run_.ids))
        place = [entry.id for entry in entries if entry.data.get("n") == 40][0]
        with Proxy() as proxy, sync_client(proxy.url) as client, mock.patch("time.sleep") as sleep:
            proxy.answers = [plain_answer("200 OK", f'id: {place}\nevent: end\ndata: {{"type":"rotated"}}\n\n')]
            self.assertEqual(numbers(client.follow_run(*self.run_.ids)), list(range(41, ENTRIES)))
            sleep.assert_called_once_with(0.0)

    def test_what_came_before_a_stream_begins_anew_is_not_lost(self) -> None:
        frames = 'id: 7\ndata: {"n": 7}\n\nevent: end\nid: 3\ndata: {"type":"resync"}\n\n'
        with Proxy() as proxy, sync_client(proxy.url) as client:
            proxy.answers = [plain_answer("200 OK", frames)]
            got: list[int] = []
            with self.assertRaises(taskyard.StreamResetError) as reset:
                for entry in client.follow_run(*self.run_.ids):
                    got.append(entry.data["n"])
            self.assertEqual((got, reset.exception.offset), ([7], "3"))

    def test_latest_leaves_out_what_is_there(self) -> None:
        self.run_.write(0, 3)
        follower = self.client.follow_run(*self.run_.ids, start="latest")
        later = threading.Timer(0.3, lambda: (self.run_.write(3, 3), self.run_.end()))
        later.start()
        self.assertEqual(numbers(follower), [3, 4, 5])
        later.join()

    def test_an_unknown_place_is_told_of(self) -> None:
        with self.assertRaises(taskyard.StreamResetError) as reset:
            list(self.client.follow_run(*self.run_.ids, after="9999999999999999"))
        self.run_.write_all()
        again = self.client.follow_run(*self.run_.ids, after=reset.exception.offset)
        self.assertEqual(numbers(again), list(range(ENTRIES)))

    def test_what_lasts_is_raised(self) -> None:
        with self.assertRaises(taskyard.NotFoundError):
            list(self.client.follow_run(self.run_.ids[0], self.run_.ids[0]))
        with Proxy() as proxy:
            url = proxy.url
        with sync_client(url, max_retries=0) as client, QUICKLY, self.assertRaises(taskyard.ApiConnectionError):
            list(client.follow_run(*self.run_.ids, patience=0.05))
        with Proxy() as proxy, sync_client(proxy.url, max_retries=0) as client, QUICKLY:
            proxy.answers = [plain_answer("503 Service Unavailable", "{}", "Retry-After: 0\r\n")]
            self.run_.write_all()
            self.assertEqual(numbers(client.follow_run(*self.run_.ids)), list(range(ENTRIES)))


class Commands(unittest.TestCase):
    def test_output_comes_whole_over_broken_connections(self) -> None:
        with Proxy() as proxy, sync_client(proxy.url) as client, QUICKLY:
            environment = client.environments.create_environment({"task_ref": EXAMPLE})
            token = environment["execute_token"]
            assert token is not None
            one = environment["id"]
            command = client.environments.start_environment_command(
                one, {"command": "seq 1 20000; exit 3"}, environment_token=token
            )
            output = client.follow_command(one, command["command_id"], token)
            proxy.lost_answers = 2
            proxy.cut()
            written = b"".join(piece.data for piece in output)
            self.assertEqual(written.split(), [str(n).encode() for n in range(1, 20_001)])
            self.assertEqual((output.status, output.exit_code, output.offset), ("exited", 3, len(written)))
            rest = client.follow_command(one, command["command_id"], token, offset=100)
            self.assertEqual(b"".join(piece.data for piece in rest), written[100:])
            client.environments.delete_environment(one)


class Awaited(unittest.IsolatedAsyncioTestCase):
    async def test_runs_and_evaluations_and_commands(self) -> None:
        with Proxy() as proxy, sync_client() as writer, QUICKLY:
            async with async_client(proxy.url) as client:
                run = Run(writer)
                writing = asyncio.create_task(asyncio.to_thread(run.write_all))
                proxy.most_bytes = 4_001
                entries = [entry async for entry in client.follow_run(*run.ids)]
                await writing
                self.assertEqual(numbers(entries), list(range(ENTRIES)))
                proxy.most_bytes = None

                evaluation = await client.evaluations.create_evaluation(
                    {"name": "first", "model": "none", "task_names": [EXAMPLE], "agent": "oracle", "attempts": 2}
                )
                seen: list[Any] = []
                async for event in client.follow_evaluation(evaluation["id"]):
                    seen.append(event.data)
                    if len(seen) == 3:
                        proxy.cut()
                passed = [e for e in seen if e["type"] == "item" and e["item"]["item_status"] == "passed"]
                self.assertEqual(sorted(e["item"]["attempt"] for e in passed), [1, 2])
                self.assertEqual(seen[-1]["type"], "evaluation-end")
                detail = await client.evaluations.get_evaluation(evaluation["id"])
                self.assertEqual((detail["status"], detail["pass_rate"]), ("completed", 1))

                environment = await client.environments.create_environment({"task_ref": EXAMPLE})
                token = environment["execute_token"]
                assert token is not None
                command = await client.environments.start_environment_command(
                    environment["id"], {"command": "echo done"}, environment_token=token
                )
                output = client.follow_command(environment["id"], command["command_id"], token)
                self.assertEqual([piece.data async for piece in output], [b"done\n"])
                self.assertEqual(output.exit_code, 0)
                await client.environments.delete_environment(environment["id"])
