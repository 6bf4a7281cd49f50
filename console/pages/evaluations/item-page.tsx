import { useQuery } from "@tanstack/react-query";
import { useParams } from "wouter";
import { getEvaluationItem } from "../../../src/client/generated/operations.gen.ts";
import type { EvaluationItemTry } from "../../../src/client/generated/types.gen.ts";
import { projectsQuery } from "../../session/projects-query.ts";
import { usePlace } from "../../session/place.tsx";
import { Facts, Page, Part } from "../../shell/page.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { describeCost } from "../../ui/numbers.ts";
import { ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { describeDuration, TimeAgo } from "../../ui/time.tsx";

const REFRESH_MS = 3_000;

/** The path of an item's run in the API: its project's number, its task, itself. */
const RUN_PATH = /^\/api\/projects\/(\d+)\/tasks\/([^/]+)\/runs\/([^/]+)$/;

/** One attempt at a task: how it ended, its earlier tries, and the way to its run and environment. */
export function ItemPage() {
  const { evaluation = "", item = "" } = useParams();
  const { yard, link, org, workspace } = usePlace();
  const found = useQuery({
    queryKey: ["evaluation-item", evaluation, item],
    queryFn: ({ signal }) => getEvaluationItem(yard, { path: { evaluation_id: evaluation, item_id: item }, signal }),
    refetchInterval: ({ state }) => (state.data?.completed_at ? false : REFRESH_MS),
  });
  const projects = useQuery(projectsQuery(yard, org, workspace));
  const above = [
    { name: "Evaluations", href: link("evaluations") },
    { name: "Evaluation", href: link(`evaluations/${evaluation}`) },
  ];
  if (!found.data) {
    return (
      <Page title="Item" above={above}>
        {found.isError ? <ErrorState error={found.error} retry={() => found.refetch()} /> : <LoadingState />}
      </Page>
    );
  }
  const {
    task_ref,
    attempt,
    item_status,
    reward,
    end_reason,
    error,
    durations,
    usage,
    links,
    result_json,
    environment_id,
    queued_at,
  } = found.data;
  const [, number, task, run] = RUN_PATH.exec(links.run ?? "") ?? [];
  const project = projects.data?.find((candidate) => String(candidate.number) === number);
  return (
    <Page
      title={`${task_ref}, attempt ${attempt}`}
      above={above}
      badge={<StatusBadge status={item_status} />}
      actions={
        <>
          {environment_id !== null && (
            <LinkButton href={link(`environments/${environment_id}`)}>Environment</LinkButton>
          )}
          {project && (
            <LinkButton look="primary" href={`/${org}/${workspace}/${project.key}/runs/${task}/${run}`}>
              Open the run
            </LinkButton>
          )}
        </>
      }
    >
      <Facts
        facts={[
          ["Reward", reward ?? "–"],
          ["Ended by", wordsOf(end_reason ?? "–")],
          ["Error", error ?? "–"],
          ["Provisioned in", describe(durations.provision_ms)],
          ["Agent took", describe(durations.agent_ms)],
          ["Verified in", describe(durations.verify_ms)],
          ["Cost", describeCost(usage?.cost_usd)],
          ["Queued", <TimeAgo key="queued" time={queued_at} />],
        ]}
      />
      {result_json.tries.length > 0 && (
        <Part title="Earlier tries">
          <Table
            label="Earlier tries"
            columns={TRY_COLUMNS}
            rows={result_json.tries}
            keyOf={(each) => `${each.started_at} ${each.run_id}`}
          />
        </Part>
      )}
    </Page>
  );
}

const TRY_COLUMNS: readonly Column<EvaluationItemTry>[] = [
  { name: "Status", cell: ({ item_status }) => <StatusBadge status={item_status} /> },
  { name: "Ended by", cell: ({ end_reason }) => wordsOf(end_reason ?? "–") },
  { name: "Error", wide: true, cell: ({ error }) => error ?? "–" },
  {
    name: "Began",
    align: "end",
    cell: ({ started_at }) => (started_at === null ? "–" : <TimeAgo time={started_at} />),
  },
];

function describe(milliseconds: number | null): string {
  return milliseconds === null ? "–" : describeDuration(milliseconds);
}
