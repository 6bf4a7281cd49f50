import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ban, Download, RotateCcw } from "lucide-react";
import { useParams } from "wouter";
import {
  cancelEvaluation,
  exportEvaluation,
  getEvaluation,
  retryFailedEvaluation,
} from "../../../src/client/generated/operations.gen.ts";
import type { EvaluationDetailResponse, EvaluationTaskAnalytics } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Facts, Page, Part } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { describeCost, describeCount } from "../../ui/numbers.ts";
import { saveFile } from "../../ui/save-file.ts";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { describeDuration, TimeAgo } from "../../ui/time.tsx";
import { complain, say } from "../../ui/toast.tsx";
import { Grid } from "./grid.tsx";
import { describeRate, RateBar } from "./rates.tsx";
import { useItems } from "./use-items.ts";

const REFRESH_MS = 10_000;
const FORMATS = ["csv", "jsonl", "harbor"] as const;
const ENDS: Readonly<Record<(typeof FORMATS)[number], string>> = { csv: "csv", jsonl: "jsonl", harbor: "zip" };

/** An evaluation: its grid as it fills, and its numbers. */
export function EvaluationPage() {
  const { evaluation = "" } = useParams();
  const { yard, link } = usePlace();
  const found = useQuery({
    queryKey: ["evaluation", evaluation],
    queryFn: ({ signal }) => getEvaluation(yard, { path: { evaluation_id: evaluation }, signal }),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : REFRESH_MS),
  });
  const above = [{ name: "Evaluations", href: link("evaluations") }];
  if (!found.data) {
    return (
      <Page title="Evaluation" above={above}>
        {found.isError ? <ErrorState error={found.error} retry={() => found.refetch()} /> : <LoadingState lines={12} />}
      </Page>
    );
  }
  return (
    <Page
      title={found.data.name}
      above={above}
      badge={<StatusBadge status={found.data.status} />}
      actions={<Actions evaluation={found.data} />}
    >
      <Numbers evaluation={found.data} />
      <Items evaluation={found.data} />
      <TaskTable evaluation={found.data} />
    </Page>
  );
}

function isOver({ status }: EvaluationDetailResponse): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

function Numbers({ evaluation }: { evaluation: EvaluationDetailResponse }) {
  const { analytics, model, agent_type, duration_ms, timestamp, counts, stop_reason } = evaluation;
  const { pass_rate, pass_at_k, mean_reward, usage, durations } = analytics;
  const known = pass_at_k.filter(({ value }) => value !== null);
  const passAt = known
    .filter((_, index) => index === 0 || index === known.length - 1)
    .map(({ k, value }) => `pass@${k} ${describeRate(value)}`);
  return (
    <Facts
      facts={[
        ["Pass rate", <RateBar key="rate" rate={pass_rate} />],
        ["pass@k", passAt.length === 0 ? "–" : passAt.join(", ")],
        ["Mean reward", mean_reward.value === null ? "–" : `${mean_reward.value.toFixed(3)} (n = ${mean_reward.n})`],
        [
          "Cost",
          usage.cost_usd.sum === null
            ? "–"
            : `${describeCost(usage.cost_usd.sum)} (${usage.cost_usd.known} of ${usage.cost_usd.n} tell)`,
        ],
        ["Tokens in, out", describeTokens(usage.input_tokens.sum, usage.output_tokens.sum)],
        ["Agent, median", durations.agent_ms.p50 === null ? "–" : describeDuration(durations.agent_ms.p50)],
        ["Model", model],
        ["Agent", agent_type],
        ["Items", describeCounts(counts)],
        ["Duration", duration_ms === null ? "–" : describeDuration(duration_ms)],
        ["Made", <TimeAgo key="made" time={timestamp} />],
        ...(stop_reason === null ? [] : [["Stopped by", stop_reason] as const]),
      ]}
    />
  );
}

function describeTokens(...sums: (number | null)[]): string {
  if (sums.every((sum) => sum === null)) return "–";
  return sums.map((sum) => (sum === null ? "–" : describeCount(sum))).join(", ");
}

function describeCounts(counts: EvaluationDetailResponse["counts"]): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([status, count]) => `${describeCount(count)} ${wordsOf(status).toLowerCase()}`).join(", ");
}

function Items({ evaluation }: { evaluation: EvaluationDetailResponse }) {
  const { cells, isLive, error, isPending, refetch } = useItems(evaluation.id, isOver(evaluation));
  return (
    <Part title="Tasks and attempts" actions={!isOver(evaluation) && <span>{isLive ? "Live" : "Connecting …"}</span>}>
      {isPending && <LoadingState label="Loading items" />}
      {error && <ErrorState error={error} retry={() => refetch()} />}
      {cells?.length === 0 && <EmptyState title="No items" />}
      {cells && cells.length > 0 && <Grid evaluation={evaluation.id} cells={cells} />}
    </Part>
  );
}

function TaskTable({ evaluation }: { evaluation: EvaluationDetailResponse }) {
  const columns: Column<EvaluationTaskAnalytics>[] = [
    { name: "Task", wide: true, cell: ({ task_ref }) => task_ref },
    { name: "Pass rate", cell: ({ pass_rate }) => <RateBar rate={pass_rate} /> },
    { name: "Reward", align: "end", cell: ({ mean_reward }) => mean_reward.value?.toFixed(3) ?? "–" },
    {
      name: "Agent, median",
      align: "end",
      cell: ({ durations: { agent_ms } }) => (agent_ms.p50 === null ? "–" : describeDuration(agent_ms.p50)),
    },
    { name: "Cost", align: "end", cell: ({ usage }) => describeCost(usage.cost_usd.sum) },
  ];
  return (
    <Part title="By task">
      <Table
        label="Numbers by task"
        columns={columns}
        rows={evaluation.analytics.tasks}
        keyOf={({ task_ref }) => task_ref}
      />
    </Part>
  );
}

function Actions({ evaluation }: { evaluation: EvaluationDetailResponse }) {
  const { yard, may } = usePlace();
  const queries = useQueryClient();
  const path = { evaluation_id: evaluation.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["evaluation", evaluation.id] });
  const cancel = useMutation({
    mutationFn: () => cancelEvaluation(yard, { path }),
    onSuccess: () => say("The evaluation is being cancelled"),
    onError: (error) => complain("It was not cancelled", error),
    onSettled: refresh,
  });
  const retry = useMutation({
    mutationFn: () => retryFailedEvaluation(yard, { path }),
    onSuccess: () => say("What did not pass is queued again"),
    onError: (error) => complain("Nothing was queued", error),
    onSettled: refresh,
  });
  const save = useMutation({
    mutationFn: async (format: (typeof FORMATS)[number]) => {
      const answer = await exportEvaluation(yard, { path, query: { format } });
      saveFile(await answer.blob(), `${evaluation.name}.${ENDS[format]}`);
    },
    onError: (error) => complain("It was not exported", error),
  });
  const failures =
    evaluation.failed_count + evaluation.timed_out_count + evaluation.cancelled_count + evaluation.error_count;
  return (
    <>
      {FORMATS.map((format) => (
        <Button key={format} busy={save.isPending && save.variables === format} onClick={() => save.mutate(format)}>
          <Download aria-hidden="true" /> {format === "harbor" ? "Harbor" : format.toUpperCase()}
        </Button>
      ))}
      {may("evaluation:write") && isOver(evaluation) && failures > 0 && (
        <Button busy={retry.isPending} onClick={() => retry.mutate()}>
          <RotateCcw aria-hidden="true" /> Retry what failed
        </Button>
      )}
      {may("evaluation:write") && !isOver(evaluation) && (
        <Button look="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
          <Ban aria-hidden="true" /> Cancel
        </Button>
      )}
    </>
  );
}
