# Generated from the OpenAPI document by `npm run generate:python`.
"""Tasks for agents, and who the caller is to agent clients."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import (
    AgentApiKey,
    AgentCaller,
    AgentProject,
    AgentRunManifest,
    AgentTask,
    AgentTaskChange,
    AgentTaskPage,
    AgentTaskRepositories,
    AgentTaskStart,
    AgentTaskSummariesRequest,
    AgentTaskSummary,
    AgentTaskSummaryPage,
    AnnouncedArtifacts,
    NewAgentTask,
    PreparedArtifactUploads,
    UploadedArtifacts,
)


class AgentTasksCalls:
    """Tasks for agents, and who the caller is to agent clients."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_agent_caller(self) -> AgentCaller:
        """Who calls, in the words of agent clients."""
        return self._transport.json(
            Call(
                "GET",
                "/api/users/@me",
            ),
        )

    def get_agent_project(self, project_id: str | int) -> AgentProject:
        """Get a project, by number, id, or as `@current`."""
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}",
                path={"project_id": project_id},
            ),
        )

    def get_agent_api_key(self) -> AgentApiKey:
        """What the presented key may do."""
        return self._transport.json(
            Call(
                "GET",
                "/api/personal_api_keys/@current",
            ),
        )

    def list_agent_tasks(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
        origin_product: str | None = None,
        exclude_origin_product: str | None = None,
        stage: str | None = None,
        organization: str | None = None,
        repository: str | None = None,
        search: str | None = None,
        created_by: int | None = None,
        status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] | None = None,
        internal: Literal["true", "false", "all"] | None = None,
        archived: Literal["true", "false", "all"] | None = None,
        ordering: Literal["-created_at", "created_at", "-last_activity_at", "last_activity_at"] | None = None,
    ) -> AgentTaskPage:
        """List tasks with their latest runs, newest first.

        All filters apply together. Internal and archived tasks are left out unless asked for.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.

        `origin_product`: Exactly this origin.

        `exclude_origin_product`: Any origin but this.

        `stage`: Tasks with a run in this stage.

        `organization`: Repositories of this organization, in any case.

        `repository`: This repository in any case; without a slash, one of this name in any organization.

        `search`: Part of the title or the description, in any (ASCII) case; digits are also the task's number.

        `created_by`: The creator's integer id.

        `status`: The status of the latest run.

        `internal`: Internal tasks: only (true), none (false, the default), or all.

        `archived`: Archived tasks: only (true), none (false, the default), or all.

        `ordering`: Newest first by default.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                query={
                    "limit": limit,
                    "offset": offset,
                    "origin_product": origin_product,
                    "exclude_origin_product": exclude_origin_product,
                    "stage": stage,
                    "organization": organization,
                    "repository": repository,
                    "search": search,
                    "created_by": created_by,
                    "status": status,
                    "internal": internal,
                    "archived": archived,
                    "ordering": ordering,
                },
            ),
        )

    def iter_agent_tasks(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        origin_product: str | None = None,
        exclude_origin_product: str | None = None,
        stage: str | None = None,
        organization: str | None = None,
        repository: str | None = None,
        search: str | None = None,
        created_by: int | None = None,
        status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] | None = None,
        internal: Literal["true", "false", "all"] | None = None,
        archived: Literal["true", "false", "all"] | None = None,
        ordering: Literal["-created_at", "created_at", "-last_activity_at", "last_activity_at"] | None = None,
    ) -> Iterator[AgentTask]:
        """All that `list_agent_tasks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                query={
                    "limit": limit,
                    "origin_product": origin_product,
                    "exclude_origin_product": exclude_origin_product,
                    "stage": stage,
                    "organization": organization,
                    "repository": repository,
                    "search": search,
                    "created_by": created_by,
                    "status": status,
                    "internal": internal,
                    "archived": archived,
                    "ordering": ordering,
                },
            ),
            rows="results",
            by="offset",
        )

    def create_agent_task(
        self,
        body: NewAgentTask | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Create a task.

        All fields are optional. Without a title it is the description's first line. `start_run` starts a run in the
        cloud with the run options given here, as `run` does.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def list_agent_task_summaries(
        self,
        body: AgentTaskSummariesRequest,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentTaskSummaryPage:
        """List the summaries of up to 5,000 tasks, newest first.

        Ids that lead to no task are left out. Paged like the list of tasks: send the same ids to `next`.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/summaries",
                path={"project_id": project_id},
                query={"limit": limit, "offset": offset},
                json=body,
            ),
        )

    def iter_agent_task_summaries(
        self,
        body: AgentTaskSummariesRequest,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> Iterator[AgentTaskSummary]:
        """All that `list_agent_task_summaries` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/summaries",
                path={"project_id": project_id},
                query={"limit": limit},
                json=body,
            ),
            rows="results",
            by="offset",
        )

    def list_agent_task_repositories(self, *, project_id: str | int | None = None) -> AgentTaskRepositories:
        """List the repositories of a project's tasks, in alphabetical order.

        Of tasks that are neither deleted nor internal; the first 1,000.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/repositories",
                path={"project_id": project_id},
            ),
        )

    def get_agent_task(self, task_id: str, *, project_id: str | int | None = None) -> AgentTask:
        """Get a task with its latest run.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    def update_agent_task(
        self,
        task_id: str,
        body: AgentTaskChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentTask:
        """Change a task.

        A title that is set counts as set by hand, unless `title_manually_set` says otherwise.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    def put_agent_task(
        self,
        task_id: str,
        body: AgentTaskChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentTask:
        """Change a task, as PATCH does.

        A title that is set counts as set by hand, unless `title_manually_set` says otherwise.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    def delete_agent_task(self, task_id: str, *, project_id: str | int | None = None) -> None:
        """Delete a task.

        It is gone from lists and look-ups; its runs stay readable.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    def run_agent_task(
        self,
        task_id: str,
        body: AgentTaskStart | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Start a run of a task in the cloud.

        Every call makes a new run, which is queued; its state is what was given here.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/run",
                path={"project_id": project_id, "task_id": task_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def prepare_staged_uploads(
        self,
        task_id: str,
        body: AnnouncedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> PreparedArtifactUploads:
        """Prepare uploads before there is a run.

        As for a run. What is finalized is kept for 24 hours: name the ids as `pending_user_artifact_ids` when a run of
        the task is made or started, and they become its artifacts.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/staged_artifacts/prepare_upload",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    def finalize_staged_uploads(
        self,
        task_id: str,
        body: UploadedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunManifest:
        """Finish uploads before there is a run.

        All of them or, where one is refused, none. Repeating it has the same answer; the 24 hours begin anew.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/staged_artifacts/finalize_upload",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )


class AsyncAgentTasksCalls:
    """Tasks for agents, and who the caller is to agent clients."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_agent_caller(self) -> AgentCaller:
        """Who calls, in the words of agent clients."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/users/@me",
            ),
        )

    async def get_agent_project(self, project_id: str | int) -> AgentProject:
        """Get a project, by number, id, or as `@current`."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}",
                path={"project_id": project_id},
            ),
        )

    async def get_agent_api_key(self) -> AgentApiKey:
        """What the presented key may do."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/personal_api_keys/@current",
            ),
        )

    async def list_agent_tasks(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
        origin_product: str | None = None,
        exclude_origin_product: str | None = None,
        stage: str | None = None,
        organization: str | None = None,
        repository: str | None = None,
        search: str | None = None,
        created_by: int | None = None,
        status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] | None = None,
        internal: Literal["true", "false", "all"] | None = None,
        archived: Literal["true", "false", "all"] | None = None,
        ordering: Literal["-created_at", "created_at", "-last_activity_at", "last_activity_at"] | None = None,
    ) -> AgentTaskPage:
        """List tasks with their latest runs, newest first.

        All filters apply together. Internal and archived tasks are left out unless asked for.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.

        `origin_product`: Exactly this origin.

        `exclude_origin_product`: Any origin but this.

        `stage`: Tasks with a run in this stage.

        `organization`: Repositories of this organization, in any case.

        `repository`: This repository in any case; without a slash, one of this name in any organization.

        `search`: Part of the title or the description, in any (ASCII) case; digits are also the task's number.

        `created_by`: The creator's integer id.

        `status`: The status of the latest run.

        `internal`: Internal tasks: only (true), none (false, the default), or all.

        `archived`: Archived tasks: only (true), none (false, the default), or all.

        `ordering`: Newest first by default.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                query={
                    "limit": limit,
                    "offset": offset,
                    "origin_product": origin_product,
                    "exclude_origin_product": exclude_origin_product,
                    "stage": stage,
                    "organization": organization,
                    "repository": repository,
                    "search": search,
                    "created_by": created_by,
                    "status": status,
                    "internal": internal,
                    "archived": archived,
                    "ordering": ordering,
                },
            ),
        )

    def iter_agent_tasks(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        origin_product: str | None = None,
        exclude_origin_product: str | None = None,
        stage: str | None = None,
        organization: str | None = None,
        repository: str | None = None,
        search: str | None = None,
        created_by: int | None = None,
        status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] | None = None,
        internal: Literal["true", "false", "all"] | None = None,
        archived: Literal["true", "false", "all"] | None = None,
        ordering: Literal["-created_at", "created_at", "-last_activity_at", "last_activity_at"] | None = None,
    ) -> AsyncIterator[AgentTask]:
        """All that `list_agent_tasks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                query={
                    "limit": limit,
                    "origin_product": origin_product,
                    "exclude_origin_product": exclude_origin_product,
                    "stage": stage,
                    "organization": organization,
                    "repository": repository,
                    "search": search,
                    "created_by": created_by,
                    "status": status,
                    "internal": internal,
                    "archived": archived,
                    "ordering": ordering,
                },
            ),
            rows="results",
            by="offset",
        )

    async def create_agent_task(
        self,
        body: NewAgentTask | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Create a task.

        All fields are optional. Without a title it is the description's first line. `start_run` starts a run in the
        cloud with the run options given here, as `run` does.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks",
                path={"project_id": project_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def list_agent_task_summaries(
        self,
        body: AgentTaskSummariesRequest,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentTaskSummaryPage:
        """List the summaries of up to 5,000 tasks, newest first.

        Ids that lead to no task are left out. Paged like the list of tasks: send the same ids to `next`.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/summaries",
                path={"project_id": project_id},
                query={"limit": limit, "offset": offset},
                json=body,
            ),
        )

    def iter_agent_task_summaries(
        self,
        body: AgentTaskSummariesRequest,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AgentTaskSummary]:
        """All that `list_agent_task_summaries` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/summaries",
                path={"project_id": project_id},
                query={"limit": limit},
                json=body,
            ),
            rows="results",
            by="offset",
        )

    async def list_agent_task_repositories(self, *, project_id: str | int | None = None) -> AgentTaskRepositories:
        """List the repositories of a project's tasks, in alphabetical order.

        Of tasks that are neither deleted nor internal; the first 1,000.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/repositories",
                path={"project_id": project_id},
            ),
        )

    async def get_agent_task(self, task_id: str, *, project_id: str | int | None = None) -> AgentTask:
        """Get a task with its latest run.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    async def update_agent_task(
        self,
        task_id: str,
        body: AgentTaskChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentTask:
        """Change a task.

        A title that is set counts as set by hand, unless `title_manually_set` says otherwise.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    async def put_agent_task(
        self,
        task_id: str,
        body: AgentTaskChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentTask:
        """Change a task, as PATCH does.

        A title that is set counts as set by hand, unless `title_manually_set` says otherwise.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    async def delete_agent_task(self, task_id: str, *, project_id: str | int | None = None) -> None:
        """Delete a task.

        It is gone from lists and look-ups; its runs stay readable.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    async def run_agent_task(
        self,
        task_id: str,
        body: AgentTaskStart | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Start a run of a task in the cloud.

        Every call makes a new run, which is queued; its state is what was given here.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/run",
                path={"project_id": project_id, "task_id": task_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def prepare_staged_uploads(
        self,
        task_id: str,
        body: AnnouncedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> PreparedArtifactUploads:
        """Prepare uploads before there is a run.

        As for a run. What is finalized is kept for 24 hours: name the ids as `pending_user_artifact_ids` when a run of
        the task is made or started, and they become its artifacts.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/staged_artifacts/prepare_upload",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    async def finalize_staged_uploads(
        self,
        task_id: str,
        body: UploadedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunManifest:
        """Finish uploads before there is a run.

        All of them or, where one is refused, none. Repeating it has the same answer; the 24 hours begin anew.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/staged_artifacts/finalize_upload",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )
