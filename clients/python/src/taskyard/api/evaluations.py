# Generated from the OpenAPI document by `npm run generate:python`.
"""An agent, tasks, attempts, and what came of them."""

from __future__ import annotations

from typing import AsyncIterator, Iterator, Literal

from .._call import Call
from .._transport import AsyncTransport, Transport
from ..download import AsyncDownload, Download
from .models import (
    CreateEvaluationRequest,
    CreateEvaluationResponse,
    EvaluationComparison,
    EvaluationDetailResponse,
    EvaluationItemList,
    EvaluationItemResponse,
    EvaluationItemTrace,
    EvaluationJobResponse,
    EvaluationList,
    RetryFailedEvaluationResponse,
    Trajectory,
)


class EvaluationsCalls:
    """An agent, tasks, attempts, and what came of them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def compare_evaluations(self, *, ids: str, org: str | None = None, ws: str | None = None) -> EvaluationComparison:
        """Compare two evaluations task by task.

        On the tasks that both have done: both pass rates, the difference b - a, and whether it is more than noise.
        docs/evaluation-statistics.md has the methods.

        Needs the scope `evaluation:read`.

        `ids`: Two ids: a and b.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/compare",
                path={"org": org, "ws": ws},
                query={"ids": ids},
            ),
        )

    def create_evaluation(
        self,
        body: CreateEvaluationRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreateEvaluationResponse:
        """Evaluate an agent on tasks.

        Makes an item of every task in every attempt and begins as many at once as `concurrency` says. Versions are
        fixed now. Nothing begins when one of the tasks cannot be evaluated: the 422 names each of them.

        Needs the scope `evaluation:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    def list_evaluations(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        status: list[str] | None = None,
        project_id: str | int | None = None,
        search: str | None = None,
    ) -> EvaluationList:
        """List evaluations, newest first.

        While one is running, its numbers here may be some seconds old.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `status`: Any of these statuses.

        `project_id`: Only those of this project.

        `search`: Part of the name.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit, "status": status, "project_id": project_id, "search": search},
            ),
        )

    def iter_evaluations(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        status: list[str] | None = None,
        project_id: str | int | None = None,
        search: str | None = None,
    ) -> Iterator[EvaluationJobResponse]:
        """All that `list_evaluations` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                query={"limit": limit, "status": status, "project_id": project_id, "search": search},
            ),
            rows="evaluations",
            by="page",
        )

    def get_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationDetailResponse:
        """Get an evaluation with all of its numbers.

        Needs the scope `evaluation:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    def cancel_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationJobResponse:
        """Cancel an evaluation.

        Items that wait are cancelled at once, those at work are stopped and their processes killed. Repeating it
        changes nothing; an evaluation that has ended otherwise answers 409.

        Needs the scope `evaluation:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/cancel",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    def retry_failed_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> RetryFailedEvaluationResponse:
        """Try the items again that did not pass.

        Queues every item that is failed, timed_out, cancelled or infra_error. What they had is kept in
        `result_json.tries`; the budget counts anew.

        Needs the scope `evaluation:write`.
        """
        return self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/retry-failed",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    def list_evaluation_items(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        item_status: list[str] | None = None,
        task_name: str | None = None,
    ) -> EvaluationItemList:
        """List the items of an evaluation.

        In the order in which they begin: the first attempt at every task, then the second ones.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `item_status`: Any of these statuses.

        `task_name`: Only of this task.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"page": page, "limit": limit, "item_status": item_status, "task_name": task_name},
            ),
        )

    def iter_evaluation_items(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        item_status: list[str] | None = None,
        task_name: str | None = None,
    ) -> Iterator[EvaluationItemResponse]:
        """All that `list_evaluation_items` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"limit": limit, "item_status": item_status, "task_name": task_name},
            ),
            rows="items",
            by="page",
        )

    def get_evaluation_item(
        self,
        evaluation_id: str,
        item_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationItemResponse:
        """Get an item of an evaluation.

        Needs the scope `evaluation:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items/{item_id}",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id, "item_id": item_id},
            ),
        )

    def list_evaluation_item_traces(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> list[EvaluationItemTrace]:
        """List which items have a trace.

        The trace of an item is its run: `runtime_run_id`. At most as many as an evaluation has items.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/traces/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_evaluation_item_traces(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> Iterator[EvaluationItemTrace]:
        """All that `list_evaluation_item_traces` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/traces/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"limit": limit},
            ),
            rows=None,
            by="page",
        )

    def get_evaluation_item_trajectory(
        self,
        evaluation_id: str,
        item_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> Trajectory:
        """Get the trajectory of an item as ATIF.

        What the agent itself has left as `/logs/agent/trajectory.json`, where that is sound; else it is made from the
        log of its run, also while that goes on. 404 before the item has a run.

        Needs the scope `evaluation:read`.
        """
        return self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items/{item_id}/trajectory",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id, "item_id": item_id},
            ),
        )

    def export_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        format: Literal["jsonl", "csv", "harbor"] | None = None,
    ) -> Download:
        """Export an evaluation.

        `jsonl` and `csv` have a line for each item; `harbor` is a zip of a job folder as Harbor writes it, with a
        folder for each item and what its agent and verifier have left. Also while it goes on: items are then as they
        stand.

        Needs the scope `evaluation:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/export",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"format": format},
            ),
        )


class AsyncEvaluationsCalls:
    """An agent, tasks, attempts, and what came of them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def compare_evaluations(
        self,
        *,
        ids: str,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationComparison:
        """Compare two evaluations task by task.

        On the tasks that both have done: both pass rates, the difference b - a, and whether it is more than noise.
        docs/evaluation-statistics.md has the methods.

        Needs the scope `evaluation:read`.

        `ids`: Two ids: a and b.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/compare",
                path={"org": org, "ws": ws},
                query={"ids": ids},
            ),
        )

    async def create_evaluation(
        self,
        body: CreateEvaluationRequest,
        *,
        org: str | None = None,
        ws: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreateEvaluationResponse:
        """Evaluate an agent on tasks.

        Makes an item of every task in every attempt and begins as many at once as `concurrency` says. Versions are
        fixed now. Nothing begins when one of the tasks cannot be evaluated: the 422 names each of them.

        Needs the scope `evaluation:write`.

        `idempotency_key`: Of your choice: a request that is sent again with it does no more, and has the same answer.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                headers={"idempotency-key": idempotency_key},
                takes_idempotency_key=True,
                json=body,
            ),
        )

    async def list_evaluations(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        status: list[str] | None = None,
        project_id: str | int | None = None,
        search: str | None = None,
    ) -> EvaluationList:
        """List evaluations, newest first.

        While one is running, its numbers here may be some seconds old.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `status`: Any of these statuses.

        `project_id`: Only those of this project.

        `search`: Part of the name.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                query={"page": page, "limit": limit, "status": status, "project_id": project_id, "search": search},
            ),
        )

    def iter_evaluations(
        self,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        status: list[str] | None = None,
        project_id: str | int | None = None,
        search: str | None = None,
    ) -> AsyncIterator[EvaluationJobResponse]:
        """All that `list_evaluations` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation",
                path={"org": org, "ws": ws},
                query={"limit": limit, "status": status, "project_id": project_id, "search": search},
            ),
            rows="evaluations",
            by="page",
        )

    async def get_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationDetailResponse:
        """Get an evaluation with all of its numbers.

        Needs the scope `evaluation:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    async def cancel_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationJobResponse:
        """Cancel an evaluation.

        Items that wait are cancelled at once, those at work are stopped and their processes killed. Repeating it
        changes nothing; an evaluation that has ended otherwise answers 409.

        Needs the scope `evaluation:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/cancel",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    async def retry_failed_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> RetryFailedEvaluationResponse:
        """Try the items again that did not pass.

        Queues every item that is failed, timed_out, cancelled or infra_error. What they had is kept in
        `result_json.tries`; the budget counts anew.

        Needs the scope `evaluation:write`.
        """
        return await self._transport.json(
            Call(
                "POST",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/retry-failed",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
            ),
        )

    async def list_evaluation_items(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        item_status: list[str] | None = None,
        task_name: str | None = None,
    ) -> EvaluationItemList:
        """List the items of an evaluation.

        In the order in which they begin: the first attempt at every task, then the second ones.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.

        `item_status`: Any of these statuses.

        `task_name`: Only of this task.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"page": page, "limit": limit, "item_status": item_status, "task_name": task_name},
            ),
        )

    def iter_evaluation_items(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
        item_status: list[str] | None = None,
        task_name: str | None = None,
    ) -> AsyncIterator[EvaluationItemResponse]:
        """All that `list_evaluation_items` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"limit": limit, "item_status": item_status, "task_name": task_name},
            ),
            rows="items",
            by="page",
        )

    async def get_evaluation_item(
        self,
        evaluation_id: str,
        item_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> EvaluationItemResponse:
        """Get an item of an evaluation.

        Needs the scope `evaluation:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items/{item_id}",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id, "item_id": item_id},
            ),
        )

    async def list_evaluation_item_traces(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> list[EvaluationItemTrace]:
        """List which items have a trace.

        The trace of an item is its run: `runtime_run_id`. At most as many as an evaluation has items.

        Needs the scope `evaluation:read`.

        `page`: Page number, from 1.

        `limit`: Rows per page.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/traces/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"page": page, "limit": limit},
            ),
        )

    def iter_evaluation_item_traces(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[EvaluationItemTrace]:
        """All that `list_evaluation_item_traces` lists, page by page; `limit` is how many come with each."""
        return self._transport.pages(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/traces/items",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"limit": limit},
            ),
            rows=None,
            by="page",
        )

    async def get_evaluation_item_trajectory(
        self,
        evaluation_id: str,
        item_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
    ) -> Trajectory:
        """Get the trajectory of an item as ATIF.

        What the agent itself has left as `/logs/agent/trajectory.json`, where that is sound; else it is made from the
        log of its run, also while that goes on. 404 before the item has a run.

        Needs the scope `evaluation:read`.
        """
        return await self._transport.json(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/items/{item_id}/trajectory",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id, "item_id": item_id},
            ),
        )

    def export_evaluation(
        self,
        evaluation_id: str,
        *,
        org: str | None = None,
        ws: str | None = None,
        format: Literal["jsonl", "csv", "harbor"] | None = None,
    ) -> AsyncDownload:
        """Export an evaluation.

        `jsonl` and `csv` have a line for each item; `harbor` is a zip of a job folder as Harbor writes it, with a
        folder for each item and what its agent and verifier have left. Also while it goes on: items are then as they
        stand.

        Needs the scope `evaluation:read`.

        Nothing is sent before the download is read.
        """
        return self._transport.download(
            Call(
                "GET",
                "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/export",
                path={"org": org, "ws": ws, "evaluation_id": evaluation_id},
                query={"format": format},
            ),
        )
