# Generated from the OpenAPI document by `npm run generate:python`.
"""Who the key belongs to."""

from __future__ import annotations

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import Account, CreatedApiKey, NewOwnApiKey, OrganizationList


class AccountCalls:
    """Who the key belongs to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_account(self) -> Account:
        """Whose key this is and what it may do."""
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/user",
            ),
        )

    def list_own_organizations(self) -> OrganizationList:
        """The organizations that the key can act in: its own."""
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/user/organizations",
            ),
        )

    def create_own_api_key(self, body: NewOwnApiKey) -> CreatedApiKey:
        """Create a key for oneself.

        The new key does no more than the presented one: scopes within its own, the same project when it is bound to
        one, and no later expiry. The scopes are always asked for.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/user/api-keys",
                json=body,
            ),
        )

    def revoke_own_api_key(self) -> None:
        """Revoke the presented key."""
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/user/api-keys/self",
            ),
        )


class AsyncAccountCalls:
    """Who the key belongs to."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_account(self) -> Account:
        """Whose key this is and what it may do."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/user",
            ),
        )

    async def list_own_organizations(self) -> OrganizationList:
        """The organizations that the key can act in: its own."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/user/organizations",
            ),
        )

    async def create_own_api_key(self, body: NewOwnApiKey) -> CreatedApiKey:
        """Create a key for oneself.

        The new key does no more than the presented one: scopes within its own, the same project when it is bound to
        one, and no later expiry. The scopes are always asked for.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/user/api-keys",
                json=body,
            ),
        )

    async def revoke_own_api_key(self) -> None:
        """Revoke the presented key."""
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/user/api-keys/self",
            ),
        )
