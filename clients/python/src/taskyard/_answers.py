"""What answers say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Mapping, cast
from urllib.parse import parse_qs, urlsplit

import httpx

from ._call import Call
from .errors import to_error


def read_json(call: Call, response: httpx.Response) -> Any:
    """The JSON of an answer that was read. Raises ApiError for a failure that came after the status, in place of the result."""
    if not response.content:
        return None
    value = json.loads(response.content)
    if _is_late_failure(value):
        path = response.request.url.path
        raise to_error(call.method, path, value["code"], response.headers, response.content)
    return value


def _is_late_failure(value: Any) -> bool:
    """A command that takes long is answered with 200 before it has ended: a failure is then told in the body."""
    if not isinstance(value, dict):
        return False
    fields = cast("Mapping[str, Any]", value)
    code = fields.get("code")
    return isinstance(code, int) and code >= 400 and "detail" in fields and str(fields.get("type")).endswith("_error")


class PageCursor:
    """Where in a list a client is. Lists go by page numbers, by offsets of which the answer tells the next, or by cursors."""

    def __init__(self, call: Call, rows: str | None, by: str) -> None:
        self.is_over = False
        self._call = call
        self._rows = rows
        self._by = by
        self._place: int | str | None = None

    def next_call(self) -> Call:
        """Asks for the next page."""
        if self._place is None:
            return self._call
        return replace(self._call, query={**self._call.query, self._by: self._place})

    def take(self, answer: Any) -> list[Any]:
        """The rows of a page."""
        rows = answer if self._rows is None else answer[self._rows]
        if self._by == "page":
            # A list that is nothing but rows is over where there are none.
            self.is_over = not rows if self._rows is None else not answer["has_next"]
            self._place = int(self._place or 1) + 1
        else:
            self._place = answer["next_cursor"] if self._by == "cursor" else _offset_in(answer["next"])
            self.is_over = self._place is None
        return rows


def _offset_in(url: str | None) -> str | None:
    return None if url is None else parse_qs(urlsplit(url).query)["offset"][0]
