# Generated from the OpenAPI document by `npm run generate:python`.
"""Organizations, workspaces, projects, users, keys."""

from __future__ import annotations

from typing import AsyncIterator, Iterator

from .._call import Call
from .._transport import AsyncTransport, Transport
from .models import (
    ApiKey,
    ApiKeyChange,
    ApiKeyList,
    CreatedApiKey,
    CreatedOrganization,
    NameChange,
    NewApiKey,
    NewOrganization,
    NewProject,
    NewUser,
    NewWorkspace,
    Organization,
    Project,
    ProjectList,
    User,
    UserChange,
    UserList,
    Workspace,
    WorkspaceList,
)


class AdministrationCalls:
    """Organizations, workspaces, projects, users, keys."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_organization(self, body: NewOrganization) -> CreatedOrganization:
        """Create an organization with its owner and a first admin key.

        The first organization of a deployment is created with the bootstrap secret as the Bearer token, every other
        with an admin key. A default workspace and project come with it.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/organizations",
                json=body,
            ),
        )

    def get_organization(self, org: str) -> Organization:
        """Read the organization that the key belongs to."""
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}",
                path={"org": org},
            ),
        )

    def update_organization(self, org: str, body: NameChange) -> Organization:
        """Change an organization's name or description.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}",
                path={"org": org},
                json=body,
            ),
        )

    def list_workspaces(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> WorkspaceList:
        """List workspaces, by key.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_workspaces(self, *, org: str | None = None, limit: int | None = None) -> Iterator[Workspace]:
        """All that `list_workspaces` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="workspaces",
            by="page",
        )

    def create_workspace(self, body: NewWorkspace, *, org: str | None = None) -> Workspace:
        """Create a workspace.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                json=body,
            ),
        )

    def get_workspace(self, ws: str, *, org: str | None = None) -> Workspace:
        """Read a workspace."""
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
            ),
        )

    def update_workspace(self, ws: str, body: NameChange, *, org: str | None = None) -> Workspace:
        """Change a workspace's name or description.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
                json=body,
            ),
        )

    def delete_workspace(self, ws: str, *, org: str | None = None) -> None:
        """Delete an empty workspace.

        The default workspace, and one that holds projects, answer 409.

        Needs the scope `admin`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
            ),
        )

    def list_projects(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> ProjectList:
        """List a workspace's projects, by key.

        A bare array, as published clients read it. A key that is bound to a project sees that one only.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_projects(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Project]:
        """All that `list_projects` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                query={"limit": limit},
            ),
            rows=None,
            by="page",
        )

    def create_project(self, body: NewProject, *, org: str | None = None, ws: str | None = None) -> Project:
        """Create a project.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                json=body,
            ),
        )

    def get_project(self, project: str, *, org: str | None = None, ws: str | None = None) -> Project:
        """Read a project."""
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
            ),
        )

    def update_project(
        self,
        project: str,
        body: NameChange,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> Project:
        """Change a project's name or description.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
                json=body,
            ),
        )

    def delete_project(self, project: str, *, org: str | None = None, ws: str | None = None) -> None:
        """Delete an empty project and the keys that are bound to it.

        The default project, and one that holds anything but keys, answer 409.

        Needs the scope `admin`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
            ),
        )

    def list_users(self, *, org: str | None = None, page: int | None = None, limit: int | None = None) -> UserList:
        """List the organization's users, by username.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/users",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_users(self, *, org: str | None = None, limit: int | None = None) -> Iterator[User]:
        """All that `list_users` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/users",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="users",
            by="page",
        )

    def create_user(self, body: NewUser, *, org: str | None = None) -> User:
        """Add a user to the organization.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/users",
                path={"org": org},
                json=body,
            ),
        )

    def get_user(self, user_id: str, *, org: str | None = None) -> User:
        """Read a user.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
            ),
        )

    def update_user(self, user_id: str, body: UserChange, *, org: str | None = None) -> User:
        """Change a user's name or role.

        The last owner stays one (409).

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
                json=body,
            ),
        )

    def delete_user(self, user_id: str, *, org: str | None = None) -> None:
        """Delete a user and all of the user's keys.

        The last owner, and the user who calls, answer 409.

        Needs the scope `admin`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
            ),
        )

    def list_api_keys(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        include_revoked: bool | None = None,
    ) -> ApiKeyList:
        """List the organization's API keys, newest first.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `include_revoked`: Also the keys that are revoked.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                query={"page": page, "limit": limit, "include_revoked": include_revoked},
            ),
        )

    def iter_api_keys(
        self,
        *,
        org: str | None = None,
        limit: int | None = None,
        include_revoked: bool | None = None,
    ) -> Iterator[ApiKey]:
        """All that `list_api_keys` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                query={"limit": limit, "include_revoked": include_revoked},
            ),
            rows="api_keys",
            by="page",
        )

    def create_api_key(self, body: NewApiKey, *, org: str | None = None) -> CreatedApiKey:
        """Create an API key for a user of the organization.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                json=body,
            ),
        )

    def get_api_key(self, key_id: str, *, org: str | None = None) -> ApiKey:
        """Read what is known of an API key.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
            ),
        )

    def update_api_key(self, key_id: str, body: ApiKeyChange, *, org: str | None = None) -> ApiKey:
        """Switch an API key off, or on again.

        A key that is off answers 401, for append_log and stream within five seconds. One that is revoked stays so. A
        key cannot switch itself off.

        Needs the scope `admin`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
                json=body,
            ),
        )

    def revoke_api_key(self, key_id: str, *, org: str | None = None) -> None:
        """Revoke an API key.

        The key stops working at once, for append_log and stream within five seconds, and stays readable with
        `revoked_at`. Revoking again changes nothing.

        Needs the scope `admin`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
            ),
        )


class AsyncAdministrationCalls:
    """Organizations, workspaces, projects, users, keys."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create_organization(self, body: NewOrganization) -> CreatedOrganization:
        """Create an organization with its owner and a first admin key.

        The first organization of a deployment is created with the bootstrap secret as the Bearer token, every other
        with an admin key. A default workspace and project come with it.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/organizations",
                json=body,
            ),
        )

    async def get_organization(self, org: str) -> Organization:
        """Read the organization that the key belongs to."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}",
                path={"org": org},
            ),
        )

    async def update_organization(self, org: str, body: NameChange) -> Organization:
        """Change an organization's name or description.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}",
                path={"org": org},
                json=body,
            ),
        )

    async def list_workspaces(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> WorkspaceList:
        """List workspaces, by key.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_workspaces(self, *, org: str | None = None, limit: int | None = None) -> AsyncIterator[Workspace]:
        """All that `list_workspaces` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="workspaces",
            by="page",
        )

    async def create_workspace(self, body: NewWorkspace, *, org: str | None = None) -> Workspace:
        """Create a workspace.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws",
                path={"org": org},
                json=body,
            ),
        )

    async def get_workspace(self, ws: str, *, org: str | None = None) -> Workspace:
        """Read a workspace."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
            ),
        )

    async def update_workspace(self, ws: str, body: NameChange, *, org: str | None = None) -> Workspace:
        """Change a workspace's name or description.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
                json=body,
            ),
        )

    async def delete_workspace(self, ws: str, *, org: str | None = None) -> None:
        """Delete an empty workspace.

        The default workspace, and one that holds projects, answer 409.

        Needs the scope `admin`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}",
                path={"org": org, "ws": ws},
            ),
        )

    async def list_projects(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> ProjectList:
        """List a workspace's projects, by key.

        A bare array, as published clients read it. A key that is bound to a project sees that one only.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_projects(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Project]:
        """All that `list_projects` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                query={"limit": limit},
            ),
            rows=None,
            by="page",
        )

    async def create_project(self, body: NewProject, *, org: str | None = None, ws: str | None = None) -> Project:
        """Create a project.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/projects",
                path={"org": org, "ws": ws},
                json=body,
            ),
        )

    async def get_project(self, project: str, *, org: str | None = None, ws: str | None = None) -> Project:
        """Read a project."""
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
            ),
        )

    async def update_project(
        self,
        project: str,
        body: NameChange,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> Project:
        """Change a project's name or description.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
                json=body,
            ),
        )

    async def delete_project(self, project: str, *, org: str | None = None, ws: str | None = None) -> None:
        """Delete an empty project and the keys that are bound to it.

        The default project, and one that holds anything but keys, answer 409.

        Needs the scope `admin`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/projects/{project}",
                path={"org": org, "ws": ws, "project": project},
            ),
        )

    async def list_users(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> UserList:
        """List the organization's users, by username.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/users",
                path={"org": org},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_users(self, *, org: str | None = None, limit: int | None = None) -> AsyncIterator[User]:
        """All that `list_users` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/users",
                path={"org": org},
                query={"limit": limit},
            ),
            rows="users",
            by="page",
        )

    async def create_user(self, body: NewUser, *, org: str | None = None) -> User:
        """Add a user to the organization.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/users",
                path={"org": org},
                json=body,
            ),
        )

    async def get_user(self, user_id: str, *, org: str | None = None) -> User:
        """Read a user.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
            ),
        )

    async def update_user(self, user_id: str, body: UserChange, *, org: str | None = None) -> User:
        """Change a user's name or role.

        The last owner stays one (409).

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
                json=body,
            ),
        )

    async def delete_user(self, user_id: str, *, org: str | None = None) -> None:
        """Delete a user and all of the user's keys.

        The last owner, and the user who calls, answer 409.

        Needs the scope `admin`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/users/{user_id}",
                path={"org": org, "user_id": user_id},
            ),
        )

    async def list_api_keys(
        self,
        *,
        org: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        include_revoked: bool | None = None,
    ) -> ApiKeyList:
        """List the organization's API keys, newest first.

        Needs the scope `admin`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `include_revoked`: Also the keys that are revoked.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                query={"page": page, "limit": limit, "include_revoked": include_revoked},
            ),
        )

    def iter_api_keys(
        self,
        *,
        org: str | None = None,
        limit: int | None = None,
        include_revoked: bool | None = None,
    ) -> AsyncIterator[ApiKey]:
        """All that `list_api_keys` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                query={"limit": limit, "include_revoked": include_revoked},
            ),
            rows="api_keys",
            by="page",
        )

    async def create_api_key(self, body: NewApiKey, *, org: str | None = None) -> CreatedApiKey:
        """Create an API key for a user of the organization.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/api-keys",
                path={"org": org},
                json=body,
            ),
        )

    async def get_api_key(self, key_id: str, *, org: str | None = None) -> ApiKey:
        """Read what is known of an API key.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
            ),
        )

    async def update_api_key(self, key_id: str, body: ApiKeyChange, *, org: str | None = None) -> ApiKey:
        """Switch an API key off, or on again.

        A key that is off answers 401, for append_log and stream within five seconds. One that is revoked stays so. A
        key cannot switch itself off.

        Needs the scope `admin`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
                json=body,
            ),
        )

    async def revoke_api_key(self, key_id: str, *, org: str | None = None) -> None:
        """Revoke an API key.

        The key stops working at once, for append_log and stream within five seconds, and stays readable with
        `revoked_at`. Revoking again changes nothing.

        Needs the scope `admin`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/api-keys/{key_id}",
                path={"org": org, "key_id": key_id},
            ),
        )
