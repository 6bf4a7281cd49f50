from __future__ import annotations

import os
import tempfile
import unittest
import uuid
from typing import Any
from unittest import mock

import taskyard
from tests.yard import EXAMPLE, KEY, ORG, URL, Proxy, async_client, plain_answer, quickly, sync_client, write_archive

QUICKLY = mock.patch("taskyard._retry.backoff", quickly)


class Calls(unittest.TestCase):
    def test_calls_take_what_they_leave_out_from_the_client(self) -> None:
        with sync_client() as client:
            self.assertEqual(client.account.get_account()["organization"]["key"], ORG)
            self.assertEqual(client.task_registry.get_task(EXAMPLE)["name"], EXAMPLE)
            self.assertEqual(client.task_registry.get_task(EXAMPLE, org=ORG)["name"], EXAMPLE)
        with taskyard.Taskyard(URL, KEY) as client, self.assertRaisesRegex(ValueError, "org is missing"):
            client.task_registry.list_tasks()

    def test_settings_may_come_from_the_environment(self) -> None:
        with mock.patch.dict(os.environ, {"TASKYARD_URL": URL + "/", "TASKYARD_API_KEY": KEY}):
            with taskyard.Taskyard() as client:
                self.assertIn("username", client.account.get_account())
        with mock.patch.dict(os.environ, clear=True), self.assertRaisesRegex(ValueError, "TASKYARD_URL"):
            taskyard.Taskyard()

    def test_errors_have_a_class_and_what_the_envelope_says(self) -> None:
        with sync_client() as client:
            with self.assertRaises(taskyard.NotFoundError) as missing:
                client.task_registry.get_task("no-such-task")
            self.assertEqual((missing.exception.status, missing.exception.code), (404, "not_found_error"))
            self.assertTrue(missing.exception.request_id)
            with self.assertRaises(taskyard.ValidationError) as invalid:
                client.administration.create_project({"key": "No Key", "name": ""})
            self.assertEqual({problem.loc for problem in invalid.exception.problems}, {("body", "key"), ("body", "name")})
            with self.assertRaises(taskyard.BadRequestError) as wrong:
                client.agent_tasks.create_agent_task({"title": "x" * 300})
            self.assertEqual((wrong.exception.code, wrong.exception.attr), ("max_length", "title"))
            with self.assertRaises(taskyard.NotFoundError) as file:
                client.workflow_files.get_workflow_task(999_999)
            self.assertTrue(file.exception.detail)
        with taskyard.Taskyard(URL, "ty_wrong") as client, self.assertRaises(taskyard.AuthenticationError) as refused:
            client.account.get_account()
        self.assertNotIn("ty_wrong", f"{refused.exception} {refused.exception.body}")

    def test_lists_are_gone_through_page_by_page(self) -> None:
        with sync_client() as client:
            made = [client.administration.create_project({"key": f"p{n}-{uuid.uuid4().hex[:8]}", "name": "P"}) for n in range(3)]
            found = list(client.administration.iter_projects(limit=2))
            self.assertEqual(len({project["id"] for project in found}), len(found))
            self.assertLessEqual({project["id"] for project in made}, {project["id"] for project in found})
            place: Any = {"project_id": made[0]["number"]}
            tasks = [client.agent_tasks.create_agent_task({"title": f"t{n}"}, **place)["id"] for n in range(5)]
            listed = [task["id"] for task in client.agent_tasks.iter_agent_tasks(limit=2, **place)]
            self.assertEqual(listed, tasks[::-1])
            paths = [file["filename"] for file in client.task_registry.iter_task_files(EXAMPLE, limit=1)]
            whole = client.task_registry.list_task_files(EXAMPLE)["files"]
            self.assertEqual(paths, [file["filename"] for file in whole])
            self.assertGreater(len(paths), 1)
            names = [task["name"] for task in client.task_registry.iter_tasks(limit=1)]
            self.assertEqual(names.count(EXAMPLE), 1)

    def test_downloads_are_whole_or_in_part(self) -> None:
        with sync_client() as client, tempfile.TemporaryDirectory() as folder:
            readme = client.task_registry.read_task_file(EXAMPLE, "task.yaml")
            whole = readme.read()
            self.assertIn(b"verification", whole)
            self.assertEqual(readme.read(offset=3, length=10), whole[3:13])
            with readme.open() as response:
                self.assertEqual(b"".join(response.iter_bytes()), whole)
            seen: list[tuple[int, int | None]] = []
            target = os.path.join(folder, "task.yaml")
            size = readme.save(target, progress=lambda done, total: seen.append((done, total)))
            self.assertEqual((size, seen[-1][0]), (len(whole), len(whole)))
            with open(target, "rb") as file:
                self.assertEqual(file.read(), whole)
            with self.assertRaises(taskyard.NotFoundError):
                client.task_registry.read_task_file(EXAMPLE, "nothing").save(os.path.join(folder, "nothing"))
            self.assertEqual(os.listdir(folder), ["task.yaml"])

    def test_a_download_that_breaks_goes_on(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Proxy() as proxy, sync_client(proxy.url) as client, QUICKLY:
            name = f"python-{uuid.uuid4().hex[:8]}"
            source, target = os.path.join(folder, "source.zip"), os.path.join(folder, "target.zip")
            with open(write_archive(source, name, "1.0.0", size=500_000), "rb") as file:
                client.task_registry.publish_task_version(name, "1.0.0", file)
            proxy.cut()
            proxy.most_bytes = 200_000
            seen: list[int] = []
            archive = client.task_registry.download_task_archive(name, "1.0.0")
            archive.save(target, progress=lambda done, _: seen.append(done))
            self.assertEqual(seen, sorted(set(seen)))
            self.assertGreaterEqual(proxy.connections, 4)
            with open(source, "rb") as file, open(target, "rb") as other:
                self.assertEqual(file.read(), other.read())
            with self.assertRaises(taskyard.ApiConnectionError):
                archive.read()

    def test_an_environment_runs_commands_and_has_files(self) -> None:
        with sync_client() as client, tempfile.TemporaryFile() as file:
            environment = client.environments.create_environment({"task_ref": EXAMPLE})
            token = environment["execute_token"]
            assert token is not None
            one = environment["id"]
            file.write(b"skipped, 300 thousand bytes: " + b"x" * 300_000)
            file.seek(9)
            client.environments.write_environment_file(one, "tmp/in put.txt", file, environment_token=token)
            done = client.environments.execute_in_environment(
                one, {"command": "wc -c < '/tmp/in put.txt'"}, environment_token=token
            )
            self.assertEqual((done["exit_code"], done["output"].strip()), (0, str(300_000 + 20)))
            read = client.environments.read_environment_file(one, "tmp/in put.txt", environment_token=token).read(length=3)
            self.assertEqual(read, b"300")
            client.environments.delete_environment(one)
            with self.assertRaises(taskyard.ApiError):
                client.environments.execute_in_environment(one, {"command": "true"}, environment_token=token)


class Repetitions(unittest.TestCase):
    def test_a_call_whose_answer_was_lost_is_made_once(self) -> None:
        with Proxy() as proxy, sync_client(proxy.url) as client, QUICKLY:
            title = uuid.uuid4().hex
            proxy.lost_answers = 2
            task = client.agent_tasks.create_agent_task({"title": title})
            self.assertEqual(proxy.connections, 3)
            found = client.agent_tasks.list_agent_tasks(search=title)
            self.assertEqual([each["id"] for each in found["results"]], [task["id"]])
            proxy.cut()
            proxy.lost_answers = 1
            with self.assertRaises(taskyard.ApiConnectionError):
                client.administration.create_project({"key": f"p-{title[:8]}", "name": "P"})
            self.assertEqual(len([p for p in client.administration.iter_projects() if p["key"] == f"p-{title[:8]}"]), 1)

    def test_retry_after_is_respected(self) -> None:
        busy = plain_answer("503 Service Unavailable", "{}", "Retry-After: 0\r\n")
        with Proxy() as proxy, sync_client(proxy.url, max_retries=2) as client:
            proxy.answers = [busy, busy]
            client.administration.create_project({"key": f"p-{uuid.uuid4().hex[:8]}", "name": "P"})
            proxy.cut()
            proxy.answers = [busy] * 3
            with self.assertRaises(taskyard.ServerError) as error:
                client.account.get_account()
            self.assertEqual((error.exception.status, error.exception.retry_after), (503, "0"))
            proxy.answers = [plain_answer("429 Too Many Requests", "{}", "Retry-After: 3600\r\n")]
            with self.assertRaises(taskyard.RateLimitedError):
                client.account.get_account()
            with mock.patch("time.sleep") as sleep:
                proxy.answers = [plain_answer("429 Too Many Requests", "{}", "Retry-After: 7\r\n")]
                client.account.get_account()
                sleep.assert_called_once_with(7.0)

    def test_a_failure_that_comes_after_the_status_is_raised(self) -> None:
        body = '   {"code": 502, "detail": "The sandbox is lost", "type": "bad_gateway_error"}'
        with Proxy() as proxy, sync_client(proxy.url) as client:
            proxy.answers = [plain_answer("200 OK", body)]
            with self.assertRaises(taskyard.ServerError) as error:
                client.environments.execute_in_environment("x", {"command": "true"}, environment_token="x")
            self.assertEqual((error.exception.status, error.exception.code), (502, "bad_gateway_error"))

    def test_a_server_that_is_not_there_is_told_of(self) -> None:
        with Proxy() as proxy:
            url = proxy.url
        with sync_client(url, max_retries=1) as client, QUICKLY, self.assertRaises(taskyard.ApiConnectionError):
            client.account.get_account()


class AwaitedCalls(unittest.IsolatedAsyncioTestCase):
    async def test_the_same_calls_are_awaited(self) -> None:
        async with async_client() as client:
            self.assertEqual((await client.task_registry.get_task(EXAMPLE))["name"], EXAMPLE)
            with self.assertRaises(taskyard.NotFoundError):
                await client.task_registry.get_task("no-such-task")
            title = uuid.uuid4().hex
            made = {(await client.agent_tasks.create_agent_task({"title": f"{title} {n}"}))["id"] for n in range(3)}
            found = {task["id"] async for task in client.agent_tasks.iter_agent_tasks(limit=2, search=title)}
            self.assertEqual(found, made)

    async def test_files_are_sent_and_got(self) -> None:
        async with async_client() as client:
            environment = await client.environments.create_environment({"task_ref": EXAMPLE})
            token = environment["execute_token"]
            assert token is not None
            with tempfile.TemporaryDirectory() as folder:
                source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
                with open(source, "wb") as file:
                    file.write(os.urandom(400_000))
                with open(source, "rb") as file:
                    await client.environments.write_environment_file(
                        environment["id"], "tmp/data", file, environment_token=token
                    )
                download = client.environments.read_environment_file(
                    environment["id"], "tmp/data", environment_token=token
                )
                await download.save(target)
                with open(source, "rb") as file, open(target, "rb") as other:
                    self.assertEqual(file.read(), other.read())
                self.assertEqual(len(await download.read(offset=399_990)), 10)
            await client.environments.delete_environment(environment["id"])

    async def test_a_call_whose_answer_was_lost_is_made_once(self) -> None:
        with Proxy() as proxy, QUICKLY:
            async with async_client(proxy.url) as client:
                title = uuid.uuid4().hex
                proxy.lost_answers = 1
                await client.agent_tasks.create_agent_task({"title": title})
                self.assertEqual((await client.agent_tasks.list_agent_tasks(search=title))["count"], 1)
