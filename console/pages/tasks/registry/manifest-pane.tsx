import { useQuery } from "@tanstack/react-query";
import { listTaskFiles, readTaskFile } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskDetail } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Facts } from "../../../shell/page.tsx";
import { JsonView } from "../../../ui/json.tsx";
import { describeBytes } from "../../../ui/numbers.ts";
import { Preview } from "../../../ui/preview.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { Tags } from "./registry-page.tsx";
import styles from "./registry.module.css";
import type { VersionPath } from "./task-path.ts";

const MANIFESTS = ["task.yaml", "task.toml"];

/** What the manifest says, in the server's reading and in its own words. */
export function ManifestPane({ task, path }: { task: TaskDetail; path: VersionPath }) {
  const { yard } = usePlace();
  const { version, ...at } = path;
  const files = useQuery({
    queryKey: ["manifest", path],
    queryFn: ({ signal }) => listTaskFiles(yard, { path: at, query: { version, prefix: "task.", limit: 10 }, signal }),
  });
  const manifest = files.data?.files.find(({ filename }) => MANIFESTS.includes(filename));
  return (
    <div className={styles["pane"]}>
      <Facts
        facts={[
          ["Description", task.description ?? "–"],
          ["Difficulty", task.difficulty ?? "–"],
          ["Tags", <Tags key="tags" tags={task.tags ?? []} />],
          ["Author", task.author ?? "–"],
          ["License", task.license ?? "–"],
          ["Source", task.source ?? "–"],
          ["Repository", task.repository ?? "–"],
          ["Ports", describePorts(task.ports)],
          ["Provisioned by", describeScript(task.provision)],
          ["Torn down by", describeScript(task.teardown)],
          ["Size", describeBytes(task.file_size)],
          ["Published", <TimeAgo key="time" time={task.created_at} />],
          ["SHA-256", <code key="sum">{task.sha256}</code>],
          ...(task.oci_digest === null ? [] : [["Layer", <code key="oci">{task.oci_digest}</code>] as const]),
        ]}
      />
      {task.verification !== null && (
        <section className={styles["pane"]} aria-label="Verification">
          <h3>Verification</h3>
          <JsonView value={task.verification} />
        </section>
      )}
      {files.isError && <ErrorState error={files.error} retry={() => files.refetch()} />}
      {files.isPending && <LoadingState label="Loading the manifest" />}
      {manifest && (
        <Preview
          name={manifest.filename}
          size={manifest.file_size}
          fetchContent={(signal) =>
            readTaskFile(yard, { path: { ...at, path: manifest.filename }, query: { version }, signal })
          }
        />
      )}
    </div>
  );
}

function describePorts(ports: TaskDetail["ports"]): string {
  const list = Object.entries(ports ?? {}).map(([host, numbers]) => `${host}: ${numbers.join(", ")}`);
  return list.length === 0 ? "–" : list.join("; ");
}

function describeScript(script: { script: string; timeout: number } | null): string {
  return script === null ? "–" : `${script.script}, within ${script.timeout} s`;
}
