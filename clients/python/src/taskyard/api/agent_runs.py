# Generated from the OpenAPI document by `npm run generate:python`.
"""Runs of agent tasks: state, logs, connections."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call, Content
from .._transport import AsyncTransport, Transport
from ..download import AsyncDownload, Download
from .models import (
    AgentCommand,
    AgentCommandAnswer,
    AgentRun,
    AgentRunArtifactLink,
    AgentRunArtifactPath,
    AgentRunArtifactPresign,
    AgentRunChange,
    AgentRunEventsTaken,
    AgentRunLogEntries,
    AgentRunManifest,
    AgentRunOutput,
    AgentRunPage,
    AgentRunStart,
    AgentTask,
    AnnouncedArtifacts,
    AppendAgentRunLogBody,
    NewAgentRun,
    PreparedArtifactUploads,
    RelayAnswer,
    RelayMessage,
    RunConnectionToken,
    RunStreamToken,
    RunTokenKeySet,
    SlackThread,
    SlackThreadChange,
    UploadAgentRunArtifactsBody,
    UploadedArtifacts,
)


class AgentRunsCalls:
    """Runs of agent tasks: state, logs, connections."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_agent_runs(
        self,
        task_id: str,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentRunPage:
        """List a task's runs, newest first.

        The runs of a deleted task stay readable.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                query={"limit": limit, "offset": offset},
            ),
        )

    def iter_agent_runs(
        self,
        task_id: str,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> Iterator[AgentRun]:
        """All that `list_agent_runs` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                query={"limit": limit},
            ),
            rows="results",
            by="offset",
        )

    def create_agent_run(
        self,
        task_id: str,
        body: NewAgentRun | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRun:
        """Make a run without starting it.

        Status, environment and state are what the request says. Where it does not: with one of the options of `run`
        (mode, runtime_adapter, …) the run is local and queued, its options stand in `state`, and `start` starts it;
        otherwise it is a cloud run that is not_started.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def get_agent_run(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> AgentRun:
        """Get a run.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    def update_agent_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRun:
        """Change a run.

        Objects given for `output` and `state` are merged key by key into what is there; `state_remove_keys` then go.
        `github_credential_source`, `pr_authorship_mode` and `sandbox_id` are the server's and stay. A run that is
        completed, failed or cancelled stays as it is and is the answer. Every change makes `updated_at` later.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def start_agent_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunStart | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Start a run that was made before.

        The run becomes queued, with what is given here in its `state`; artifacts are those of the run, or staged ones
        of the task, which it then has. Only a run that is not_started or queued can be started. The answer is its task,
        as that of `run` is.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/start",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def cancel_agent_run(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> AgentRun:
        """Cancel a run.

        A run that is completed, failed or cancelled already stays as it is and is the answer.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/cancel",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    def set_agent_run_output(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunOutput | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRun:
        """Replace a run's output.

        Without `output` it becomes `{}`. When the task has a `json_schema`, the output has to match it, and the run is
        completed with it; otherwise it has to be an object. The output of a run that has ended can still be set.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/set_output",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def append_agent_run_log(
        self,
        task_id: str,
        run_id: str,
        body: AppendAgentRunLogBody,
        *,
        project_id: str | int | None = None,
        producer_id: str | None = None,
        producer_epoch: str | None = None,
        producer_seq: str | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRun:
        """Append entries to a run's log.

        Entries are objects of any content; each is stored as it came: order of keys, spelling of numbers, escapes. The
        answer comes when they are stored. A batch that is sent again is stored again, unless it carries the number that
        its producer gave it: `Producer-Id`, `Producer-Epoch` and `Producer-Seq`, together; or an `Idempotency-Key`.

        Needs the scope `task:write`.

        `producer_id`: Who sends this batch. With it a batch that is sent again is stored once.

        `producer_epoch`: Raised by a producer that starts again; then earlier ones are refused.

        `producer_seq`: The batch's number in its epoch, from 0.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/append_log",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={
                    "producer-id": producer_id,
                    "producer-epoch": producer_epoch,
                    "producer-seq": producer_seq,
                    "idempotency-key": idempotency_key,
                },
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def get_agent_run_logs(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        attempt: int | None = None,
    ) -> Download:
        """Read a run's log as JSON lines.

        The logs of the runs that it resumes stand before its own: up to ten, oldest first; unless one attempt is asked
        for. Takes one byte range, and conditions.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `attempt`: Only what belongs to this attempt; `state.attempt` is the present one. 404 for one that there was
        not.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/logs",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={"attempt": attempt},
            ),
        )

    def get_agent_run_session_logs(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        after: str | None = None,
        event_types: str | None = None,
        exclude_types: str | None = None,
        attempt: int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentRunLogEntries:
        """Read a page of a run's log, filtered.

        A page ends at `limit` entries or before 2 MiB, but holds one entry at least: go on with `offset` plus the
        entries received until X-Has-More is not `true`.

        Needs the scope `task:read`.

        `after`: Entries after this time only.

        `event_types`: The `sessionUpdate` of session/update entries, the method of others.

        `exclude_types`: Types to leave out.

        `attempt`: Only what belongs to this attempt; `state.attempt` is the present one. 404 for one that there was
        not.

        `limit`: Entries at most.

        `offset`: Matching entries to leave out.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/session_logs",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={
                    "after": after,
                    "event_types": event_types,
                    "exclude_types": exclude_types,
                    "attempt": attempt,
                    "limit": limit,
                    "offset": offset,
                },
            ),
        )

    def upload_agent_run_artifacts(
        self,
        task_id: str,
        run_id: str,
        body: UploadAgentRunArtifactsBody,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRunManifest:
        """Upload artifacts as JSON.

        Each has its content as text, or in base64 with `content_encoding`; at most 30 MiB, a PDF of type
        user_attachment 10 MiB, unless the server is set otherwise. The answer is the run's whole manifest, to which
        those sent are appended in their order.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def prepare_agent_run_uploads(
        self,
        task_id: str,
        run_id: str,
        body: AnnouncedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> PreparedArtifactUploads:
        """Prepare uploads of artifacts.

        For each a form to post the bytes with, without a key and within an hour. The artifact is in the manifest once
        the upload is finalized; one that never is leaves nothing behind.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/prepare_upload",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def finalize_agent_run_uploads(
        self,
        task_id: str,
        run_id: str,
        body: UploadedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunManifest:
        """Take uploads into the manifest.

        All of them or, where one is refused, none. Name, type and the rest are those that were prepared. Repeating it
        changes nothing and has the same answer.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/finalize_upload",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def presign_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunArtifactPresign,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunArtifactLink:
        """Make a download link of an artifact.

        The link needs no key. Only what stands in the run's own manifest has one.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/presign",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def download_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunArtifactPath,
        *,
        project_id: str | int | None = None,
    ) -> Download:
        """Download an artifact by its storage path.

        It is looked for in the manifest of the run, then in those of the runs that it resumes.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/download",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def follow_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        artifact_id: str,
        *,
        project_id: str | int | None = None,
        disposition: Literal["attachment", "inline"] | None = None,
    ) -> Download:
        """Download an artifact by its id.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `disposition`: `inline` to show the file in place, where its type is one that cannot run.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/{artifact_id}/download",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id, "artifact_id": artifact_id},
                query={"disposition": disposition},
            ),
        )

    def send_agent_run_events(
        self,
        task_id: str,
        run_id: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunEventsTaken:
        """Send a run's events as they happen.

        Lines of JSON, `{seq, event}`, numbered from 1 without gaps, stored while they arrive;
        `_posthog/stream_complete` with `final_seq` ends them. Events that were stored before are ignored. An empty body
        asks how far the run is. A request takes 1,000 events and 5 MiB, a line 1 MiB. Beside a key it takes the run's
        own token (audience `posthog:sandbox_event_ingest`).

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/event_stream",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                content=content,
                content_type="application/x-ndjson",
            ),
        )

    def get_run_connection_token(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
    ) -> RunConnectionToken:
        """A token for the run's agent server, good for 24 hours.

        RS256, audience `posthog:sandbox_connection`; the public key is at `/.well-known/jwks.json` and
        `/.well-known/run-token-key.pem`. Whoever holds it can command the agent.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/connection_token",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    def get_run_stream_token(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        role: Literal["viewer", "agent"] | None = None,
    ) -> RunStreamToken:
        """A token that opens the run's stream for ten minutes.

        `stream_base_url` is null: the stream is served where the run is. `role=agent` takes a key with `task:write`,
        and its token connects the run's agent.

        Needs the scope `task:read`.

        `role`: `agent` for the run's own agent, over WebSocket; it takes `task:write`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/stream_token",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={"role": role},
            ),
        )

    def command_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentCommand,
        *,
        project_id: str | int | None = None,
    ) -> AgentCommandAnswer:
        """Send a JSON-RPC command to the run's agent.

        Goes to the agent over the WebSocket that it has open here, or else to `/command` below `state.sandbox_url`,
        when its host is one of AGENT_HOSTS; the agent's answer comes back unchanged.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/command",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def list_run_token_keys(self) -> RunTokenKeySet:
        """The public keys of run tokens, newest first."""
        return self._transport.json(
            Call(
                "GET",
                "/.well-known/jwks.json",
            ),
        )

    def get_run_token_key(self) -> Download:
        """The public key that run tokens are signed with, as agents' servers take it.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/.well-known/run-token-key.pem",
            ),
        )

    def relay_run_message(
        self,
        task_id: str,
        run_id: str,
        body: RelayMessage,
        *,
        project_id: str | int | None = None,
    ) -> RelayAnswer:
        """Post an agent's message to the Slack thread of its run.

        Accepted messages are posted in the background, with retries. Skipped when neither run nor task is mapped to a
        thread, when the run has ended, when there is nothing to say, or when the server has no Slack token.
        `text_parts`, where there are some, are posted instead of `text`, as one message.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/relay_message",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def put_task_slack_thread(
        self,
        task_id: str,
        body: SlackThreadChange,
        *,
        project_id: str | int | None = None,
    ) -> SlackThread:
        """Map a task to a Slack thread, for all of its runs that have none of their own.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    def get_task_slack_thread(self, task_id: str, *, project_id: str | int | None = None) -> SlackThread:
        """The Slack thread that a task is mapped to.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    def delete_task_slack_thread(self, task_id: str, *, project_id: str | int | None = None) -> None:
        """Map a task to no Slack thread.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    def put_run_slack_thread(
        self,
        task_id: str,
        run_id: str,
        body: SlackThreadChange,
        *,
        project_id: str | int | None = None,
    ) -> SlackThread:
        """Map a run to a Slack thread of its own.

        Needs the scope `task:write`.
        """
        return self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def get_run_slack_thread(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> SlackThread:
        """The Slack thread that a run itself is mapped to.

        Needs the scope `task:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    def delete_run_slack_thread(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> None:
        """Map a run to no Slack thread of its own.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )


class AsyncAgentRunsCalls:
    """Runs of agent tasks: state, logs, connections."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_agent_runs(
        self,
        task_id: str,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentRunPage:
        """List a task's runs, newest first.

        The runs of a deleted task stay readable.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                query={"limit": limit, "offset": offset},
            ),
        )

    def iter_agent_runs(
        self,
        task_id: str,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AgentRun]:
        """All that `list_agent_runs` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                query={"limit": limit},
            ),
            rows="results",
            by="offset",
        )

    async def create_agent_run(
        self,
        task_id: str,
        body: NewAgentRun | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRun:
        """Make a run without starting it.

        Status, environment and state are what the request says. Where it does not: with one of the options of `run`
        (mode, runtime_adapter, …) the run is local and queued, its options stand in `state`, and `start` starts it;
        otherwise it is a cloud run that is not_started.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs",
                path={"project_id": project_id, "task_id": task_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def get_agent_run(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> AgentRun:
        """Get a run.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    async def update_agent_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunChange | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRun:
        """Change a run.

        Objects given for `output` and `state` are merged key by key into what is there; `state_remove_keys` then go.
        `github_credential_source`, `pr_authorship_mode` and `sandbox_id` are the server's and stay. A run that is
        completed, failed or cancelled stays as it is and is the answer. Every change makes `updated_at` later.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def start_agent_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunStart | None = None,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentTask:
        """Start a run that was made before.

        The run becomes queued, with what is given here in its `state`; artifacts are those of the run, or staged ones
        of the task, which it then has. Only a run that is not_started or queued can be started. The answer is its task,
        as that of `run` is.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/start",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def cancel_agent_run(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> AgentRun:
        """Cancel a run.

        A run that is completed, failed or cancelled already stays as it is and is the answer.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/cancel",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    async def set_agent_run_output(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunOutput | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRun:
        """Replace a run's output.

        Without `output` it becomes `{}`. When the task has a `json_schema`, the output has to match it, and the run is
        completed with it; otherwise it has to be an object. The output of a run that has ended can still be set.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PATCH",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/set_output",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def append_agent_run_log(
        self,
        task_id: str,
        run_id: str,
        body: AppendAgentRunLogBody,
        *,
        project_id: str | int | None = None,
        producer_id: str | None = None,
        producer_epoch: str | None = None,
        producer_seq: str | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRun:
        """Append entries to a run's log.

        Entries are objects of any content; each is stored as it came: order of keys, spelling of numbers, escapes. The
        answer comes when they are stored. A batch that is sent again is stored again, unless it carries the number that
        its producer gave it: `Producer-Id`, `Producer-Epoch` and `Producer-Seq`, together; or an `Idempotency-Key`.

        Needs the scope `task:write`.

        `producer_id`: Who sends this batch. With it a batch that is sent again is stored once.

        `producer_epoch`: Raised by a producer that starts again; then earlier ones are refused.

        `producer_seq`: The batch's number in its epoch, from 0.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/append_log",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={
                    "producer-id": producer_id,
                    "producer-epoch": producer_epoch,
                    "producer-seq": producer_seq,
                    "idempotency-key": idempotency_key,
                },
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def get_agent_run_logs(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        attempt: int | None = None,
    ) -> AsyncDownload:
        """Read a run's log as JSON lines.

        The logs of the runs that it resumes stand before its own: up to ten, oldest first; unless one attempt is asked
        for. Takes one byte range, and conditions.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `attempt`: Only what belongs to this attempt; `state.attempt` is the present one. 404 for one that there was
        not.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/logs",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={"attempt": attempt},
            ),
        )

    async def get_agent_run_session_logs(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        after: str | None = None,
        event_types: str | None = None,
        exclude_types: str | None = None,
        attempt: int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> AgentRunLogEntries:
        """Read a page of a run's log, filtered.

        A page ends at `limit` entries or before 2 MiB, but holds one entry at least: go on with `offset` plus the
        entries received until X-Has-More is not `true`.

        Needs the scope `task:read`.

        `after`: Entries after this time only.

        `event_types`: The `sessionUpdate` of session/update entries, the method of others.

        `exclude_types`: Types to leave out.

        `attempt`: Only what belongs to this attempt; `state.attempt` is the present one. 404 for one that there was
        not.

        `limit`: Entries at most.

        `offset`: Matching entries to leave out.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/session_logs",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={
                    "after": after,
                    "event_types": event_types,
                    "exclude_types": exclude_types,
                    "attempt": attempt,
                    "limit": limit,
                    "offset": offset,
                },
            ),
        )

    async def upload_agent_run_artifacts(
        self,
        task_id: str,
        run_id: str,
        body: UploadAgentRunArtifactsBody,
        *,
        project_id: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> AgentRunManifest:
        """Upload artifacts as JSON.

        Each has its content as text, or in base64 with `content_encoding`; at most 30 MiB, a PDF of type
        user_attachment 10 MiB, unless the server is set otherwise. The answer is the run's whole manifest, to which
        those sent are appended in their order.

        Needs the scope `task:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def prepare_agent_run_uploads(
        self,
        task_id: str,
        run_id: str,
        body: AnnouncedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> PreparedArtifactUploads:
        """Prepare uploads of artifacts.

        For each a form to post the bytes with, without a key and within an hour. The artifact is in the manifest once
        the upload is finalized; one that never is leaves nothing behind.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/prepare_upload",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def finalize_agent_run_uploads(
        self,
        task_id: str,
        run_id: str,
        body: UploadedArtifacts,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunManifest:
        """Take uploads into the manifest.

        All of them or, where one is refused, none. Name, type and the rest are those that were prepared. Repeating it
        changes nothing and has the same answer.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/finalize_upload",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def presign_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunArtifactPresign,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunArtifactLink:
        """Make a download link of an artifact.

        The link needs no key. Only what stands in the run's own manifest has one.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/presign",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def download_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        body: AgentRunArtifactPath,
        *,
        project_id: str | int | None = None,
    ) -> AsyncDownload:
        """Download an artifact by its storage path.

        It is looked for in the manifest of the run, then in those of the runs that it resumes.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/download",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    def follow_agent_run_artifact(
        self,
        task_id: str,
        run_id: str,
        artifact_id: str,
        *,
        project_id: str | int | None = None,
        disposition: Literal["attachment", "inline"] | None = None,
    ) -> AsyncDownload:
        """Download an artifact by its id.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `disposition`: `inline` to show the file in place, where its type is one that cannot run.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/artifacts/{artifact_id}/download",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id, "artifact_id": artifact_id},
                query={"disposition": disposition},
            ),
        )

    async def send_agent_run_events(
        self,
        task_id: str,
        run_id: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
    ) -> AgentRunEventsTaken:
        """Send a run's events as they happen.

        Lines of JSON, `{seq, event}`, numbered from 1 without gaps, stored while they arrive;
        `_posthog/stream_complete` with `final_seq` ends them. Events that were stored before are ignored. An empty body
        asks how far the run is. A request takes 1,000 events and 5 MiB, a line 1 MiB. Beside a key it takes the run's
        own token (audience `posthog:sandbox_event_ingest`).

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/event_stream",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                content=content,
                content_type="application/x-ndjson",
            ),
        )

    async def get_run_connection_token(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
    ) -> RunConnectionToken:
        """A token for the run's agent server, good for 24 hours.

        RS256, audience `posthog:sandbox_connection`; the public key is at `/.well-known/jwks.json` and
        `/.well-known/run-token-key.pem`. Whoever holds it can command the agent.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/connection_token",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    async def get_run_stream_token(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
        role: Literal["viewer", "agent"] | None = None,
    ) -> RunStreamToken:
        """A token that opens the run's stream for ten minutes.

        `stream_base_url` is null: the stream is served where the run is. `role=agent` takes a key with `task:write`,
        and its token connects the run's agent.

        Needs the scope `task:read`.

        `role`: `agent` for the run's own agent, over WebSocket; it takes `task:write`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/stream_token",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                query={"role": role},
            ),
        )

    async def command_run(
        self,
        task_id: str,
        run_id: str,
        body: AgentCommand,
        *,
        project_id: str | int | None = None,
    ) -> AgentCommandAnswer:
        """Send a JSON-RPC command to the run's agent.

        Goes to the agent over the WebSocket that it has open here, or else to `/command` below `state.sandbox_url`,
        when its host is one of AGENT_HOSTS; the agent's answer comes back unchanged.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/command",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def list_run_token_keys(self) -> RunTokenKeySet:
        """The public keys of run tokens, newest first."""
        return await self._transport.json(
            Call(
                "GET",
                "/.well-known/jwks.json",
            ),
        )

    def get_run_token_key(self) -> AsyncDownload:
        """The public key that run tokens are signed with, as agents' servers take it.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/.well-known/run-token-key.pem",
            ),
        )

    async def relay_run_message(
        self,
        task_id: str,
        run_id: str,
        body: RelayMessage,
        *,
        project_id: str | int | None = None,
    ) -> RelayAnswer:
        """Post an agent's message to the Slack thread of its run.

        Accepted messages are posted in the background, with retries. Skipped when neither run nor task is mapped to a
        thread, when the run has ended, when there is nothing to say, or when the server has no Slack token.
        `text_parts`, where there are some, are posted instead of `text`, as one message.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/relay_message",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def put_task_slack_thread(
        self,
        task_id: str,
        body: SlackThreadChange,
        *,
        project_id: str | int | None = None,
    ) -> SlackThread:
        """Map a task to a Slack thread, for all of its runs that have none of their own.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
                json=body,
            ),
        )

    async def get_task_slack_thread(self, task_id: str, *, project_id: str | int | None = None) -> SlackThread:
        """The Slack thread that a task is mapped to.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    async def delete_task_slack_thread(self, task_id: str, *, project_id: str | int | None = None) -> None:
        """Map a task to no Slack thread.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id},
            ),
        )

    async def put_run_slack_thread(
        self,
        task_id: str,
        run_id: str,
        body: SlackThreadChange,
        *,
        project_id: str | int | None = None,
    ) -> SlackThread:
        """Map a run to a Slack thread of its own.

        Needs the scope `task:write`.
        """
        return await self._transport.json(
            Call(
                "PUT",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
                json=body,
            ),
        )

    async def get_run_slack_thread(
        self,
        task_id: str,
        run_id: str,
        *,
        project_id: str | int | None = None,
    ) -> SlackThread:
        """The Slack thread that a run itself is mapped to.

        Needs the scope `task:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )

    async def delete_run_slack_thread(self, task_id: str, run_id: str, *, project_id: str | int | None = None) -> None:
        """Map a run to no Slack thread of its own.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/slack_thread",
                path={"project_id": project_id, "task_id": task_id, "run_id": run_id},
            ),
        )
