import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { listTaskVersions } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskSummary } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { describeBytes } from "../../../ui/numbers.ts";
import { Paging } from "../../../ui/paging.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import styles from "./registry.module.css";
import { taskPath } from "./task-path.ts";

const PAGE_SIZE = 50;

/** All versions of a task, highest first. */
export function VersionsPane({ org, name, current }: { org: string; name: string; current: string }) {
  const { yard, link, org: own } = usePlace();
  const [page, setPage] = useState(1);
  const versions = useQuery({
    queryKey: ["task-versions", org, name, page],
    queryFn: ({ signal }) => listTaskVersions(yard, { path: { org, name }, query: { page, limit: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
  });
  if (versions.isError) return <ErrorState error={versions.error} retry={() => versions.refetch()} />;
  if (!versions.data) return <LoadingState label="Loading versions" />;
  const pathOf = (version: string) => link(taskPath(own, { org_key: org, name, version }));
  const columns: Column<TaskSummary>[] = [
    {
      name: "Version",
      wide: true,
      cell: ({ version }) =>
        version === current ? (
          <span className={styles["current"]} aria-current="true">
            {version} (shown)
          </span>
        ) : (
          <Link href={pathOf(version)}>{version}</Link>
        ),
    },
    {
      name: "Difference",
      cell: ({ version }) =>
        version === current ? (
          "–"
        ) : (
          <Link
            href={`${pathOf(current)}&tab=compare&with=${version}`}
            aria-label={`Compare ${version} with ${current}`}
          >
            Compare with {current}
          </Link>
        ),
    },
    { name: "Size", align: "end", cell: ({ file_size }) => describeBytes(file_size) },
    { name: "Published", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
  ];
  return (
    <>
      <Table label="Versions" columns={columns} rows={versions.data.versions} keyOf={({ id }) => id} />
      <Paging page={page} size={PAGE_SIZE} total={versions.data.total} onPage={setPage} />
    </>
  );
}
