"""Runs the Python of the README and of docs/python.md. A block of text below one of Python is what that prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from taskyard import Taskyard
from tests.yard import KEY, ORG, URL, WS, write_archive

CLIENT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


class Pages(unittest.TestCase):
    def test_readme(self) -> None:
        self.run_page(CLIENT / "README.md")

    def test_docs(self) -> None:
        self.run_page(CLIENT.parent.parent / "docs" / "python.md")

    def run_page(self, page: Path) -> None:
        blocks = [(match[1], match[2]) for match in BLOCK.finditer(page.read_text("utf-8"))]
        self.assertGreater(len(blocks), 2, page)
        scope: dict[str, object] = {"__name__": "__main__"}
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            write_archive(os.path.join(folder, "wait.zip"), "wait", "1.0.0")
            self.addCleanup(os.chdir, here)
            os.chdir(folder)
            with mock.patch.dict(os.environ, {"TASKYARD_URL": URL, "TASKYARD_API_KEY": KEY}):
                for number, (code, printed) in enumerate(blocks, 1):
                    said = io.StringIO()
                    code = code.replace('org="local"', f'org="{ORG}"').replace('ws="main"', f'ws="{WS}"')
                    with contextlib.redirect_stdout(said):
                        exec(compile(code, f"{page.name}, block {number}", "exec"), scope)
                    if printed is not None:
                        self.assertEqual(said.getvalue(), printed, f"{page.name}, block {number}")
            os.chdir(here)
        client = scope["client"]
        assert isinstance(client, Taskyard)
        client.close()
