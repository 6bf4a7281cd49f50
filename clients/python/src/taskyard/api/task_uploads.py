# Generated from the OpenAPI document by `npm run generate:python`.
"""Resumable uploads of large archives."""

from __future__ import annotations

from typing import AsyncIterator, Iterator

from .._call import Call, Content
from .._transport import AsyncTransport, Transport
from .models import (
    TaskDetail,
    TaskUpload,
    TaskUploadCompletion,
    TaskUploadList,
    TaskUploadPart,
    TaskUploadPartList,
    TaskUploadStart,
)


class TaskUploadsCalls:
    """Resumable uploads of large archives."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start_task_upload(
        self,
        name: str,
        version: str,
        body: TaskUploadStart,
        *,
        org: str | None = None,
    ) -> TaskDetail | TaskUpload:
        """Start an upload in parts.

        For archives above the limit of one request, or connections that break. The answer says how the archive is cut:
        `parts` parts of `part_size` bytes, the last one shorter. When the version is published with the announced
        SHA-256 already, the answer is that version (200) and there is nothing to send.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                json=body,
            ),
        )

    def list_task_uploads(
        self,
        name: str,
        version: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskUploadList:
        """List the unfinished uploads of a version, newest first.

        For a client that has lost its upload's id and wants to go on.

        Needs the scope `task:write`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_uploads(
        self,
        name: str,
        version: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskUpload]:
        """All that `list_task_uploads` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                query={"limit": limit},
            ),
            rows="uploads",
            by="page",
        )

    def get_task_upload(self, name: str, version: str, upload_id: str, *, org: str | None = None) -> TaskUpload:
        """Read an upload: what has arrived, or how the check went.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
            ),
        )

    def abort_task_upload(self, name: str, version: str, upload_id: str, *, org: str | None = None) -> None:
        """Abort an open upload and delete what has arrived.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
            ),
        )

    def complete_task_upload(
        self,
        name: str,
        version: str,
        upload_id: str,
        body: TaskUploadCompletion | None = None,
        *,
        org: str | None = None,
    ) -> TaskUpload:
        """Hand a complete upload to verification.

        All parts must be there; those that are missing are named in a 409. Verification goes on in the background: read
        the upload until it is `accepted` or `refused`. Repeating the request is harmless.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/complete",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                json=body,
            ),
        )

    def put_task_upload_part(
        self,
        name: str,
        version: str,
        upload_id: str,
        part_number: int,
        content: Content,
        *,
        org: str | None = None,
    ) -> TaskUploadPart:
        """Send a part.

        Parts may come in any order and at the same time, and a part may be sent again: it replaces the earlier one.
        Every part but the last has exactly `part_size` bytes. `Content-Digest: sha-256=:…:` is compared when it is
        sent.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts/{part_number}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id, "part_number": part_number},
                content=content,
                content_type="application/zip",
            ),
        )

    def list_task_upload_parts(
        self,
        name: str,
        version: str,
        upload_id: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskUploadPartList:
        """List the parts that have arrived, in order.

        Needs the scope `task:write`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_upload_parts(
        self,
        name: str,
        version: str,
        upload_id: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskUploadPart]:
        """All that `list_task_upload_parts` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                query={"limit": limit},
            ),
            rows="parts",
            by="page",
        )


class AsyncTaskUploadsCalls:
    """Resumable uploads of large archives."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def start_task_upload(
        self,
        name: str,
        version: str,
        body: TaskUploadStart,
        *,
        org: str | None = None,
    ) -> TaskDetail | TaskUpload:
        """Start an upload in parts.

        For archives above the limit of one request, or connections that break. The answer says how the archive is cut:
        `parts` parts of `part_size` bytes, the last one shorter. When the version is published with the announced
        SHA-256 already, the answer is that version (200) and there is nothing to send.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                json=body,
            ),
        )

    async def list_task_uploads(
        self,
        name: str,
        version: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskUploadList:
        """List the unfinished uploads of a version, newest first.

        For a client that has lost its upload's id and wants to go on.

        Needs the scope `task:write`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_uploads(
        self,
        name: str,
        version: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskUpload]:
        """All that `list_task_uploads` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads",
                path={"org": org, "name": name, "version": version},
                query={"limit": limit},
            ),
            rows="uploads",
            by="page",
        )

    async def get_task_upload(self, name: str, version: str, upload_id: str, *, org: str | None = None) -> TaskUpload:
        """Read an upload: what has arrived, or how the check went.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
            ),
        )

    async def abort_task_upload(self, name: str, version: str, upload_id: str, *, org: str | None = None) -> None:
        """Abort an open upload and delete what has arrived.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
            ),
        )

    async def complete_task_upload(
        self,
        name: str,
        version: str,
        upload_id: str,
        body: TaskUploadCompletion | None = None,
        *,
        org: str | None = None,
    ) -> TaskUpload:
        """Hand a complete upload to verification.

        All parts must be there; those that are missing are named in a 409. Verification goes on in the background: read
        the upload until it is `accepted` or `refused`. Repeating the request is harmless.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/complete",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                json=body,
            ),
        )

    async def put_task_upload_part(
        self,
        name: str,
        version: str,
        upload_id: str,
        part_number: int,
        content: Content,
        *,
        org: str | None = None,
    ) -> TaskUploadPart:
        """Send a part.

        Parts may come in any order and at the same time, and a part may be sent again: it replaces the earlier one.
        Every part but the last has exactly `part_size` bytes. `Content-Digest: sha-256=:…:` is compared when it is
        sent.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts/{part_number}",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id, "part_number": part_number},
                content=content,
                content_type="application/zip",
            ),
        )

    async def list_task_upload_parts(
        self,
        name: str,
        version: str,
        upload_id: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskUploadPartList:
        """List the parts that have arrived, in order.

        Needs the scope `task:write`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_upload_parts(
        self,
        name: str,
        version: str,
        upload_id: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskUploadPart]:
        """All that `list_task_upload_parts` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts",
                path={"org": org, "name": name, "version": version, "upload_id": upload_id},
                query={"limit": limit},
            ),
            rows="parts",
            by="page",
        )
