import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import { listEnvironments } from "../../../src/client/generated/operations.gen.ts";
import type { EnvironmentResponse } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Bar, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { FilterSelect } from "../../ui/fields.tsx";
import { Paging } from "../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Countdown, TimeAgo } from "../../ui/time.tsx";
import { NewEnvironment } from "./new-environment.tsx";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;
/** States of sandboxes, by which the server filters. */
const STATES = ["running", "paused", "killed"] as const;

/** The environments of a workspace. */
export function EnvironmentsPage() {
  const { yard, link, workspace, may } = usePlace();
  const [query, setQuery] = useSearchParams();
  // A task's page leads here to make one of it.
  const wanted = query.get("task");
  const [isMaking, setIsMaking] = useState(wanted !== null);
  const state = STATES.find((candidate) => candidate === query.get("state"));
  const page = Math.max(1, Number(query.get("page")) || 1);
  const list = useQuery({
    queryKey: ["environments", workspace, state, page],
    queryFn: ({ signal }) =>
      listEnvironments(yard, { query: { page, limit: PAGE_SIZE, ...(state && { state: [state] }) }, signal }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const columns: Column<EnvironmentResponse>[] = [
    {
      name: "Environment",
      wide: true,
      cell: ({ id, task_ref }) => <Link href={link(`environments/${id}`)}>{task_ref}</Link>,
    },
    { name: "State", cell: ({ state }) => <StatusBadge status={state} /> },
    { name: "Sandbox", cell: ({ sandbox_provider }) => sandbox_provider.kind },
    {
      name: "Ends in",
      align: "end",
      cell: ({ expires_at, ended_at }) =>
        expires_at === null || ended_at !== null ? "–" : <Countdown to={expires_at} />,
    },
    { name: "Made", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
  ];
  return (
    <Page
      title="Environments"
      actions={
        may("environment:write") && (
          <Button look="primary" onClick={() => setIsMaking(true)}>
            <Plus aria-hidden="true" /> New environment
          </Button>
        )
      }
    >
      <Bar>
        <FilterSelect
          label="State"
          value={state ?? ""}
          onChange={(event) => setQuery(event.target.value === "" ? {} : { state: event.target.value })}
        >
          <option value="">Any state</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {wordsOf(each)}
            </option>
          ))}
        </FilterSelect>
      </Bar>
      {list.isPending && <LoadingState label="Loading environments" lines={10} />}
      {list.isError && <ErrorState error={list.error} retry={() => list.refetch()} />}
      {list.data?.total === 0 && (
        <EmptyState title={state ? "No environment is in this state" : "There are no environments yet"}>
          {!state && <p>An environment is a place with the files of a published task, to run commands in.</p>}
        </EmptyState>
      )}
      {list.data && list.data.total > 0 && (
        <>
          <Table label="Environments" columns={columns} rows={list.data.environments} keyOf={({ id }) => id} />
          <Paging
            page={page}
            size={PAGE_SIZE}
            total={list.data.total}
            onPage={(next) => setQuery({ ...(state && { state }), page: String(next) })}
          />
        </>
      )}
      <NewEnvironment wanted={wanted ?? ""} isOpen={isMaking} onClose={() => setIsMaking(false)} />
    </Page>
  );
}
