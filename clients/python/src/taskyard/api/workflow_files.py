# Generated from the OpenAPI document by `npm run generate:python`.
"""Tasks and their files as workflow clients know them."""

from __future__ import annotations

from typing import AsyncIterator, Iterator

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import (
    AttachWorkflowTaskFileBody,
    CoreUploadAnswer,
    FileAttributeAnswer,
    FileAttributeChange,
    UploadCoreDocumentBody,
    WorkflowApproval,
    WorkflowApprovalAnswer,
    WorkflowCancelAnswer,
    WorkflowDownload,
    WorkflowFile,
    WorkflowFileAccesses,
    WorkflowFileList,
    WorkflowStepDocument,
    WorkflowTaskAnswer,
)


class WorkflowFilesCalls:
    """Tasks and their files as workflow clients know them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_workflow_task(self, task_id: int) -> WorkflowTaskAnswer:
        """Get a task, its steps and its variables.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}",
                path={"task_id": task_id},
            ),
        )

    def approve_workflow_task(self, task_id: int, body: WorkflowApproval) -> WorkflowApprovalAnswer:
        """Approve or reject a task's current step.

        The decision is kept as `approval` in the state of the task's latest run, and told on its stream as the
        notification `_taskyard/approval`; what follows from it is the agent's to do. A later decision replaces an
        earlier one. 409 when the latest run is not pending or in progress, or there is none.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/approve",
                path={"task_id": task_id},
                json=body,
            ),
        )

    def cancel_workflow_task(self, task_id: int) -> WorkflowCancelAnswer:
        """Cancel a task that is pending or in progress.

        All of its runs that have not ended are cancelled; a task without a run gets one that is cancelled.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/cancel",
                path={"task_id": task_id},
            ),
        )

    def list_workflow_task_files(
        self,
        task_id: int,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> WorkflowFileList:
        """List a task's files in the order in which they came.

        The first 10 by default; `total_files` counts all, `limit` and `cursor` lead to them.

        Needs the scope `task:read`.

        `limit`: Files at most.

        `cursor`: `next_cursor` of the page before.
        """
        return self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def iter_workflow_task_files(self, task_id: int, *, limit: int | None = None) -> Iterator[WorkflowFile]:
        """All that `list_workflow_task_files` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                query={"limit": limit},
            ),
            rows="files",
            by="cursor",
        )

    def attach_workflow_task_file(self, task_id: int, body: AttachWorkflowTaskFileBody) -> WorkflowFile:
        """Attach a file to a task, with its variable and step.

        The file in base64; or, by `artifact_id`, one that was uploaded and finalized for the task with
        `staged_artifacts` of the API for agents, which takes larger ones. It is an attachment, and does not expire.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                json=body,
            ),
        )

    def get_workflow_file(self, file_id: str, *, user_email: str | None = None) -> WorkflowDownload:
        """Get a link to download a file.

        The link works without a key for an hour. For whom it was given is kept for a year.

        Needs the scope `task:read`.

        `user_email`: For whom the client acts: kept for audits.
        """
        return self._transport.json(
            Call(
                "GET",
                "/files/{file_id}",
                path={"file_id": file_id},
                query={"user_email": user_email},
            ),
        )

    def get_workflow_step_document(
        self,
        task_id: int,
        step_id: str,
        *,
        user_email: str | None = None,
    ) -> WorkflowStepDocument:
        """Get a link to download the latest document of a step.

        Of a run, or of a step that files were attached to. 501 when the step has no document.

        Needs the scope `task:read`.

        `user_email`: For whom the client acts: kept for audits.
        """
        return self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}/steps/{step_id}/document",
                path={"task_id": task_id, "step_id": step_id},
                query={"user_email": user_email},
            ),
        )

    def list_workflow_file_accesses(self, file_id: str) -> WorkflowFileAccesses:
        """List who was given links to a file, latest first.

        The latest 100 of a year.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/files/{file_id}/accesses",
                path={"file_id": file_id},
            ),
        )

    def upload_core_document(self, body: UploadCoreDocumentBody) -> CoreUploadAnswer:
        """Upload a document that belongs to no task.

        Webhooks tell what became of it: `core.document.uploaded`, and then `core.document.upload_completed` or
        `core.document.upload_with_issues`. Issues are attributes whose value is not of their type, which are left out,
        and content that is not what the extension says.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/core/upload",
                json=body,
            ),
        )

    def update_core_file_attributes(self, file_id: str, body: FileAttributeChange) -> FileAttributeAnswer:
        """Set attributes of a file by their names.

        Attributes that are not named stay. Of a file's id only the number counts here.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/core/files/{file_id}/attributes",
                path={"file_id": file_id},
                json=body,
            ),
        )


class AsyncWorkflowFilesCalls:
    """Tasks and their files as workflow clients know them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_workflow_task(self, task_id: int) -> WorkflowTaskAnswer:
        """Get a task, its steps and its variables.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}",
                path={"task_id": task_id},
            ),
        )

    async def approve_workflow_task(self, task_id: int, body: WorkflowApproval) -> WorkflowApprovalAnswer:
        """Approve or reject a task's current step.

        The decision is kept as `approval` in the state of the task's latest run, and told on its stream as the
        notification `_taskyard/approval`; what follows from it is the agent's to do. A later decision replaces an
        earlier one. 409 when the latest run is not pending or in progress, or there is none.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/approve",
                path={"task_id": task_id},
                json=body,
            ),
        )

    async def cancel_workflow_task(self, task_id: int) -> WorkflowCancelAnswer:
        """Cancel a task that is pending or in progress.

        All of its runs that have not ended are cancelled; a task without a run gets one that is cancelled.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/cancel",
                path={"task_id": task_id},
            ),
        )

    async def list_workflow_task_files(
        self,
        task_id: int,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> WorkflowFileList:
        """List a task's files in the order in which they came.

        The first 10 by default; `total_files` counts all, `limit` and `cursor` lead to them.

        Needs the scope `task:read`.

        `limit`: Files at most.

        `cursor`: `next_cursor` of the page before.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def iter_workflow_task_files(self, task_id: int, *, limit: int | None = None) -> AsyncIterator[WorkflowFile]:
        """All that `list_workflow_task_files` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                query={"limit": limit},
            ),
            rows="files",
            by="cursor",
        )

    async def attach_workflow_task_file(self, task_id: int, body: AttachWorkflowTaskFileBody) -> WorkflowFile:
        """Attach a file to a task, with its variable and step.

        The file in base64; or, by `artifact_id`, one that was uploaded and finalized for the task with
        `staged_artifacts` of the API for agents, which takes larger ones. It is an attachment, and does not expire.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/tasks/{task_id}/files",
                path={"task_id": task_id},
                json=body,
            ),
        )

    async def get_workflow_file(self, file_id: str, *, user_email: str | None = None) -> WorkflowDownload:
        """Get a link to download a file.

        The link works without a key for an hour. For whom it was given is kept for a year.

        Needs the scope `task:read`.

        `user_email`: For whom the client acts: kept for audits.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/files/{file_id}",
                path={"file_id": file_id},
                query={"user_email": user_email},
            ),
        )

    async def get_workflow_step_document(
        self,
        task_id: int,
        step_id: str,
        *,
        user_email: str | None = None,
    ) -> WorkflowStepDocument:
        """Get a link to download the latest document of a step.

        Of a run, or of a step that files were attached to. 501 when the step has no document.

        Needs the scope `task:read`.

        `user_email`: For whom the client acts: kept for audits.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/tasks/{task_id}/steps/{step_id}/document",
                path={"task_id": task_id, "step_id": step_id},
                query={"user_email": user_email},
            ),
        )

    async def list_workflow_file_accesses(self, file_id: str) -> WorkflowFileAccesses:
        """List who was given links to a file, latest first.

        The latest 100 of a year.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/files/{file_id}/accesses",
                path={"file_id": file_id},
            ),
        )

    async def upload_core_document(self, body: UploadCoreDocumentBody) -> CoreUploadAnswer:
        """Upload a document that belongs to no task.

        Webhooks tell what became of it: `core.document.uploaded`, and then `core.document.upload_completed` or
        `core.document.upload_with_issues`. Issues are attributes whose value is not of their type, which are left out,
        and content that is not what the extension says.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/core/upload",
                json=body,
            ),
        )

    async def update_core_file_attributes(self, file_id: str, body: FileAttributeChange) -> FileAttributeAnswer:
        """Set attributes of a file by their names.

        Attributes that are not named stay. Of a file's id only the number counts here.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/core/files/{file_id}/attributes",
                path={"file_id": file_id},
                json=body,
            ),
        )
