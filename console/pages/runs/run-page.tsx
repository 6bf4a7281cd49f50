import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "wouter";
import { getAgentRun, getAgentTask } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Page } from "../../shell/page.tsx";
import { ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { Duration, TimeAgo } from "../../ui/time.tsx";
import { Artifacts } from "./artifacts.tsx";
import { LogView } from "./log/log-view.tsx";
import { useLiveRun } from "./log/use-live-run.ts";
import { MessageBox } from "./message-box.tsx";
import { RunActions } from "./run-actions.tsx";
import { RunDetails } from "./run-details.tsx";
import { hasEnded, type Run } from "./run-facts.ts";
import styles from "./run-page.module.css";
import { useCommands } from "./use-commands.ts";

/** Milliseconds between two looks at a run that goes on: its stream tells of changes before. */
const REFRESH_MS = 15_000;

/** A run: what happens in it as it happens, and what it has left. */
export function RunPage() {
  const { task = "", run = "" } = useParams();
  const { yard, link } = usePlace();
  const path = useMemo(() => ({ task_id: task, run_id: run }), [task, run]);
  const found = useQuery({
    queryKey: ["run", run],
    queryFn: ({ signal }) => getAgentRun(yard, { path, signal }),
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data) ? false : REFRESH_MS),
  });
  const about = useQuery({
    queryKey: ["task", task],
    queryFn: ({ signal }) => getAgentTask(yard, { path: { task_id: task }, signal }),
  });
  const title = about.data?.title ?? "Run";
  const above = [
    { name: "Runs", href: link("runs") },
    { name: about.data?.slug ?? "Task", href: link(`runs/${task}`) },
  ];
  if (found.isError) {
    return (
      <Page title={title} above={above}>
        <ErrorState error={found.error} retry={() => found.refetch()} />
      </Page>
    );
  }
  if (!found.data) {
    return (
      <Page title={title} above={above}>
        <LoadingState label="Loading the run" lines={12} />
      </Page>
    );
  }
  return (
    <Page
      title={title}
      above={above}
      full
      badge={<StatusBadge status={found.data.status} />}
      actions={<RunActions path={path} run={found.data} />}
    >
      <RunBody path={path} run={found.data} key={run} />
    </Page>
  );
}

function RunBody({ path, run }: { path: { task_id: string; run_id: string }; run: Run }) {
  const [query, setQuery] = useSearchParams();
  const live = useLiveRun(path);
  const { send, answer } = useCommands(path, run);
  const actions = useMemo(() => ({ answer }), [answer]);
  const { link } = usePlace();
  const resumed = run.state["resume_from_run_id"];
  return (
    <div className={styles["run"]}>
      <p className={styles["facts"]}>
        <span>
          Started <TimeAgo time={run.created_at} />
        </span>
        <span>
          took <Duration from={run.created_at} to={run.completed_at} />
        </span>
        {run.stage !== null && <span>stage {run.stage}</span>}
        {run.branch !== null && <span>branch {run.branch}</span>}
        {run.model !== null && <span>{run.model}</span>}
        {typeof resumed === "string" && (
          <span>
            resumes <Link href={link(`runs/${path.task_id}/${resumed}`)}>an earlier run</Link>
          </span>
        )}
        <span className={styles["connection"]} data-connection={live.connection}>
          {describeConnection(live.connection)}
        </span>
      </p>
      {run.waiting_for && <p className={styles["waiting"]}>Waiting: {describeWaiting(run.waiting_for)}</p>}
      {run.error_message !== null && (
        <p className={styles["error"]} role="alert">
          {run.error_message}
        </p>
      )}
      <Tabs
        label="Parts of the run"
        current={query.get("tab") ?? "log"}
        onChange={(tab) => setQuery(tab === "log" ? {} : { tab }, { replace: true })}
        tabs={[
          { id: "log", name: "Log", content: () => <LogView path={path} live={live} actions={actions} /> },
          { id: "details", name: "Details", content: () => <RunDetails run={run} /> },
          {
            id: "artifacts",
            name: "Artifacts",
            count: run.artifacts.length,
            content: () => <Artifacts path={path} run={run} />,
          },
        ]}
      />
      {send && <MessageBox send={send} />}
    </div>
  );
}

function describeWaiting(waiting: unknown): string {
  if (typeof waiting === "object" && waiting !== null) {
    for (const name of ["message", "detail", "reason"]) {
      const said: unknown = Reflect.get(waiting, name);
      if (typeof said === "string") return said;
    }
  }
  return JSON.stringify(waiting);
}

function describeConnection(connection: string): string {
  switch (connection) {
    case "live":
      return "Live";
    case "ended":
      return "Ended";
    case "failed":
      return "Not followed";
    case "reconnecting":
      return "Connecting again …";
    default:
      return "Connecting …";
  }
}
