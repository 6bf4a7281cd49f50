import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearchParams } from "wouter";
import { getAgentTask, listAgentRuns } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Page } from "../../shell/page.tsx";
import { MarkdownText } from "../../ui/markdown.tsx";
import { describeCost } from "../../ui/numbers.ts";
import { Paging } from "../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Duration, TimeAgo } from "../../ui/time.tsx";
import { costOf, type Run } from "./run-facts.ts";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

/** All runs of one task. */
export function TaskRunsPage() {
  const { task = "" } = useParams();
  const { yard, link } = usePlace();
  const [query, setQuery] = useSearchParams();
  const page = Math.max(1, Number(query.get("page")) || 1);
  const about = useQuery({
    queryKey: ["task", task],
    queryFn: ({ signal }) => getAgentTask(yard, { path: { task_id: task }, signal }),
  });
  const runs = useQuery({
    queryKey: ["task-runs", task, page],
    queryFn: ({ signal }) =>
      listAgentRuns(yard, {
        path: { task_id: task },
        query: { limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE },
        signal,
      }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const columns: Column<Run>[] = [
    { name: "Run", wide: true, cell: ({ id }) => <Link href={link(`runs/${task}/${id}`)}>{id}</Link> },
    { name: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    { name: "Stage", cell: ({ stage }) => stage ?? "–" },
    { name: "Duration", align: "end", cell: (run) => <Duration from={run.created_at} to={run.completed_at} /> },
    { name: "Cost", align: "end", cell: (run) => describeCost(costOf(run)) },
    { name: "Started", align: "end", cell: (run) => <TimeAgo time={run.created_at} /> },
  ];
  return (
    <Page title={about.data ? `Runs of ${about.data.title}` : "Runs"} above={[{ name: "Runs", href: link("runs") }]}>
      {about.data && about.data.description !== "" && <MarkdownText text={about.data.description} />}
      {runs.isPending && <LoadingState label="Loading runs" />}
      {runs.isError && <ErrorState error={runs.error} retry={() => runs.refetch()} />}
      {runs.data?.count === 0 && <EmptyState title="The task has no runs yet" />}
      {runs.data && runs.data.count > 0 && (
        <>
          <Table
            label="Runs"
            columns={columns}
            rows={runs.data.results.filter((run) => run !== null)}
            keyOf={({ id }) => id}
          />
          <Paging
            page={page}
            size={PAGE_SIZE}
            total={runs.data.count}
            onPage={(next) => setQuery({ page: String(next) })}
          />
        </>
      )}
    </Page>
  );
}
