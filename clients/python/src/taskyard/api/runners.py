# Generated from the OpenAPI document by `npm run generate:python`.
"""Machines that run environments' commands and agents."""

from __future__ import annotations

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import RunnerList


class RunnersCalls:
    """Machines that run environments' commands and agents."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_runners(self, *, org: str | None = None) -> RunnerList:
        """List the runners of an organization.

        Those that are connected, and those that have work and may come back; `busy` of their `slots` are taken.
        `queued` counts the environments and runs that no runner has claimed yet.

        Needs the scope `environment:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/runners",
                path={"org": org},
            ),
        )


class AsyncRunnersCalls:
    """Machines that run environments' commands and agents."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_runners(self, *, org: str | None = None) -> RunnerList:
        """List the runners of an organization.

        Those that are connected, and those that have work and may come back; `busy` of their `slots` are taken.
        `queued` counts the environments and runs that no runner has claimed yet.

        Needs the scope `environment:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/runners",
                path={"org": org},
            ),
        )
