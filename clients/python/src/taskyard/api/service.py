# Generated from the OpenAPI document by `npm run generate:python`.
"""Health and documentation."""

from __future__ import annotations

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import Health


class ServiceCalls:
    """Health and documentation."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_health(self) -> Health:
        """Whether the Worker and its database answer."""
        return self._transport.json(
            Call(
                "GET",
                "/health",
            ),
        )


class AsyncServiceCalls:
    """Health and documentation."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_health(self) -> Health:
        """Whether the Worker and its database answer."""
        return await self._transport.json(
            Call(
                "GET",
                "/health",
            ),
        )
