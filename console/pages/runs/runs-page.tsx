import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { listAgentTasks } from "../../../src/client/generated/operations.gen.ts";
import type { AgentTask } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Bar, Page } from "../../shell/page.tsx";
import { useFilters } from "../../shell/use-filters.ts";
import { FilterSelect, SearchBox } from "../../ui/fields.tsx";
import { Paging } from "../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Duration, TimeAgo } from "../../ui/time.tsx";
import { describeCost } from "../../ui/numbers.ts";
import { costOf } from "./run-facts.ts";

const PAGE_SIZE = 50;
/** Milliseconds between two looks at the list while it is shown. */
const REFRESH_MS = 5_000;
const STATUSES = ["queued", "in_progress", "completed", "failed", "cancelled", "not_started"] as const;

/** The runs of a project: a line for each task, with its latest run. */
export function RunsPage() {
  const { yard, link } = usePlace();
  const { get, page, change } = useFilters();
  const search = get("search");
  const status = STATUSES.find((candidate) => candidate === get("status"));
  const origin = get("of") || "people";
  const tasks = useQuery({
    queryKey: ["runs", link(""), search, status, origin, page],
    queryFn: ({ signal }) =>
      listAgentTasks(yard, {
        query: {
          ordering: "-last_activity_at",
          limit: PAGE_SIZE,
          offset: (page - 1) * PAGE_SIZE,
          internal: origin === "people" ? "false" : origin === "evaluations" ? "true" : "all",
          ...(search !== "" && { search }),
          ...(status && { status }),
        },
        signal,
      }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

  const columns: Column<AgentTask>[] = [
    {
      name: "Run",
      wide: true,
      cell: ({ id, title, latest_run }) =>
        latest_run ? <Link href={link(`runs/${id}/${latest_run.id}`)}>{title}</Link> : title,
    },
    { name: "Task", cell: ({ id, slug }) => <Link href={link(`runs/${id}`)}>{slug}</Link> },
    {
      name: "Status",
      cell: ({ latest_run }) => (latest_run ? <StatusBadge status={latest_run.status} /> : "No run yet"),
    },
    { name: "Stage", cell: ({ latest_run }) => latest_run?.stage ?? "–" },
    {
      name: "Duration",
      align: "end",
      cell: ({ latest_run }) =>
        latest_run ? <Duration from={latest_run.created_at} to={latest_run.completed_at} /> : "–",
    },
    { name: "Cost", align: "end", cell: ({ latest_run }) => describeCost(latest_run && costOf(latest_run)) },
    {
      name: "Started",
      align: "end",
      cell: ({ latest_run, created_at }) => <TimeAgo time={latest_run?.created_at ?? created_at} />,
    },
  ];

  const isFiltered = search !== "" || status !== undefined;
  return (
    <Page title="Runs">
      <Bar>
        <SearchBox
          label="Search title, description, number"
          value={search}
          onChange={(event) => change("search", event.target.value)}
        />
        <FilterSelect
          label="Status of the latest run"
          value={status ?? ""}
          onChange={(event) => change("status", event.target.value)}
        >
          <option value="">Any status</option>
          {STATUSES.map((each) => (
            <option key={each} value={each}>
              {wordsOf(each)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label="Runs of whom" value={origin} onChange={(event) => change("of", event.target.value)}>
          <option value="people">Without evaluations</option>
          <option value="evaluations">Of evaluations</option>
          <option value="all">All</option>
        </FilterSelect>
      </Bar>
      {tasks.isPending && <LoadingState label="Loading runs" lines={10} />}
      {tasks.isError && <ErrorState error={tasks.error} retry={() => tasks.refetch()} />}
      {tasks.data && tasks.data.count === 0 && (
        <EmptyState title={isFiltered ? "No run fits these filters" : "There are no runs yet"}>
          {!isFiltered && <p>A run begins when a task is started: by the API, by a client, or here under Tasks.</p>}
        </EmptyState>
      )}
      {tasks.data && tasks.data.count > 0 && (
        <>
          <Table label="Runs" columns={columns} rows={tasks.data.results} keyOf={({ id }) => id} />
          <Paging
            page={page}
            size={PAGE_SIZE}
            total={tasks.data.count}
            onPage={(next) => change("page", String(next))}
          />
        </>
      )}
    </Page>
  );
}
