import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus, Scale } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { listEvaluations } from "../../../src/client/generated/operations.gen.ts";
import type { EvaluationJobResponse } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Bar, Page } from "../../shell/page.tsx";
import { useFilters } from "../../shell/use-filters.ts";
import { LinkButton } from "../../ui/button.tsx";
import { FilterSelect, SearchBox } from "../../ui/fields.tsx";
import { describeCount } from "../../ui/numbers.ts";
import { Paging } from "../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { describeDuration, TimeAgo } from "../../ui/time.tsx";
import { describeRate } from "./rates.tsx";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;
const STATUSES = ["pending", "running", "completed", "failed", "cancelled"] as const;

/** The evaluations of a workspace; two of them can be chosen to be compared. */
export function EvaluationsPage() {
  const { yard, link, workspace, may } = usePlace();
  const { get, page, change } = useFilters();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const search = get("search");
  const status = STATUSES.find((candidate) => candidate === get("status"));
  const list = useQuery({
    queryKey: ["evaluations", workspace, search, status, page],
    queryFn: ({ signal }) =>
      listEvaluations(yard, {
        query: { page, limit: PAGE_SIZE, ...(search !== "" && { search }), ...(status && { status: [status] }) },
        signal,
      }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const choose = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-2));
  const columns: Column<EvaluationJobResponse>[] = [
    { name: "Evaluation", wide: true, cell: ({ id, name }) => <Link href={link(`evaluations/${id}`)}>{name}</Link> },
    { name: "Model", cell: ({ model }) => model },
    { name: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    { name: "Pass rate", align: "end", cell: ({ pass_rate }) => describeRate(pass_rate) },
    { name: "Items", align: "end", cell: ({ total_samples }) => describeCount(total_samples) },
    {
      name: "Duration",
      align: "end",
      cell: ({ duration_ms }) => (duration_ms === null ? "–" : describeDuration(duration_ms)),
    },
    { name: "Made", align: "end", cell: ({ timestamp }) => <TimeAgo time={timestamp} /> },
    {
      name: "Compare",
      cell: ({ id, name }) => (
        <input
          type="checkbox"
          aria-label={`Compare ${name}`}
          checked={chosen.includes(id)}
          onChange={() => choose(id)}
        />
      ),
    },
  ];
  const isFiltered = search !== "" || status !== undefined;
  return (
    <Page
      title="Evaluations"
      actions={
        <>
          {chosen.length === 2 && (
            <LinkButton href={link(`evaluations/compare?ids=${chosen.join(",")}`)}>
              <Scale aria-hidden="true" /> Compare the two
            </LinkButton>
          )}
          {may("evaluation:write") && (
            <LinkButton look="primary" href={link("evaluations/new")}>
              <Plus aria-hidden="true" /> New evaluation
            </LinkButton>
          )}
        </>
      }
    >
      <Bar>
        <SearchBox label="Search by name" value={search} onChange={(event) => change("search", event.target.value)} />
        <FilterSelect label="Status" value={status ?? ""} onChange={(event) => change("status", event.target.value)}>
          <option value="">Any status</option>
          {STATUSES.map((each) => (
            <option key={each} value={each}>
              {wordsOf(each)}
            </option>
          ))}
        </FilterSelect>
      </Bar>
      {list.isPending && <LoadingState label="Loading evaluations" lines={10} />}
      {list.isError && <ErrorState error={list.error} retry={() => list.refetch()} />}
      {list.data?.total === 0 && (
        <EmptyState title={isFiltered ? "No evaluation fits these filters" : "There are no evaluations yet"}>
          {!isFiltered && (
            <p>An evaluation has an agent do published tasks several times, and says how often it succeeds.</p>
          )}
        </EmptyState>
      )}
      {list.data && list.data.total > 0 && (
        <>
          <Table label="Evaluations" columns={columns} rows={list.data.evaluations} keyOf={({ id }) => id} />
          <Paging
            page={page}
            size={PAGE_SIZE}
            total={list.data.total}
            onPage={(next) => change("page", String(next))}
          />
        </>
      )}
    </Page>
  );
}
