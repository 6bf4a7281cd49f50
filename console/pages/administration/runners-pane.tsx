import { useQuery } from "@tanstack/react-query";
import { listRunners } from "../../../src/client/generated/operations.gen.ts";
import type { RunnerList } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { plural } from "../../ui/numbers.ts";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Pane } from "./pane.tsx";

/** Milliseconds between two looks while the list is shown. */
const REFRESH_MS = 5_000;

type Runner = RunnerList["runners"][number];

/** The organization's own machines, and how much of each is taken. */
export function RunnersPane() {
  const { yard, org } = usePlace();
  const runners = useQuery({
    queryKey: ["runners", org],
    queryFn: ({ signal }) => listRunners(yard, { signal }),
    refetchInterval: REFRESH_MS,
  });
  if (runners.isError) return <ErrorState error={runners.error} retry={() => runners.refetch()} />;
  if (!runners.data) return <LoadingState label="Loading runners" />;
  const columns: Column<Runner>[] = [
    { name: "Runner", wide: true, cell: ({ name }) => name },
    {
      name: "State",
      cell: ({ connected }) => (
        <StatusBadge status={connected ? "online" : "away"} tone={connected ? "good" : "warn"} />
      ),
    },
    { name: "Holds", align: "end", cell: ({ busy, slots }) => `${busy} of ${plural(slots, "slot")}` },
    { name: "Takes", cell: ({ kinds }) => kinds.join(", ") || "–" },
    { name: "Can", cell: ({ capabilities }) => capabilities.join(", ") || "–" },
    { name: "Labels", cell: ({ labels }) => labels.join(", ") || "–" },
  ];
  return (
    <Pane note={`${plural(runners.data.queued, "environment or run", "environments and runs")} wait for a machine.`}>
      {runners.data.runners.length === 0 ? (
        <EmptyState title="No runner is connected">
          A runner is a machine of yours that takes work: start it with a key of the scope runner.
        </EmptyState>
      ) : (
        <Table label="Runners" columns={columns} rows={runners.data.runners} keyOf={({ id }) => id} />
      )}
    </Pane>
  );
}
