# Generated from the OpenAPI document by `npm run generate:python`.
"""Values that environments get as variables, and that nobody reads back."""

from __future__ import annotations

from typing import AsyncIterator, Iterator

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import NewSecret, Secret, SecretChange, SecretList


class SecretsCalls:
    """Values that environments get as variables, and that nobody reads back."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_secrets(self, *, org: str | None = None, page: int | None = None, limit: int | None = None) -> SecretList:
        """List the organization's secrets, by name.

        Needs the scope `secret:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_secrets(self, *, org: str | None = None, limit: int | None = None) -> Iterator[Secret]:
        """All that `list_secrets` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="secrets",
            by="page",
        )

    def create_secret(self, body: NewSecret, *, org: str | None = None) -> Secret:
        """Create a secret.

        An organization has at most 200. No answer shows the value.

        Needs the scope `secret:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                json=body,
            ),
        )

    def get_secret(self, secret: str, *, org: str | None = None) -> Secret:
        """Read what is known of a secret, without its value.

        Needs the scope `secret:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
            ),
        )

    def update_secret(self, secret: str, body: SecretChange, *, org: str | None = None) -> Secret:
        """Replace a secret's value, or change its description.

        Environments that have it keep the former value until they end.

        Needs the scope `secret:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
                json=body,
            ),
        )

    def delete_secret(self, secret: str, *, org: str | None = None) -> None:
        """Delete a secret.

        Environments that have it keep it until they end.

        Needs the scope `secret:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
            ),
        )


class AsyncSecretsCalls:
    """Values that environments get as variables, and that nobody reads back."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_secrets(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> SecretList:
        """List the organization's secrets, by name.

        Needs the scope `secret:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_secrets(self, *, org: str | None = None, limit: int | None = None) -> AsyncIterator[Secret]:
        """All that `list_secrets` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="secrets",
            by="page",
        )

    async def create_secret(self, body: NewSecret, *, org: str | None = None) -> Secret:
        """Create a secret.

        An organization has at most 200. No answer shows the value.

        Needs the scope `secret:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/secrets",
                path={"org": org},
                json=body,
            ),
        )

    async def get_secret(self, secret: str, *, org: str | None = None) -> Secret:
        """Read what is known of a secret, without its value.

        Needs the scope `secret:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
            ),
        )

    async def update_secret(self, secret: str, body: SecretChange, *, org: str | None = None) -> Secret:
        """Replace a secret's value, or change its description.

        Environments that have it keep the former value until they end.

        Needs the scope `secret:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
                json=body,
            ),
        )

    async def delete_secret(self, secret: str, *, org: str | None = None) -> None:
        """Delete a secret.

        Environments that have it keep it until they end.

        Needs the scope `secret:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/secrets/{secret}",
                path={"org": org, "secret": secret},
            ),
        )
