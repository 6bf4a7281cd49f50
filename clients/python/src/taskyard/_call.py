"""A request, before anything of it is sent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Mapping, Union
from urllib.parse import quote

Content = Union[bytes, BinaryIO]
"""Bytes to send: as they are, or a file that is open for reading in binary mode and can be read again."""

_REPEATABLE = frozenset({"GET", "HEAD", "PUT"})


@dataclass
class Call:
    """One operation with its arguments. What is None is not sent."""

    method: str
    template: str
    """Path with `{names}`."""
    path: Mapping[str, str | int | None] = field(default_factory=dict[str, "str | int | None"])
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str | int | None] = field(default_factory=dict[str, "str | int | None"])
    takes_idempotency_key: bool = False
    json: Any = None
    content: Content | None = None
    content_type: str | None = None
    is_repeatable: bool = False
    """Whether it may be sent again though an answer may have been lost: asked of POST, PATCH and DELETE alone."""

    def __post_init__(self) -> None:
        if self.takes_idempotency_key and self.headers.get("idempotency-key") is None:
            self.headers = {**self.headers, "idempotency-key": str(uuid.uuid4())}
        self.is_repeatable = self.is_repeatable or self.takes_idempotency_key or self.method in _REPEATABLE

    def path_with(self, settings: Mapping[str, str | int | None]) -> str:
        """The path; what the call leaves open is taken from the client's settings. Raises ValueError for a name that has no value."""
        path = self.template
        for name, value in self.path.items():
            value = settings.get(name) if value is None else value
            if value is None or value == "":
                raise ValueError(f"{name} is missing: give it to the call, or to the client.")
            # The path of a file is the one parameter that spans slashes.
            path = path.replace("{" + name + "}", quote(str(value), safe="/@" if name == "path" else "@"))
        return path

    def query_items(self) -> list[tuple[str, str]]:
        """The query; a list is repeated."""
        items: list[tuple[str, str]] = []
        for name, value in self.query.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:  # pyright: ignore[reportUnknownVariableType]
                if one is not None:
                    items.append((name, _text_of(one)))
        return items

    def header_items(self) -> dict[str, str]:
        """The headers of its own."""
        headers = {name: str(value) for name, value in self.headers.items() if value is not None}
        if self.content_type is not None and self.content is not None and "content-type" not in headers:
            headers["content-type"] = self.content_type
        return headers


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
