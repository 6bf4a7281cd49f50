# Generated from the OpenAPI document by `npm run generate:python`.
"""Curated lists of tasks, with versions."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import (
    NewTaskSet,
    TaskSet,
    TaskSetChange,
    TaskSetFacets,
    TaskSetList,
    TaskSetSummary,
    TaskSetVersionList,
    TaskSetVersionListVersionsItem,
)


class TaskSetsCalls:
    """Curated lists of tasks, with versions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_task_set(self, body: NewTaskSet, *, org: str | None = None) -> TaskSet:
        """Create a task set.

        Every task has to be there for who makes the set, or the answer names each that is not. Tasks are kept with
        their organization.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                json=body,
            ),
        )

    def list_task_sets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "created_at", "updated_at"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskSetList:
        """List task sets.

        Of another organization its public sets are listed; one that has none is 404.

        Needs the scope `task:read`.

        `search`: Part of the name, in any letter case.

        `tags`: At least one of these tags.

        `include_public`: Also the public sets of every other organization.

        `sort_by`: What to sort by.

        `sort_dir`: Direction.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                query={
                    "search": search,
                    "tags": tags,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "page": page,
                    "limit": limit,
                },
            ),
        )

    def iter_task_sets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "created_at", "updated_at"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskSetSummary]:
        """All that `list_task_sets` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                query={
                    "search": search,
                    "tags": tags,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "limit": limit,
                },
            ),
            rows="task_sets",
            by="page",
        )

    def list_task_set_facets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
    ) -> TaskSetFacets:
        """Count the values that task sets can be filtered by.

        Over the sets that listTaskSets answers with the same filters.

        Needs the scope `task:read`.

        `search`: Part of the name, in any letter case.

        `tags`: At least one of these tags.

        `include_public`: Also the public sets of every other organization.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/facets",
                path={"org": org},
                query={"search": search, "tags": tags, "include_public": include_public},
            ),
        )

    def get_task_set(self, name: str, *, org: str | None = None) -> TaskSet:
        """Get a task set as it is now.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
            ),
        )

    def update_task_set(self, name: str, body: TaskSetChange, *, org: str | None = None) -> TaskSet:
        """Change a task set.

        What is left out stays, and a description that is null is cleared. Other `tasks` than it has are its next
        version; the same ones are not.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
                json=body,
            ),
        )

    def delete_task_set(self, name: str, *, org: str | None = None) -> None:
        """Delete a task set with all its versions.

        The tasks stay, and so do evaluations that were made from the set: they know their tasks by themselves.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
            ),
        )

    def list_task_set_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskSetVersionList:
        """List the versions of a task set, highest first.

        Needs the scope `task:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/versions",
                path={"org": org, "name": name},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_set_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TaskSetVersionListVersionsItem]:
        """All that `list_task_set_versions` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/versions",
                path={"org": org, "name": name},
                query={"limit": limit},
            ),
            rows="versions",
            by="page",
        )

    def get_task_set_version(self, name: str, set_version: str, *, org: str | None = None) -> TaskSet:
        """Get what a task set held in one of its versions.

        The tasks are those of the version; description, tags and visibility are of now.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/{set_version}",
                path={"org": org, "name": name, "set_version": set_version},
            ),
        )


class AsyncTaskSetsCalls:
    """Curated lists of tasks, with versions."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create_task_set(self, body: NewTaskSet, *, org: str | None = None) -> TaskSet:
        """Create a task set.

        Every task has to be there for who makes the set, or the answer names each that is not. Tasks are kept with
        their organization.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                json=body,
            ),
        )

    async def list_task_sets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "created_at", "updated_at"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskSetList:
        """List task sets.

        Of another organization its public sets are listed; one that has none is 404.

        Needs the scope `task:read`.

        `search`: Part of the name, in any letter case.

        `tags`: At least one of these tags.

        `include_public`: Also the public sets of every other organization.

        `sort_by`: What to sort by.

        `sort_dir`: Direction.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                query={
                    "search": search,
                    "tags": tags,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "page": page,
                    "limit": limit,
                },
            ),
        )

    def iter_task_sets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
        sort_by: Literal["name", "created_at", "updated_at"] | None = None,
        sort_dir: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskSetSummary]:
        """All that `list_task_sets` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets",
                path={"org": org},
                query={
                    "search": search,
                    "tags": tags,
                    "include_public": include_public,
                    "sort_by": sort_by,
                    "sort_dir": sort_dir,
                    "limit": limit,
                },
            ),
            rows="task_sets",
            by="page",
        )

    async def list_task_set_facets(
        self,
        *,
        org: str | None = None,
        search: str | None = None,
        tags: list[str] | None = None,
        include_public: bool | None = None,
    ) -> TaskSetFacets:
        """Count the values that task sets can be filtered by.

        Over the sets that listTaskSets answers with the same filters.

        Needs the scope `task:read`.

        `search`: Part of the name, in any letter case.

        `tags`: At least one of these tags.

        `include_public`: Also the public sets of every other organization.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/facets",
                path={"org": org},
                query={"search": search, "tags": tags, "include_public": include_public},
            ),
        )

    async def get_task_set(self, name: str, *, org: str | None = None) -> TaskSet:
        """Get a task set as it is now.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
            ),
        )

    async def update_task_set(self, name: str, body: TaskSetChange, *, org: str | None = None) -> TaskSet:
        """Change a task set.

        What is left out stays, and a description that is null is cleared. Other `tasks` than it has are its next
        version; the same ones are not.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
                json=body,
            ),
        )

    async def delete_task_set(self, name: str, *, org: str | None = None) -> None:
        """Delete a task set with all its versions.

        The tasks stay, and so do evaluations that were made from the set: they know their tasks by themselves.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/task-sets/{name}",
                path={"org": org, "name": name},
            ),
        )

    async def list_task_set_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> TaskSetVersionList:
        """List the versions of a task set, highest first.

        Needs the scope `task:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/versions",
                path={"org": org, "name": name},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_task_set_versions(
        self,
        name: str,
        *,
        org: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TaskSetVersionListVersionsItem]:
        """All that `list_task_set_versions` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/versions",
                path={"org": org, "name": name},
                query={"limit": limit},
            ),
            rows="versions",
            by="page",
        )

    async def get_task_set_version(self, name: str, set_version: str, *, org: str | None = None) -> TaskSet:
        """Get what a task set held in one of its versions.

        The tasks are those of the version; description, tags and visibility are of now.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/task-sets/{name}/{set_version}",
                path={"org": org, "name": name, "set_version": set_version},
            ),
        )
