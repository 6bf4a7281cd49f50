import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { Link } from "wouter";
import { listTaskFacets, listTasks } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskSummary } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Bar, Page } from "../../../shell/page.tsx";
import { useFilters } from "../../../shell/use-filters.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { FilterSelect, SearchBox } from "../../../ui/fields.tsx";
import { describeBytes } from "../../../ui/numbers.ts";
import { Paging } from "../../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import styles from "./registry.module.css";
import { taskPath, useMayPublish } from "./task-path.ts";

const PAGE_SIZE = 50;
/** Tags that a line shows. */
const LISTED_TAGS = 2;
const ORDERS = ["created_at", "name", "difficulty", "author", "file_size"] as const;
const ORDER_NAMES: Readonly<Record<(typeof ORDERS)[number], string>> = {
  created_at: "Newest first",
  name: "By name",
  difficulty: "By difficulty",
  author: "By author",
  file_size: "Largest first",
};

/** The packaged tasks of the organization: a line for each, with its latest version. */
export function RegistryPage() {
  const { yard, link, org } = usePlace();
  const mayPublish = useMayPublish();
  const { get, page, change } = useFilters();
  const order = ORDERS.find((candidate) => candidate === get("order")) ?? "created_at";
  const [search, difficulty, tag, isWide] = [get("search"), get("difficulty"), get("tag"), get("of") === "all"];
  const filters = {
    ...(search !== "" && { search }),
    ...(difficulty !== "" && { difficulty: [difficulty] }),
    ...(tag !== "" && { tags: [tag] }),
    include_public: isWide,
  };
  const tasks = useQuery({
    queryKey: ["tasks", org, filters, order, page],
    queryFn: ({ signal }) =>
      listTasks(yard, {
        query: {
          ...filters,
          sort_by: order,
          sort_dir: order === "created_at" || order === "file_size" ? "desc" : "asc",
          page,
          limit: PAGE_SIZE,
        },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
  const facets = useQuery({
    queryKey: ["task-facets", org, isWide],
    queryFn: ({ signal }) => listTaskFacets(yard, { query: { include_public: isWide }, signal }),
    placeholderData: keepPreviousData,
  });

  const columns: Column<TaskSummary>[] = [
    {
      name: "Task",
      wide: true,
      cell: (task) => (
        <span>
          <Link href={link(taskPath(org, { org_key: task.org_key, name: task.name }))}>
            {task.org_key === org ? task.name : `${task.org_key} / ${task.name}`}
          </Link>
          {task.description !== null && <span className={styles["description"]}>{task.description}</span>}
        </span>
      ),
    },
    { name: "Version", cell: ({ version }) => version },
    { name: "Difficulty", cell: (task) => task.difficulty ?? "–" },
    { name: "Tags", cell: ({ tags }) => <Tags tags={tags ?? []} most={LISTED_TAGS} /> },
    { name: "Seen by", cell: ({ is_public }) => (is_public ? "Everybody" : "Organization") },
    { name: "Size", align: "end", cell: ({ file_size }) => describeBytes(file_size) },
    { name: "Published", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
  ];
  const isFiltered = search !== "" || difficulty !== "" || tag !== "";
  return (
    <Page
      title="Tasks"
      actions={
        mayPublish && (
          <LinkButton href={link("tasks/publish")} look="primary">
            <Upload aria-hidden="true" /> Publish
          </LinkButton>
        )
      }
    >
      <Bar>
        <SearchBox label="Search by name" value={search} onChange={(event) => change("search", event.target.value)} />
        <FilterSelect
          label="Difficulty"
          value={difficulty}
          onChange={(event) => change("difficulty", event.target.value)}
        >
          <option value="">Any difficulty</option>
          <Choices values={facets.data?.difficulty ?? []} chosen={difficulty} />
        </FilterSelect>
        <FilterSelect label="Tag" value={tag} onChange={(event) => change("tag", event.target.value)}>
          <option value="">Any tag</option>
          <Choices values={facets.data?.tags ?? []} chosen={tag} />
        </FilterSelect>
        <FilterSelect
          label="Whose tasks"
          value={isWide ? "all" : ""}
          onChange={(event) => change("of", event.target.value)}
        >
          <option value="">Of this organization</option>
          <option value="all">And public ones of others</option>
        </FilterSelect>
        <FilterSelect label="Order" value={order} onChange={(event) => change("order", event.target.value)}>
          {ORDERS.map((each) => (
            <option key={each} value={each}>
              {ORDER_NAMES[each]}
            </option>
          ))}
        </FilterSelect>
      </Bar>
      {tasks.isPending && <LoadingState label="Loading tasks" lines={10} />}
      {tasks.isError && <ErrorState error={tasks.error} retry={() => tasks.refetch()} />}
      {tasks.data?.total === 0 && (
        <EmptyState title={isFiltered ? "No task fits these filters" : "There are no tasks yet"}>
          {!isFiltered && (
            <p>A task is a folder with a task.yaml. Publish it here, by the command line, or by the API.</p>
          )}
        </EmptyState>
      )}
      {tasks.data && tasks.data.total > 0 && (
        <>
          <Table label="Tasks" columns={columns} rows={tasks.data.tasks} keyOf={({ id }) => id} />
          <Paging
            page={page}
            size={PAGE_SIZE}
            total={tasks.data.total}
            onPage={(next) => change("page", String(next))}
          />
        </>
      )}
    </Page>
  );
}

/** The values that there are, most frequent first; the chosen one stays when nothing has it any more. */
function Choices({ values, chosen }: { values: readonly { value: string; count: number }[]; chosen: string }) {
  const isThere = chosen === "" || values.some(({ value }) => value === chosen);
  return (
    <>
      {!isThere && <option value={chosen}>{chosen}</option>}
      {values.map(({ value, count }) => (
        <option key={value} value={value}>
          {value} ({count})
        </option>
      ))}
    </>
  );
}

/** Tags of a task; `most` of them where they have little room. */
export function Tags({ tags, most }: { tags: readonly string[]; most?: number }) {
  const all = [...new Set(tags)];
  if (all.length === 0) return "–";
  const shown = all.slice(0, most);
  return (
    <span className={styles["tags"]} data-narrow={most !== undefined} title={all.join(", ")}>
      {shown.map((tag) => (
        <span key={tag} className={styles["tag"]}>
          {tag}
        </span>
      ))}
      {shown.length < all.length && <span className={styles["tag"]}>+{all.length - shown.length}</span>}
    </span>
  );
}
