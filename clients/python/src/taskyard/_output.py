"""How the output of a command is read: what is asked for next, and what is made of an answer. Sends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping

from ._call import Call
from ._patience import Patience

_WAIT_SECONDS = 20
"""For which the server waits for something new."""


@dataclass(frozen=True)
class Output:
    """A piece of what a command has written."""

    offset: int
    """Bytes before it. Where it is more than was read, a terminal's output in between is gone."""
    data: bytes


class OutputReading:
    """One reader's place in the output of a command."""

    def __init__(self, call: Call, offset: int, patience: Patience) -> None:
        self.is_over = False
        self.call = call
        self.patience = patience
        self.offset = offset
        """Bytes that were read, or are gone: `follow_command(…, offset=…)` goes on there."""
        self.status: str | None = None
        """`running`, `exited`, `timed_out`, `killed` or `lost`, as far as is known."""
        self.exit_code: int | None = None

    def next_call(self) -> Call:
        """Asks for what comes next."""
        return replace(self.call, query={"offset": self.offset, "wait_seconds": _WAIT_SECONDS})

    def take(self, headers: Mapping[str, str], content: bytes) -> Output | None:
        """What an answer has, if anything is new."""
        self.patience.heard()
        self.status = headers.get("x-command-status")
        exit_code = headers.get("x-command-exit-code")
        self.exit_code = int(exit_code) if exit_code else None
        begin = int(headers.get("x-output-offset", self.offset))
        self.offset = int(headers["x-next-offset"])
        self.is_over = self.status != "running" and not content
        return Output(begin, content) if content else None
