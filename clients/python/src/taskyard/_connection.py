"""Where calls go, as whom, and how patiently."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import Any, Mapping

import httpx

from ._call import Call
from .api import VERSION
from .errors import ApiConnectionError

_USER_AGENT = f"taskyard-python/{VERSION} python/{platform.python_version()}"


@dataclass(frozen=True)
class Connection:
    """The settings of a client."""

    base_url: str
    """Without a slash at its end."""
    api_key: str | None = field(repr=False)
    settings: Mapping[str, str | int | None]
    """What a path's `{org}`, `{ws}` and `{project_id}` are where a call does not say."""
    timeout: httpx.Timeout
    max_retries: int

    def request(self, call: Call, body: dict[str, Any], timeout: httpx.Timeout | None) -> dict[str, Any]:
        """Arguments of `build_request`."""
        headers = {"accept": "application/json, */*;q=0.5", "user-agent": _USER_AGENT}
        if self.api_key is not None:
            headers["authorization"] = f"Bearer {self.api_key}"
        return {
            **body,
            "method": call.method,
            "url": self.base_url + call.path_with(self.settings),
            "params": call.query_items(),
            "headers": {**headers, **call.header_items(), **body.get("headers", {})},
            "timeout": timeout or self.timeout,
        }

    def lost(self, call: Call, error: httpx.RequestError) -> ApiConnectionError:
        """What is raised where no answer came."""
        what = str(error) or type(error).__name__
        lost = ApiConnectionError(f"{call.method} {self.base_url}{call.path_with(self.settings)}: {what}")
        lost.__cause__ = error
        return lost
