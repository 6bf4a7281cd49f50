# Generated from the OpenAPI document by `npm run generate:python`.
"""Events to tell other servers of."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import (
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookDeliveryDetail,
    WebhookDeliveryList,
    WebhookList,
    WebhookWithSecret,
)


class WebhooksCalls:
    """Events to tell other servers of."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_webhooks(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> WebhookList:
        """List the organization's webhooks, oldest first.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_webhooks(self, *, org: str | None = None, limit: int | None = None) -> Iterator[Webhook]:
        """All that `list_webhooks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="webhooks",
            by="page",
        )

    def create_webhook(self, body: NewWebhook, *, org: str | None = None) -> WebhookWithSecret:
        """Create a webhook.

        An organization has at most 20. The answer holds the secret that signs what is sent, this once.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                json=body,
            ),
        )

    def get_webhook(self, webhook_id: str, *, org: str | None = None) -> Webhook:
        """Read a webhook.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    def update_webhook(self, webhook_id: str, body: WebhookChange, *, org: str | None = None) -> Webhook:
        """Change a webhook, or switch it off and on.

        What is under way to a webhook that is off is given up; what happens meanwhile is not kept for it.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
                json=body,
            ),
        )

    def delete_webhook(self, webhook_id: str, *, org: str | None = None) -> None:
        """Delete a webhook.

        What is under way to it is given up.

        Needs the scope `admin`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    def rotate_webhook_secret(self, webhook_id: str, *, org: str | None = None) -> WebhookWithSecret:
        """Give a webhook another signing secret.

        It signs from now on, also what is under way. The answer holds it this once.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks/{webhook_id}/rotate_secret",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    def list_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        state: Literal["pending", "delivered", "undelivered"] | None = None,
        event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"] | None = None,
    ) -> WebhookDeliveryList:
        """List a webhook's deliveries, newest first.

        Deliveries that are over are kept for 30 days.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `state`: Only those.

        `event`: Only those.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries",
                path={"org": org, "webhook_id": webhook_id},
                query={"page": page, "limit": limit, "state": state, "event": event},
            ),
        )

    def iter_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        org: str | None = None,
        limit: int | None = None,
        state: Literal["pending", "delivered", "undelivered"] | None = None,
        event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"] | None = None,
    ) -> Iterator[WebhookDelivery]:
        """All that `list_webhook_deliveries` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries",
                path={"org": org, "webhook_id": webhook_id},
                query={"limit": limit, "state": state, "event": event},
            ),
            rows="deliveries",
            by="page",
        )

    def get_webhook_delivery(
        self,
        webhook_id: str,
        delivery_id: str,
        *,
        org: str | None = None,
    ) -> WebhookDeliveryDetail:
        """Read a delivery with what it carries.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries/{delivery_id}",
                path={"org": org, "webhook_id": webhook_id, "delivery_id": delivery_id},
            ),
        )

    def replay_webhook_delivery(self, webhook_id: str, delivery_id: str, *, org: str | None = None) -> WebhookDelivery:
        """Deliver an event again.

        As a new delivery with the same body and `event_id`; 409 while the first one is under way.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
                path={"org": org, "webhook_id": webhook_id, "delivery_id": delivery_id},
            ),
        )


class AsyncWebhooksCalls:
    """Events to tell other servers of."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_webhooks(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> WebhookList:
        """List the organization's webhooks, oldest first.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_webhooks(self, *, org: str | None = None, limit: int | None = None) -> AsyncIterator[Webhook]:
        """All that `list_webhooks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="webhooks",
            by="page",
        )

    async def create_webhook(self, body: NewWebhook, *, org: str | None = None) -> WebhookWithSecret:
        """Create a webhook.

        An organization has at most 20. The answer holds the secret that signs what is sent, this once.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks",
                path={"org": org},
                json=body,
            ),
        )

    async def get_webhook(self, webhook_id: str, *, org: str | None = None) -> Webhook:
        """Read a webhook.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    async def update_webhook(self, webhook_id: str, body: WebhookChange, *, org: str | None = None) -> Webhook:
        """Change a webhook, or switch it off and on.

        What is under way to a webhook that is off is given up; what happens meanwhile is not kept for it.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
                json=body,
            ),
        )

    async def delete_webhook(self, webhook_id: str, *, org: str | None = None) -> None:
        """Delete a webhook.

        What is under way to it is given up.

        Needs the scope `admin`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/webhooks/{webhook_id}",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    async def rotate_webhook_secret(self, webhook_id: str, *, org: str | None = None) -> WebhookWithSecret:
        """Give a webhook another signing secret.

        It signs from now on, also what is under way. The answer holds it this once.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks/{webhook_id}/rotate_secret",
                path={"org": org, "webhook_id": webhook_id},
            ),
        )

    async def list_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        state: Literal["pending", "delivered", "undelivered"] | None = None,
        event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"] | None = None,
    ) -> WebhookDeliveryList:
        """List a webhook's deliveries, newest first.

        Deliveries that are over are kept for 30 days.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `state`: Only those.

        `event`: Only those.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries",
                path={"org": org, "webhook_id": webhook_id},
                query={"page": page, "limit": limit, "state": state, "event": event},
            ),
        )

    def iter_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        org: str | None = None,
        limit: int | None = None,
        state: Literal["pending", "delivered", "undelivered"] | None = None,
        event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"] | None = None,
    ) -> AsyncIterator[WebhookDelivery]:
        """All that `list_webhook_deliveries` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries",
                path={"org": org, "webhook_id": webhook_id},
                query={"limit": limit, "state": state, "event": event},
            ),
            rows="deliveries",
            by="page",
        )

    async def get_webhook_delivery(
        self,
        webhook_id: str,
        delivery_id: str,
        *,
        org: str | None = None,
    ) -> WebhookDeliveryDetail:
        """Read a delivery with what it carries.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries/{delivery_id}",
                path={"org": org, "webhook_id": webhook_id, "delivery_id": delivery_id},
            ),
        )

    async def replay_webhook_delivery(
        self,
        webhook_id: str,
        delivery_id: str,
        *,
        org: str | None = None,
    ) -> WebhookDelivery:
        """Deliver an event again.

        As a new delivery with the same body and `event_id`; 409 while the first one is under way.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
                path={"org": org, "webhook_id": webhook_id, "delivery_id": delivery_id},
            ),
        )
