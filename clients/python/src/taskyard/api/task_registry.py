# Generated from the OpenAPI document by `npm run generate:python`.
"""Packaged tasks: publish, list, read."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call, Content
from .._transport import AsyncTransport, Transport
from ..download import AsyncDownload, Download
from .models import (
    PublishedTask,
    TaskDetail,
    TaskFacetsResponse,
    TaskFileEntry,
    TaskFileListResponse,
    TaskInstructionResponse,
    TaskListResponse,
    TaskReadmeResponse,
    TaskSummary,
    TaskUpload,
    TaskVersionList,
    TaskVisibilityUpdate,
)


class TaskRegistryCalls:
    """Packaged tasks: publish, list, read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_task_files(
        self,
        name: str,
        *,
        org: str | None = None,
        version: str | None = None,
        prefix: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TaskFileListResponse:
        """List task files.

        List files inside a task zip archive, in its order, without entries that stand for directories. Without
        parameters: all files of the latest version. With `limit` the answer is a page whose `next_cursor` leads to the
        next one of the same version.

        Needs the scope `task:read`.

        `version`: Version, MAJOR.MINOR.PATCH or latest.

        `prefix`: Only files whose name begins with this.

        `limit`: Files per page; all of them when left out.

        `cursor`: `next_cursor` of the page before.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files",
                path={"org": org, "name": name},
                query={"version": version, "prefix": prefix, "limit": limit, "cursor": cursor},
            ),
        )

    def iter_task_files(
        self,
        name: str,
        *,
        org: str | None = None,
        version: str | None = None,
        prefix: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskFileEntry]:
        """All that `list_task_files` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files",
                path={"org": org, "name": name},
                query={"version": version, "prefix": prefix, "limit": limit},
            ),
            rows="files",
            by="cursor",
        )

    def read_task_file(self, name: str, path: str, *, org: str | None = None, version: str | None = None) -> Download:
        """Read one file of a task.

        The raw bytes of one file inside the archive. The path may contain slashes. Takes one byte range, and
        conditions.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `version`: Version, MAJOR.MINOR.PATCH or latest.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files/{path}",
                path={"org": org, "name": name, "path": path},
                query={"version": version},
            ),
        )

    def read_task_readme(self, name: str, *, org: str | None = None, version: str | None = None) -> TaskReadmeResponse:
        """Read the readme at the root of a task's archive.

        Needs the scope `task:read`.

        `version`: Version, MAJOR.MINOR.PATCH or latest.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/readme",
                path={"org": org, "name": name},
                query={"version": version},
            ),
        )

    def download_task_archive(self, name: str, version: str, *, org: str | None = None) -> Download:
        """Download a version's whole archive.

        The zip as it was published. Takes one byte range, and conditions; Repr-Digest carries its SHA-256. Where
        publishing took the folder away that all files lie in, the zip has it still, and `X-Archive-Root` names it,
        percent-encoded.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/{version}/archive",
                path={"org": org, "name": name, "version": version},
            ),
        )

    def list_tasks(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "difficulty", "source", "author", "created_at", "file_size"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskListResponse:
        """List tasks.

        One row per name, the latest version. Of another organization its public tasks are listed; one that has none is
        404. Filters that take several values are repeated (`difficulty=easy&difficulty=hard`); any of the values
        matches.

        Needs the scope `task:read`.

        `difficulty`: Any of these difficulties.

        `tags`: At least one of these tags.

        `author`: Any of these authors.

        `source`: Any of these sources.

        `search`: Part of the name, in any letter case.

        `include_public`: Also the public tasks of every other organization.

        `sort_by`: What to sort by.

        `sort_dir`: Direction.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "page": page,
                    "limit": limit,
                },
            ),
        )

    def iter_tasks(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "difficulty", "source", "author", "created_at", "file_size"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskSummary]:
        """All that `list_tasks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "limit": limit,
                },
            ),
            rows="tasks",
            by="page",
        )

    def list_task_facets(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
    ) -> TaskFacetsResponse:
        """Count the values that tasks can be filtered by.

        Over the tasks that listTasks answers with the same filters; at most 100 values each, most frequent first.

        Needs the scope `task:read`.

        `difficulty`: Any of these difficulties.

        `tags`: At least one of these tags.

        `author`: Any of these authors.

        `source`: Any of these sources.

        `search`: Part of the name, in any letter case.

        `include_public`: Also the public tasks of every other organization.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/facets",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                },
            ),
        )

    def get_task(self, name: str, *, org: str | None = None) -> TaskDetail:
        """Get a task's latest version.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}",
                path={"org": org, "name": name},
            ),
        )

    def list_task_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskVersionList:
        """List a task's versions, highest first.

        Needs the scope `task:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions",
                path={"org": org, "name": name},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskSummary]:
        """All that `list_task_versions` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions",
                path={"org": org, "name": name},
                query={"limit": limit},
            ),
            rows="versions",
            by="page",
        )

    def get_task_instruction(
        self,
        name: str,
        *,
        org: str | None = None,
        sandbox_id: str | None = None,
    ) -> TaskInstructionResponse:
        """Get what the agent is asked to do.

        The latest version's instruction as it was published, with its placeholders. With `sandbox_id`: that of the
        environment, with what its placeholders stand for there; the key needs environment:read too.

        Needs the scope `task:read`.

        `sandbox_id`: An environment of this task, by its `sandbox_id`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/instruction",
                path={"org": org, "name": name},
                query={"sandbox_id": sandbox_id},
            ),
        )

    def update_task_visibility(self, name: str, body: TaskVisibilityUpdate, *, org: str | None = None) -> TaskDetail:
        """Make a task public or private, all versions of it.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/tasks/{name}/visibility",
                path={"org": org, "name": name},
                json=body,
            ),
        )

    def get_task_version(self, name: str, version: str, *, org: str | None = None) -> TaskDetail:
        """Get one version of a task.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/{version}",
                path={"org": org, "name": name, "version": version},
            ),
        )

    def delete_task_version(self, name: str, version: str, *, org: str | None = None) -> None:
        """Delete a version, and the task with its last one.

        The version is named exactly: `latest` is refused. The number may be published again afterwards.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/tasks/{name}/{version}",
                path={"org": org, "name": name, "version": version},
            ),
        )

    def publish_task_version(
        self,
        name: str,
        version: str,
        content: Content,
        *,
        org: str | None = None,
        strip: bool | None = None,
    ) -> TaskDetail | PublishedTask | TaskUpload:
        """Publish a version from a zip archive.

        The body is the archive itself, of a known length. It is streamed into the store while its SHA-256 is computed,
        and compared with `Content-Digest: sha-256=:…:` (RFC 9530) when that is sent. Nothing is visible before the
        archive is accepted. The same bytes again answer 200; other bytes for a published version 409. An archive that
        is large, or inflates to much, answers 202 and is verified in the background: the upload at `Location` tells how
        it went.

        Needs the scope `task:write`.

        `strip`: Whether the folder that all files of the archive lie in is taken away, so that paths begin in it, when
        it holds the task.yaml; `false` keeps every path.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}",
                path={"org": org, "name": name, "version": version},
                query={"strip": strip},
                content=content,
                content_type="application/zip",
            ),
        )


class AsyncTaskRegistryCalls:
    """Packaged tasks: publish, list, read."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_task_files(
        self,
        name: str,
        *,
        org: str | None = None,
        version: str | None = None,
        prefix: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TaskFileListResponse:
        """List task files.

        List files inside a task zip archive, in its order, without entries that stand for directories. Without
        parameters: all files of the latest version. With `limit` the answer is a page whose `next_cursor` leads to the
        next one of the same version.

        Needs the scope `task:read`.

        `version`: Version, MAJOR.MINOR.PATCH or latest.

        `prefix`: Only files whose name begins with this.

        `limit`: Files per page; all of them when left out.

        `cursor`: `next_cursor` of the page before.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files",
                path={"org": org, "name": name},
                query={"version": version, "prefix": prefix, "limit": limit, "cursor": cursor},
            ),
        )

    def iter_task_files(
        self,
        name: str,
        *,
        org: str | None = None,
        version: str | None = None,
        prefix: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskFileEntry]:
        """All that `list_task_files` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files",
                path={"org": org, "name": name},
                query={"version": version, "prefix": prefix, "limit": limit},
            ),
            rows="files",
            by="cursor",
        )

    def read_task_file(
        self,
        name: str,
        path: str,
        *,
        org: str | None = None,
        version: str | None = None,
    ) -> AsyncDownload:
        """Read one file of a task.

        The raw bytes of one file inside the archive. The path may contain slashes. Takes one byte range, and
        conditions.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `version`: Version, MAJOR.MINOR.PATCH or latest.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/files/{path}",
                path={"org": org, "name": name, "path": path},
                query={"version": version},
            ),
        )

    async def read_task_readme(
        self,
        name: str,
        *,
        org: str | None = None,
        version: str | None = None,
    ) -> TaskReadmeResponse:
        """Read the readme at the root of a task's archive.

        Needs the scope `task:read`.

        `version`: Version, MAJOR.MINOR.PATCH or latest.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/readme",
                path={"org": org, "name": name},
                query={"version": version},
            ),
        )

    def download_task_archive(self, name: str, version: str, *, org: str | None = None) -> AsyncDownload:
        """Download a version's whole archive.

        The zip as it was published. Takes one byte range, and conditions; Repr-Digest carries its SHA-256. Where
        publishing took the folder away that all files lie in, the zip has it still, and `X-Archive-Root` names it,
        percent-encoded.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/{version}/archive",
                path={"org": org, "name": name, "version": version},
            ),
        )

    async def list_tasks(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "difficulty", "source", "author", "created_at", "file_size"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskListResponse:
        """List tasks.

        One row per name, the latest version. Of another organization its public tasks are listed; one that has none is
        404. Filters that take several values are repeated (`difficulty=easy&difficulty=hard`); any of the values
        matches.

        Needs the scope `task:read`.

        `difficulty`: Any of these difficulties.

        `tags`: At least one of these tags.

        `author`: Any of these authors.

        `source`: Any of these sources.

        `search`: Part of the name, in any letter case.

        `include_public`: Also the public tasks of every other organization.

        `sort_by`: What to sort by.

        `sort_dir`: Direction.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "page": page,
                    "limit": limit,
                },
            ),
        )

    def iter_tasks(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "difficulty", "source", "author", "created_at", "file_size"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskSummary]:
        """All that `list_tasks` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "limit": limit,
                },
            ),
            rows="tasks",
            by="page",
        )

    async def list_task_facets(
        self,
        *,
        org: str | None = None,
        difficulty: list[str] | None = None,
        tags: list[str] | None = None,
        author: list[str] | None = None,
        source: list[str] | None = None,
        search: str | None = None,
        include_public: bool | None = None,
    ) -> TaskFacetsResponse:
        """Count the values that tasks can be filtered by.

        Over the tasks that listTasks answers with the same filters; at most 100 values each, most frequent first.

        Needs the scope `task:read`.

        `difficulty`: Any of these difficulties.

        `tags`: At least one of these tags.

        `author`: Any of these authors.

        `source`: Any of these sources.

        `search`: Part of the name, in any letter case.

        `include_public`: Also the public tasks of every other organization.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/facets",
                path={"org": org},
                query={
                    "difficulty": difficulty,
                    "tags": tags,
                    "author": author,
                    "source": source,
                    "search": search,
                    "include_public": include_public,
                },
            ),
        )

    async def get_task(self, name: str, *, org: str | None = None) -> TaskDetail:
        """Get a task's latest version.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}",
                path={"org": org, "name": name},
            ),
        )

    async def list_task_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskVersionList:
        """List a task's versions, highest first.

        Needs the scope `task:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions",
                path={"org": org, "name": name},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskSummary]:
        """All that `list_task_versions` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/versions",
                path={"org": org, "name": name},
                query={"limit": limit},
            ),
            rows="versions",
            by="page",
        )

    async def get_task_instruction(
        self,
        name: str,
        *,
        org: str | None = None,
        sandbox_id: str | None = None,
    ) -> TaskInstructionResponse:
        """Get what the agent is asked to do.

        The latest version's instruction as it was published, with its placeholders. With `sandbox_id`: that of the
        environment, with what its placeholders stand for there; the key needs environment:read too.

        Needs the scope `task:read`.

        `sandbox_id`: An environment of this task, by its `sandbox_id`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/instruction",
                path={"org": org, "name": name},
                query={"sandbox_id": sandbox_id},
            ),
        )

    async def update_task_visibility(
        self,
        name: str,
        body: TaskVisibilityUpdate,
        *,
        org: str | None = None,
    ) -> TaskDetail:
        """Make a task public or private, all versions of it.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/tasks/{name}/visibility",
                path={"org": org, "name": name},
                json=body,
            ),
        )

    async def get_task_version(self, name: str, version: str, *, org: str | None = None) -> TaskDetail:
        """Get one version of a task.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/tasks/{name}/{version}",
                path={"org": org, "name": name, "version": version},
            ),
        )

    async def delete_task_version(self, name: str, version: str, *, org: str | None = None) -> None:
        """Delete a version, and the task with its last one.

        The version is named exactly: `latest` is refused. The number may be published again afterwards.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/tasks/{name}/{version}",
                path={"org": org, "name": name, "version": version},
            ),
        )

    async def publish_task_version(
        self,
        name: str,
        version: str,
        content: Content,
        *,
        org: str | None = None,
        strip: bool | None = None,
    ) -> TaskDetail | PublishedTask | TaskUpload:
        """Publish a version from a zip archive.

        The body is the archive itself, of a known length. It is streamed into the store while its SHA-256 is computed,
        and compared with `Content-Digest: sha-256=:…:` (RFC 9530) when that is sent. Nothing is visible before the
        archive is accepted. The same bytes again answer 200; other bytes for a published version 409. An archive that
        is large, or inflates to much, answers 202 and is verified in the background: the upload at `Location` tells how
        it went.

        Needs the scope `task:write`.

        `strip`: Whether the folder that all files of the archive lie in is taken away, so that paths begin in it, when
        it holds the task.yaml; `false` keeps every path.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/tasks/{name}/versions/{version}",
                path={"org": org, "name": name, "version": version},
                query={"strip": strip},
                content=content,
                content_type="application/zip",
            ),
        )
