# Generated from the OpenAPI document by `npm run generate:python`.
"""Tasks provisioned in a sandbox: their life, commands and files."""

from __future__ import annotations

from typing import AsyncIterator, Iterator

from .._call import Call, Content
from .._transport import AsyncTransport, Transport
from ..download import AsyncDownload, Download
from .models import (
    BackgroundCommandRequest,
    BeginEnvironmentUploadResponse,
    EnvironmentCommand,
    EnvironmentCommandInput,
    EnvironmentCommandList,
    EnvironmentCreateRequest,
    EnvironmentExtendRequest,
    EnvironmentFile,
    EnvironmentFileList,
    EnvironmentListResponse,
    EnvironmentLogsResponse,
    EnvironmentResponse,
    EnvironmentStatusResponse,
    EnvironmentTerminalList,
    EnvironmentUpload,
    EnvironmentUploadList,
    EnvironmentUploadPart,
    EnvironmentUploadRequest,
    ExecuteRequest,
    ExecuteResponse,
    TerminalSize,
    VerificationResult,
)


class EnvironmentsCalls:
    """Tasks provisioned in a sandbox: their life, commands and files."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_environment(
        self,
        body: EnvironmentCreateRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
        idempotency_key: str | None = None,
    ) -> EnvironmentResponse:
        """Provision a task.

        Answers at once; poll `…/status` until it is `ready`. `execute_token` is shown in this answer only. With an
        `Idempotency-Key` a request can be sent again: it answers with the environment that is there and another token
        that opens it.

        Needs the scope `environment:write`.

        `idempotency_key`: Of your choice; unique in the workspace.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def list_environments(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        state: list[str] | None = None,
    ) -> EnvironmentListResponse:
        """List a workspace's environments, newest first.

        Needs the scope `environment:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `state`: Sandbox states, any of them; repeated for several.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit, "state": state},
            ),
        )

    def iter_environments(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        state: list[str] | None = None,
    ) -> Iterator[EnvironmentResponse]:
        """All that `list_environments` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                query={"limit": limit, "state": state},
            ),
            rows="environments",
            by="page",
        )

    def get_environment(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Get an environment.

        Needs the scope `environment:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    def delete_environment(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Tear an environment down.

        Its commands are killed at once; its sandbox is given back afterwards. Safe to repeat.

        Needs the scope `environment:write`.
        """
        return self._transport.json(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    def get_environment_status(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentStatusResponse:
        """Get what changes of an environment.

        Needs the scope `environment:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/status",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    def get_environment_logs(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentLogsResponse:
        """Read what provisioning and teardown did.

        The last 1,000 lines. What commands write is not in it.

        Needs the scope `environment:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/logs",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    def extend_environment(
        self,
        environment_id: str,
        body: EnvironmentExtendRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Have an environment live longer.

        Until `extend_seconds` from now at least, within the organization's maximum. Safe to repeat.

        Needs the scope `environment:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/extend",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                json=body,
            ),
        )

    def execute_in_environment(
        self,
        environment_id: str,
        body: ExecuteRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> ExecuteResponse:
        """Execute a command inside a task environment.

        Run a shell command in the environment's sandbox, and wait for its end. After 10 seconds the answer begins with
        status 200 and spaces before its JSON, so that nobody on the way takes it for dead; a failure is told as the
        error body then. With `Accept: text/event-stream` output comes as events `stdout` and, where the two are told
        apart, `stderr` (`{data}`), and the last one is `exit` with the result, or `error`. A command goes on when its
        client goes away: `…/commands` knows it.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/execute",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    def start_environment_command(
        self,
        environment_id: str,
        body: BackgroundCommandRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Start a command in the background.

        A server, or work that takes long: without `timeout_sec` it may run as long as the environment. With `tty` it
        runs on a terminal that can be joined, and with `stdin_open` its input stays open; 400 where the sandbox has
        neither.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    def list_environment_commands(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> EnvironmentCommandList:
        """List the latest commands, newest first.

        Those that were executed and those in the background; 200 are remembered, until a day after the end.

        Needs the scope `environment:read`.

        `limit`: Commands.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"limit": limit},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def get_environment_command(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Get a command.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def read_environment_command_output(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        offset: int | None = None,
        wait_seconds: int | None = None,
    ) -> Download:
        """Read a command's output from an offset.

        The raw bytes of both streams in the order in which they came, about a megabyte at a time. Ask again with
        `offset` = `X-Next-Offset` until `X-Command-Status` is not `running` and nothing comes any more.

        Needs the scope `environment:read`.

        Nothing is sent before the download is read.

        `offset`: Bytes to leave out.

        `wait_seconds`: How long to wait when there is nothing new and the command runs.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/output",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                query={"offset": offset, "wait_seconds": wait_seconds},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def kill_environment_command(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Kill a command and all that it has started.

        Waits for its end up to 10 seconds. A command that is over stays as it ended.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/kill",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def write_environment_command_input(
        self,
        environment_id: str,
        command_id: str,
        content: Content | None = None,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        writer: str | None = None,
        offset: int | None = None,
        end: bool | None = None,
    ) -> EnvironmentCommandInput:
        """Write to the standard input of a command that keeps it open.

        The raw bytes, 65536 at most; the command reads them as they come. With `offset` it is safe to repeat: what has
        come before is left out. 409 with `Retry-After` where a megabyte waits for the command to read it.

        Needs the scope `environment:write`.

        `writer`: Who writes: each has offsets of its own.

        `offset`: Where these bytes begin among all that this writer has sent; behind the last where nothing is said.

        `end`: Whether the input ends behind them. Not for terminals, where the byte 4 (Ctrl-D) says so.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/stdin",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                query={"writer": writer, "offset": offset, "end": end},
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def resize_environment_command_terminal(
        self,
        environment_id: str,
        command_id: str,
        body: TerminalSize,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Change the size of a command's terminal.

        Its programs hear of it by SIGWINCH.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/resize",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    def list_environment_terminals(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> EnvironmentTerminalList:
        """List the latest terminals, newest first.

        Commands that have a `tty` are among them. They are remembered as other commands are.

        Needs the scope `environment:read`.

        `limit`: Terminals.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/terminals",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"limit": limit},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def close_environment_terminal(
        self,
        environment_id: str,
        terminal_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Close a terminal, and end all that runs in it.

        Waits for its end up to 10 seconds. One that is over stays as it ended.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/terminals/{terminal_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "terminal_id": terminal_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def verify_environment(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> VerificationResult:
        """Verify the task in an environment.

        Runs the verification script of the task's archive in the sandbox, as it was published, or compares the flag
        that lies there. Of a task in Harbor's format `tests` is copied to `/tests` and run, and gives a reward. What
        only a judge can say, or is verified where the agent is, is 400. Slow answers begin as those of execute do.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/verify",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def list_environment_files(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        path: str | None = None,
        depth: int | None = None,
    ) -> EnvironmentFileList:
        """List a folder of a live environment.

        Needs the scope `environment:read`.

        `path`: The folder.

        `depth`: Levels below it: 1 for its own entries.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"path": path, "depth": depth},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def read_environment_file(
        self,
        environment_id: str,
        path: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> Download:
        """Read a file of a live environment.

        The raw bytes. Takes one byte range, and conditions.

        Needs the scope `environment:read`.

        Nothing is sent before the download is read.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def write_environment_file(
        self,
        environment_id: str,
        path: str,
        content: Content,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentFile:
        """Write a file into a live environment.

        The raw bytes, with Content-Length. Replaces what is there; folders above it are made.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def remove_environment_file(
        self,
        environment_id: str,
        path: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> None:
        """Remove a file of a live environment, or a folder with all that is in it.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def begin_environment_upload(
        self,
        environment_id: str,
        body: EnvironmentUploadRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> BeginEnvironmentUploadResponse:
        """Begin to send a file of any size in parts.

        What the sandbox has no room for is refused now. The answer says how large each part is; they may come in any
        order, several at once, and again.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    def list_environment_uploads(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUploadList:
        """List an environment's uploads, oldest first.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def get_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUpload:
        """Read which parts of an upload have arrived.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def abort_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> None:
        """Abort an upload: what has come of it goes.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def put_environment_upload_part(
        self,
        environment_id: str,
        upload_id: str,
        part_number: int,
        content: Content,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUploadPart:
        """Send a part.

        The raw bytes, with Content-Length. A part that is sent again replaces the earlier one.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}/parts/{part_number}",
                path={
                    "org": org,
                    "ws": ws,
                    "environment_id": environment_id,
                    "upload_id": upload_id,
                    "part_number": part_number,
                },
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def complete_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentFile:
        """Put the file in place.

        All or nothing, in place of what is there; the SHA-256 is compared before. Safe to repeat. Where it takes long
        the answer begins with spaces, as that of `execute` does.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}/complete",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )


class AsyncEnvironmentsCalls:
    """Tasks provisioned in a sandbox: their life, commands and files."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create_environment(
        self,
        body: EnvironmentCreateRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
        idempotency_key: str | None = None,
    ) -> EnvironmentResponse:
        """Provision a task.

        Answers at once; poll `…/status` until it is `ready`. `execute_token` is shown in this answer only. With an
        `Idempotency-Key` a request can be sent again: it answers with the environment that is there and another token
        that opens it.

        Needs the scope `environment:write`.

        `idempotency_key`: Of your choice; unique in the workspace.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def list_environments(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        state: list[str] | None = None,
    ) -> EnvironmentListResponse:
        """List a workspace's environments, newest first.

        Needs the scope `environment:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `state`: Sandbox states, any of them; repeated for several.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit, "state": state},
            ),
        )

    def iter_environments(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        state: list[str] | None = None,
    ) -> AsyncIterator[EnvironmentResponse]:
        """All that `list_environments` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments",
                path={"org": org, "ws": ws},
                query={"limit": limit, "state": state},
            ),
            rows="environments",
            by="page",
        )

    async def get_environment(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Get an environment.

        Needs the scope `environment:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    async def delete_environment(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Tear an environment down.

        Its commands are killed at once; its sandbox is given back afterwards. Safe to repeat.

        Needs the scope `environment:write`.
        """
        return await self._transport.json(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    async def get_environment_status(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentStatusResponse:
        """Get what changes of an environment.

        Needs the scope `environment:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/status",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    async def get_environment_logs(
        self,
        environment_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentLogsResponse:
        """Read what provisioning and teardown did.

        The last 1,000 lines. What commands write is not in it.

        Needs the scope `environment:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/logs",
                path={"org": org, "ws": ws, "environment_id": environment_id},
            ),
        )

    async def extend_environment(
        self,
        environment_id: str,
        body: EnvironmentExtendRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentResponse:
        """Have an environment live longer.

        Until `extend_seconds` from now at least, within the organization's maximum. Safe to repeat.

        Needs the scope `environment:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/extend",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                json=body,
            ),
        )

    async def execute_in_environment(
        self,
        environment_id: str,
        body: ExecuteRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> ExecuteResponse:
        """Execute a command inside a task environment.

        Run a shell command in the environment's sandbox, and wait for its end. After 10 seconds the answer begins with
        status 200 and spaces before its JSON, so that nobody on the way takes it for dead; a failure is told as the
        error body then. With `Accept: text/event-stream` output comes as events `stdout` and, where the two are told
        apart, `stderr` (`{data}`), and the last one is `exit` with the result, or `error`. A command goes on when its
        client goes away: `…/commands` knows it.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/execute",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    async def start_environment_command(
        self,
        environment_id: str,
        body: BackgroundCommandRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Start a command in the background.

        A server, or work that takes long: without `timeout_sec` it may run as long as the environment. With `tty` it
        runs on a terminal that can be joined, and with `stdin_open` its input stays open; 400 where the sandbox has
        neither.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    async def list_environment_commands(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> EnvironmentCommandList:
        """List the latest commands, newest first.

        Those that were executed and those in the background; 200 are remembered, until a day after the end.

        Needs the scope `environment:read`.

        `limit`: Commands.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"limit": limit},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def get_environment_command(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Get a command.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def read_environment_command_output(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        offset: int | None = None,
        wait_seconds: int | None = None,
    ) -> AsyncDownload:
        """Read a command's output from an offset.

        The raw bytes of both streams in the order in which they came, about a megabyte at a time. Ask again with
        `offset` = `X-Next-Offset` until `X-Command-Status` is not `running` and nothing comes any more.

        Needs the scope `environment:read`.

        Nothing is sent before the download is read.

        `offset`: Bytes to leave out.

        `wait_seconds`: How long to wait when there is nothing new and the command runs.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/output",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                query={"offset": offset, "wait_seconds": wait_seconds},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def kill_environment_command(
        self,
        environment_id: str,
        command_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Kill a command and all that it has started.

        Waits for its end up to 10 seconds. A command that is over stays as it ended.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/kill",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def write_environment_command_input(
        self,
        environment_id: str,
        command_id: str,
        content: Content | None = None,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        writer: str | None = None,
        offset: int | None = None,
        end: bool | None = None,
    ) -> EnvironmentCommandInput:
        """Write to the standard input of a command that keeps it open.

        The raw bytes, 65536 at most; the command reads them as they come. With `offset` it is safe to repeat: what has
        come before is left out. 409 with `Retry-After` where a megabyte waits for the command to read it.

        Needs the scope `environment:write`.

        `writer`: Who writes: each has offsets of its own.

        `offset`: Where these bytes begin among all that this writer has sent; behind the last where nothing is said.

        `end`: Whether the input ends behind them. Not for terminals, where the byte 4 (Ctrl-D) says so.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/stdin",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                query={"writer": writer, "offset": offset, "end": end},
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    async def resize_environment_command_terminal(
        self,
        environment_id: str,
        command_id: str,
        body: TerminalSize,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Change the size of a command's terminal.

        Its programs hear of it by SIGWINCH.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/commands/{command_id}/resize",
                path={"org": org, "ws": ws, "environment_id": environment_id, "command_id": command_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    async def list_environment_terminals(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> EnvironmentTerminalList:
        """List the latest terminals, newest first.

        Commands that have a `tty` are among them. They are remembered as other commands are.

        Needs the scope `environment:read`.

        `limit`: Terminals.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/terminals",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"limit": limit},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def close_environment_terminal(
        self,
        environment_id: str,
        terminal_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentCommand:
        """Close a terminal, and end all that runs in it.

        Waits for its end up to 10 seconds. One that is over stays as it ended.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/terminals/{terminal_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "terminal_id": terminal_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def verify_environment(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> VerificationResult:
        """Verify the task in an environment.

        Runs the verification script of the task's archive in the sandbox, as it was published, or compares the flag
        that lies there. Of a task in Harbor's format `tests` is copied to `/tests` and run, and gives a reward. What
        only a judge can say, or is verified where the agent is, is 400. Slow answers begin as those of execute do.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/verify",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def list_environment_files(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
        path: str | None = None,
        depth: int | None = None,
    ) -> EnvironmentFileList:
        """List a folder of a live environment.

        Needs the scope `environment:read`.

        `path`: The folder.

        `depth`: Levels below it: 1 for its own entries.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                query={"path": path, "depth": depth},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    def read_environment_file(
        self,
        environment_id: str,
        path: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> AsyncDownload:
        """Read a file of a live environment.

        The raw bytes. Takes one byte range, and conditions.

        Needs the scope `environment:read`.

        Nothing is sent before the download is read.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def write_environment_file(
        self,
        environment_id: str,
        path: str,
        content: Content,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentFile:
        """Write a file into a live environment.

        The raw bytes, with Content-Length. Replaces what is there; folders above it are made.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    async def remove_environment_file(
        self,
        environment_id: str,
        path: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> None:
        """Remove a file of a live environment, or a folder with all that is in it.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/files/{path}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "path": path},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def begin_environment_upload(
        self,
        environment_id: str,
        body: EnvironmentUploadRequest,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> BeginEnvironmentUploadResponse:
        """Begin to send a file of any size in parts.

        What the sandbox has no room for is refused now. The answer says how large each part is; they may come in any
        order, several at once, and again.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
                json=body,
            ),
        )

    async def list_environment_uploads(
        self,
        environment_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUploadList:
        """List an environment's uploads, oldest first.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads",
                path={"org": org, "ws": ws, "environment_id": environment_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def get_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUpload:
        """Read which parts of an upload have arrived.

        Needs the scope `environment:read`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def abort_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> None:
        """Abort an upload: what has come of it goes.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )

    async def put_environment_upload_part(
        self,
        environment_id: str,
        upload_id: str,
        part_number: int,
        content: Content,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentUploadPart:
        """Send a part.

        The raw bytes, with Content-Length. A part that is sent again replaces the earlier one.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}/parts/{part_number}",
                path={
                    "org": org,
                    "ws": ws,
                    "environment_id": environment_id,
                    "upload_id": upload_id,
                    "part_number": part_number,
                },
                headers={"X-Environment-Token": environment_token},
                content=content,
                content_type="application/octet-stream",
            ),
        )

    async def complete_environment_upload(
        self,
        environment_id: str,
        upload_id: str,
        *,
        environment_token: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EnvironmentFile:
        """Put the file in place.

        All or nothing, in place of what is there; the SHA-256 is compared before. Safe to repeat. Where it takes long
        the answer begins with spaces, as that of `execute` does.

        Needs the scope `environment:write`.

        `environment_token`: The `execute_token` of this environment, with or without `Bearer ` in front.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/uploads/{upload_id}/complete",
                path={"org": org, "ws": ws, "environment_id": environment_id, "upload_id": upload_id},
                headers={"X-Environment-Token": environment_token},
            ),
        )
