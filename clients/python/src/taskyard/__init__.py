"""
Client of Taskyard: task registry, environments, runs, evaluations and their live streams.

`Taskyard` waits for answers, `AsyncTaskyard` has them awaited. `taskyard.models` has the types of what is sent and answered.
"""

from .api import VERSION as __version__
from .api import models
from .client import AsyncTaskyard, Taskyard
from .download import AsyncDownload, Download
from .errors import (
    ApiConnectionError,
    ApiError,
    ArchiveRefusedError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    Problem,
    RateLimitedError,
    ServerError,
    StreamResetError,
    TaskyardError,
    TooLargeError,
    UpgradeRequiredError,
    ValidationError,
)
from .follow import AsyncCommandOutput, CommandOutput, Entry, Output

__all__ = [
    "ApiConnectionError",
    "ApiError",
    "ArchiveRefusedError",
    "AsyncCommandOutput",
    "AsyncDownload",
    "AsyncTaskyard",
    "AuthenticationError",
    "BadRequestError",
    "CommandOutput",
    "ConflictError",
    "Download",
    "Entry",
    "NotFoundError",
    "Output",
    "PermissionDeniedError",
    "Problem",
    "RateLimitedError",
    "ServerError",
    "StreamResetError",
    "Taskyard",
    "TaskyardError",
    "TooLargeError",
    "UpgradeRequiredError",
    "ValidationError",
    "__version__",
    "models",
]
