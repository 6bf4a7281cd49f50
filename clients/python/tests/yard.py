"""The server that the tests call, and what they need beside it."""

from __future__ import annotations

import os
import socket
import threading
import zipfile
from typing import Any

from taskyard import AsyncTaskyard, Taskyard

URL = os.environ["TASKYARD_URL"]
KEY = os.environ["TASKYARD_API_KEY"]
ORG = os.environ.get("TASKYARD_TEST_ORG", "local")
WS = os.environ.get("TASKYARD_TEST_WS", "main")
EXAMPLE = "hello-flag"
"""A task that is published there."""


def sync_client(base_url: str = URL, **options: Any) -> Taskyard:
    return Taskyard(base_url, KEY, org=ORG, ws=WS, **options)


def async_client(base_url: str = URL, **options: Any) -> AsyncTaskyard:
    return AsyncTaskyard(base_url, KEY, org=ORG, ws=WS, **options)


def quickly(attempt: int) -> float:
    """In place of longer and longer pauses."""
    return 0.01


def write_archive(path: str, name: str, version: str, size: int = 0, yaml: str = "") -> str:
    """A task's archive, with `size` bytes that nothing makes smaller."""
    plain = f"name: {name}\nversion: {version}\ninstruction: Wait.\nverification: {{script: v.sh}}\n"
    files = {"task.yaml": (yaml or plain).encode(), "v.sh": b"exit 0\n"}
    if size:
        files["large.bin"] = os.urandom(size)
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            # Of one time, so that the same files are the same bytes.
            archive.writestr(zipfile.ZipInfo(file), content)
    return path


class Proxy:
    """Passes bytes on to the server, as unreliably as a test wants it."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        """Sent in place of the server's, one for each connection."""
        self.lost_answers = 0
        """How many connections break when the server has answered, before the client has anything of it."""
        self.most_bytes: int | None = None
        """Of the server's, after which a connection breaks."""
        self.connections = 0
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._target = ("127.0.0.1", int(URL.rsplit(":", 1)[1]))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._server)
        self.cut()

    def cut(self) -> None:
        """Ends every connection without a word."""
        for each in self._sockets:
            _shut(each)
        self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.answers:
            client.recv(65536)
            client.sendall(self.answers.pop(0))
            return _shut(client)
        server = socket.create_connection(self._target)
        self._sockets += [client, server]
        threading.Thread(target=_pass, args=(client, server), daemon=True).start()
        left = self.most_bytes
        try:
            while data := server.recv(65536):
                if self.lost_answers > 0:
                    self.lost_answers -= 1
                    break
                client.sendall(data if left is None else data[:left])
                left = None if left is None else left - len(data)
                if left is not None and left <= 0:
                    break
        except OSError:
            pass
        _shut(client)
        _shut(server)


def _pass(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    _shut(target)


def _shut(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()


def plain_answer(status: str, body: str, headers: str = "") -> bytes:
    """What the server, or something before it, might answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return (head + body).encode()
