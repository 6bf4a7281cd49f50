# Generated from the OpenAPI document by `npm run generate:python`.
"""Append-only streams of one's own, and runs, by the Durable Streams protocol."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from httpx import Headers

from .._call import Call, Content
from .._transport import AsyncTransport, Transport
from ..download import AsyncDownload, Download
from .models import DurableStream, DurableStreamPage


class DurableStreamsCalls:
    """Append-only streams of one's own, and runs, by the Durable Streams protocol."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_durable_streams(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> DurableStreamPage:
        """List a project's streams.

        Newest first. A stream whose time is over is listed until it is removed, moments later.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream",
                path={"project_id": project_id},
                query={"limit": limit, "offset": offset},
            ),
        )

    def iter_durable_streams(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> Iterator[DurableStream]:
        """All that `list_durable_streams` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream",
                path={"project_id": project_id},
                query={"limit": limit},
            ),
            rows="results",
            by="offset",
        )

    def create_durable_stream(
        self,
        name: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
        content_type: str | None = None,
        stream_ttl: str | None = None,
        stream_expires_at: str | None = None,
        stream_closed: str | None = None,
        stream_forked_from: str | None = None,
    ) -> Headers:
        """Make a stream, or make sure that it is there.

        The body, if there is one, is the stream's beginning. A stream that is there has to have the same settings;
        nothing of it is changed. Streams of type `application/json` hold messages: the members of a list, or one value.

        Needs the scope `task:write`.

        `content_type`: The stream's own type.

        `stream_ttl`: Seconds after its last read or write at which the stream is removed.

        `stream_expires_at`: When it is removed in any case; not together with Stream-TTL.

        `stream_closed`: `true`: nothing will follow.

        `stream_forked_from`: Forks are not offered: 400.
        """
        return self._transport.headers(
            Call(
                "PUT",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                headers={
                    "content-type": content_type,
                    "stream-ttl": stream_ttl,
                    "stream-expires-at": stream_expires_at,
                    "stream-closed": stream_closed,
                    "stream-forked-from": stream_forked_from,
                },
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def append_to_durable_stream(
        self,
        name: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
        content_type: str | None = None,
        stream_seq: str | None = None,
        stream_closed: str | None = None,
        producer_id: str | None = None,
        producer_epoch: str | None = None,
        producer_seq: str | None = None,
    ) -> Headers:
        """Append to a stream, close it, or both.

        The answer comes when it is stored. A batch with `Producer-Id`, `Producer-Epoch` and `Producer-Seq` is stored
        once, however often it is sent. With `Stream-Closed: true` nothing can follow.

        Needs the scope `task:write`.

        `content_type`: The stream's own type.

        `stream_seq`: A text that sorts behind that of the append before; else 409. One order for all writers of a
        stream.

        `stream_closed`: `true`: nothing will follow. Without a body it only closes.

        `producer_id`: Who sends this batch. With it a batch that is sent again is stored once.

        `producer_epoch`: Raised by a producer that starts again; then earlier ones are refused.

        `producer_seq`: The batch's number in its epoch, from 0.
        """
        return self._transport.headers(
            Call(
                "POST",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                headers={
                    "content-type": content_type,
                    "stream-seq": stream_seq,
                    "stream-closed": stream_closed,
                    "producer-id": producer_id,
                    "producer-epoch": producer_epoch,
                    "producer-seq": producer_seq,
                },
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def read_durable_stream(
        self,
        name: str,
        *,
        project_id: str | int | None = None,
        offset: str | None = None,
        live: Literal["long-poll", "sse"] | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> Download:
        """Read a stream from any place on, and follow it.

        HEAD answers with the same headers, and with the stream's settings, without waiting.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `offset`: Go on after this `Stream-Next-Offset`; `-1`, or none, is the beginning, `now` the end.

        `live`: Wait for what comes, in one answer or in a stream of server-sent events; needs `offset`.

        `cursor`: The `Stream-Cursor` of the last answer.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                query={"offset": offset, "live": live, "cursor": cursor},
                headers={"if-none-match": if_none_match},
            ),
        )

    def delete_durable_stream(self, name: str, *, project_id: str | int | None = None) -> None:
        """Remove a stream with all that it holds.

        Needs the scope `task:write`.
        """
        return self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
            ),
        )

    def read_agent_run_as_durable_stream(
        self,
        run_id: str,
        *,
        project_id: str | int | None = None,
        offset: str | None = None,
        live: Literal["long-poll", "sse"] | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> Download:
        """Read and follow a run by the Durable Streams protocol.

        The entries of the run's live stream as a JSON stream, with the same offsets; it is closed when the run has
        ended and nothing is on its way.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `offset`: Go on after this `Stream-Next-Offset`; `-1`, or none, is the beginning, `now` the end.

        `live`: Wait for what comes, in one answer or in a stream of server-sent events; needs `offset`.

        `cursor`: The `Stream-Cursor` of the last answer.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream/runs/{run_id}",
                path={"project_id": project_id, "run_id": run_id},
                query={"offset": offset, "live": live, "cursor": cursor},
                headers={"if-none-match": if_none_match},
            ),
        )


class AsyncDurableStreamsCalls:
    """Append-only streams of one's own, and runs, by the Durable Streams protocol."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_durable_streams(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> DurableStreamPage:
        """List a project's streams.

        Newest first. A stream whose time is over is listed until it is removed, moments later.

        Needs the scope `task:read`.

        `limit`: Rows at most; above 100 counts as 100.

        `offset`: Rows to leave out.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream",
                path={"project_id": project_id},
                query={"limit": limit, "offset": offset},
            ),
        )

    def iter_durable_streams(
        self,
        *,
        project_id: str | int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[DurableStream]:
        """All that `list_durable_streams` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream",
                path={"project_id": project_id},
                query={"limit": limit},
            ),
            rows="results",
            by="offset",
        )

    async def create_durable_stream(
        self,
        name: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
        content_type: str | None = None,
        stream_ttl: str | None = None,
        stream_expires_at: str | None = None,
        stream_closed: str | None = None,
        stream_forked_from: str | None = None,
    ) -> Headers:
        """Make a stream, or make sure that it is there.

        The body, if there is one, is the stream's beginning. A stream that is there has to have the same settings;
        nothing of it is changed. Streams of type `application/json` hold messages: the members of a list, or one value.

        Needs the scope `task:write`.

        `content_type`: The stream's own type.

        `stream_ttl`: Seconds after its last read or write at which the stream is removed.

        `stream_expires_at`: When it is removed in any case; not together with Stream-TTL.

        `stream_closed`: `true`: nothing will follow.

        `stream_forked_from`: Forks are not offered: 400.
        """
        return await self._transport.headers(
            Call(
                "PUT",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                headers={
                    "content-type": content_type,
                    "stream-ttl": stream_ttl,
                    "stream-expires-at": stream_expires_at,
                    "stream-closed": stream_closed,
                    "stream-forked-from": stream_forked_from,
                },
                content=content,
                content_type="application/octet-stream",
            ),
        )

    async def append_to_durable_stream(
        self,
        name: str,
        content: Content | None = None,
        *,
        project_id: str | int | None = None,
        content_type: str | None = None,
        stream_seq: str | None = None,
        stream_closed: str | None = None,
        producer_id: str | None = None,
        producer_epoch: str | None = None,
        producer_seq: str | None = None,
    ) -> Headers:
        """Append to a stream, close it, or both.

        The answer comes when it is stored. A batch with `Producer-Id`, `Producer-Epoch` and `Producer-Seq` is stored
        once, however often it is sent. With `Stream-Closed: true` nothing can follow.

        Needs the scope `task:write`.

        `content_type`: The stream's own type.

        `stream_seq`: A text that sorts behind that of the append before; else 409. One order for all writers of a
        stream.

        `stream_closed`: `true`: nothing will follow. Without a body it only closes.

        `producer_id`: Who sends this batch. With it a batch that is sent again is stored once.

        `producer_epoch`: Raised by a producer that starts again; then earlier ones are refused.

        `producer_seq`: The batch's number in its epoch, from 0.
        """
        return await self._transport.headers(
            Call(
                "POST",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                headers={
                    "content-type": content_type,
                    "stream-seq": stream_seq,
                    "stream-closed": stream_closed,
                    "producer-id": producer_id,
                    "producer-epoch": producer_epoch,
                    "producer-seq": producer_seq,
                },
                content=content,
                content_type="application/octet-stream",
            ),
        )

    def read_durable_stream(
        self,
        name: str,
        *,
        project_id: str | int | None = None,
        offset: str | None = None,
        live: Literal["long-poll", "sse"] | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> AsyncDownload:
        """Read a stream from any place on, and follow it.

        HEAD answers with the same headers, and with the stream's settings, without waiting.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `offset`: Go on after this `Stream-Next-Offset`; `-1`, or none, is the beginning, `now` the end.

        `live`: Wait for what comes, in one answer or in a stream of server-sent events; needs `offset`.

        `cursor`: The `Stream-Cursor` of the last answer.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
                query={"offset": offset, "live": live, "cursor": cursor},
                headers={"if-none-match": if_none_match},
            ),
        )

    async def delete_durable_stream(self, name: str, *, project_id: str | int | None = None) -> None:
        """Remove a stream with all that it holds.

        Needs the scope `task:write`.
        """
        return await self._transport.nothing(
            Call(
                "DELETE",
                "/api/projects/{project_id}/v1/stream/{name}",
                path={"project_id": project_id, "name": name},
            ),
        )

    def read_agent_run_as_durable_stream(
        self,
        run_id: str,
        *,
        project_id: str | int | None = None,
        offset: str | None = None,
        live: Literal["long-poll", "sse"] | None = None,
        cursor: str | None = None,
        if_none_match: str | None = None,
    ) -> AsyncDownload:
        """Read and follow a run by the Durable Streams protocol.

        The entries of the run's live stream as a JSON stream, with the same offsets; it is closed when the run has
        ended and nothing is on its way.

        Needs the scope `task:read`.

        Nothing is sent before the download is read.

        `offset`: Go on after this `Stream-Next-Offset`; `-1`, or none, is the beginning, `now` the end.

        `live`: Wait for what comes, in one answer or in a stream of server-sent events; needs `offset`.

        `cursor`: The `Stream-Cursor` of the last answer.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/projects/{project_id}/v1/stream/runs/{run_id}",
                path={"project_id": project_id, "run_id": run_id},
                query={"offset": offset, "live": live, "cursor": cursor},
                headers={"if-none-match": if_none_match},
            ),
        )
