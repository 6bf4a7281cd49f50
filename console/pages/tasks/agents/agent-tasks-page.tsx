import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { Link } from "wouter";
import { listAgentTasks } from "../../../../src/client/generated/operations.gen.ts";
import type { AgentTask } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Bar, Page } from "../../../shell/page.tsx";
import { useFilters } from "../../../shell/use-filters.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { FilterSelect, SearchBox } from "../../../ui/fields.tsx";
import { Paging } from "../../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge } from "../../../ui/status.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";

const PAGE_SIZE = 50;

/** What agents are asked to do in the project. */
export function AgentTasksPage() {
  const { yard, link, may, project } = usePlace();
  const { get, page, change } = useFilters();
  const search = get("search");
  const archived = get("archived") === "true" ? "true" : "false";
  const tasks = useQuery({
    queryKey: ["agent-tasks", project.number, search, archived, page],
    queryFn: ({ signal }) =>
      listAgentTasks(yard, {
        query: {
          ordering: "-created_at",
          limit: PAGE_SIZE,
          offset: (page - 1) * PAGE_SIZE,
          archived,
          ...(search !== "" && { search }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
  const columns: Column<AgentTask>[] = [
    { name: "Task", wide: true, cell: ({ id, title }) => <Link href={link(`agent-tasks/${id}`)}>{title}</Link> },
    { name: "Number", cell: ({ slug }) => slug },
    { name: "Repository", cell: ({ repository }) => repository ?? "–" },
    {
      name: "Latest run",
      cell: ({ id, latest_run }) =>
        latest_run ? (
          <Link href={link(`runs/${id}/${latest_run.id}`)}>
            <StatusBadge status={latest_run.status} />
          </Link>
        ) : (
          "None yet"
        ),
    },
    { name: "By", cell: ({ created_by }) => nameOf(created_by) },
    { name: "Created", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
  ];
  return (
    <Page
      title="Agent tasks"
      actions={
        may("task:write") && (
          <LinkButton href={link("agent-tasks/new")} look="primary">
            <Plus aria-hidden="true" /> New task
          </LinkButton>
        )
      }
    >
      <Bar>
        <SearchBox
          label="Search title, description, number"
          value={search}
          onChange={(event) => change("search", event.target.value)}
        />
        <FilterSelect
          label="Archived or not"
          value={archived}
          onChange={(event) => change("archived", event.target.value)}
        >
          <option value="false">Not archived</option>
          <option value="true">Archived</option>
        </FilterSelect>
      </Bar>
      {tasks.isPending && <LoadingState label="Loading tasks" lines={10} />}
      {tasks.isError && <ErrorState error={tasks.error} retry={() => tasks.refetch()} />}
      {tasks.data?.count === 0 && (
        <EmptyState title={search === "" ? "There are no tasks here" : "No task fits these filters"}>
          {search === "" && <p>A task says what an agent is to do; each start of it is a run.</p>}
        </EmptyState>
      )}
      {tasks.data && tasks.data.count > 0 && (
        <>
          <Table label="Agent tasks" columns={columns} rows={tasks.data.results} keyOf={({ id }) => id} />
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

function nameOf(user: AgentTask["created_by"] | null): string {
  if (user === null) return "–";
  const name = [user.first_name, user.last_name].filter((part) => typeof part === "string" && part !== "").join(" ");
  return name === "" ? user.email : name;
}
