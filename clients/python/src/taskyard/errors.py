"""What calls raise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping, cast


class TaskyardError(Exception):
    """Any failure of this client or of the server."""


class ApiConnectionError(TaskyardError):
    """No answer came: the server was not reached, the connection broke, or it took too long.

    What was asked for may have been done all the same. Calls that may be repeated have been, several times.
    """


class StreamResetError(TaskyardError):
    """The place that a stream was to go on at is unknown to the server, or what follows it is gone.

    Forget what you have of the stream, and follow it again with `after=error.offset`: it begins there now.
    """

    def __init__(self, offset: str | None) -> None:
        super().__init__(f"The stream begins anew at {offset!r}.")
        self.offset = offset


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a request or an archive."""

    loc: tuple[str | int, ...]
    """Where: `("body", "name")`, `("archive", "task.yaml")`."""
    msg: str
    """What, for people."""
    type: str
    """What, for programs."""


class ArchiveRefusedError(TaskyardError):
    """An archive that was uploaded in parts was verified, and is no task."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.msg for problem in problems) or "The archive was refused.")
        self.problems = problems


class ApiError(TaskyardError):
    """The server refused a request, or failed. Subclasses are by status."""

    def __init__(self, method: str, path: str, status: int, headers: Mapping[str, str], body: Any) -> None:
        fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
        self.method = method
        self.path = path
        self.status = status
        self.body: Any = body
        """The whole answer: parsed, if it was JSON."""
        oci = _first_error(fields)
        self.type = str(fields.get("type") or "")
        """Kind of the error by the envelope's `type`, such as `not_found_error`; empty where the body has none."""
        code = fields.get("code")
        self.code = code if isinstance(code, str) else str(oci.get("code") or self.type)
        """For programs: the envelope's `code` where that is a word (`does_not_exist`), else its `type`."""
        self.detail = str(fields.get("detail") or fields.get("error") or oci.get("message") or f"HTTP {status}")
        """What went wrong and what to do, for people."""
        self.attr: str | None = fields.get("attr")
        """The field that is wrong, of agent tasks."""
        self.problems = problems_of(fields.get("errors")) if not oci else []
        """What is wrong, item by item, where the server tells."""
        self.request_id = headers.get("x-request-id")
        self.retry_after = headers.get("retry-after")
        super().__init__(f"{method} {path}: {status} {self.code}: {self.detail}".replace(" : ", " "))


class BadRequestError(ApiError):
    """400: malformed JSON, or a request that cannot be carried out as it is."""


class AuthenticationError(ApiError):
    """401: no key, or one that is unknown, revoked, switched off or expired; the token of an environment is wrong."""


class PermissionDeniedError(ApiError):
    """403: the key lacks the scope, or may not do that."""


class NotFoundError(ApiError):
    """404: nothing of that name, or not yours."""


class ConflictError(ApiError):
    """409: the name is taken, or the present state does not allow it."""


class TooLargeError(ApiError):
    """413: the body is above the limit, which `detail` names."""


class ValidationError(ApiError):
    """422: a field or an archive is wrong; `problems` has one item for each."""


class UpgradeRequiredError(ApiError):
    """426: this client is older than the operator allows."""


class RateLimitedError(ApiError):
    """429: too many requests, or as many of something as there may be."""


class ServerError(ApiError):
    """500 and above: the server's fault."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: ValidationError,
    426: UpgradeRequiredError,
    429: RateLimitedError,
}


def to_error(method: str, path: str, status: int, headers: Mapping[str, str], content: bytes) -> ApiError:
    """The error that an answer tells of."""
    try:
        body = json.loads(content)
    except ValueError:
        body = content.decode("utf-8", "replace")
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    return kind(method, path, status, headers, body)


def problems_of(items: Any) -> list[Problem]:
    """The problems in an answer."""
    if not isinstance(items, list):
        return []
    found = [cast("dict[str, Any]", item) for item in cast("list[Any]", items) if isinstance(item, dict)]
    return [Problem(tuple(item.get("loc") or ()), str(item.get("msg")), str(item.get("type"))) for item in found]


def _first_error(fields: dict[str, Any]) -> dict[str, Any]:
    """The first error of a body in the form of container registries: `{"errors": [{"code", "message"}]}`."""
    errors = fields.get("errors")
    if "detail" in fields or not isinstance(errors, list) or not errors:
        return {}
    first = cast("list[Any]", errors)[0]
    return cast("dict[str, Any]", first) if isinstance(first, dict) else {}
