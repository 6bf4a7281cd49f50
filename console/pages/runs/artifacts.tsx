import { Download, Eye } from "lucide-react";
import { useState } from "react";
import { usePlace } from "../../session/place.tsx";
import { IconButton } from "../../ui/button.tsx";
import { describeBytes } from "../../ui/numbers.ts";
import { Preview } from "../../ui/preview.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { TimeAgo } from "../../ui/time.tsx";
import { complain } from "../../ui/toast.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { downloadAgentRunArtifact } from "../../../src/client/generated/operations.gen.ts";
import type { LogPath } from "./log/log-pages.ts";
import type { Run } from "./run-facts.ts";
import styles from "./run-details.module.css";

type Artifact = Run["artifacts"][number];

/** The files of a run: looked at here, or saved. */
export function Artifacts({ path, run }: { path: LogPath; run: Run }) {
  const { yard } = usePlace();
  const [shown, setShown] = useState<Artifact>();
  const fetchArtifact = async ({ storage_path }: Artifact, signal?: AbortSignal): Promise<Response> =>
    await downloadAgentRunArtifact(yard, { path, body: { storage_path }, signal });
  const save = async (artifact: Artifact) => {
    try {
      saveFile(await (await fetchArtifact(artifact)).blob(), artifact.name);
    } catch (error) {
      complain(`${artifact.name} cannot be downloaded`, error);
    }
  };
  const columns: Column<Artifact>[] = [
    {
      name: "Name",
      wide: true,
      cell: ({ name, metadata }) => (typeof metadata?.["path"] === "string" ? metadata["path"] : name),
    },
    { name: "Type", cell: ({ type }) => type },
    { name: "From", cell: ({ uploaded_by }) => uploaded_by },
    { name: "Size", align: "end", cell: ({ size }) => describeBytes(size) },
    { name: "Came", align: "end", cell: ({ uploaded_at }) => <TimeAgo time={uploaded_at} /> },
    {
      name: "Actions",
      align: "end",
      cell: (artifact) => (
        <>
          <IconButton
            label={`Look at ${artifact.name}`}
            pressed={shown?.id === artifact.id}
            onClick={() => setShown(shown?.id === artifact.id ? undefined : artifact)}
          >
            <Eye aria-hidden="true" />
          </IconButton>
          <IconButton label={`Download ${artifact.name}`} onClick={() => void save(artifact)}>
            <Download aria-hidden="true" />
          </IconButton>
        </>
      ),
    },
  ];
  if (run.artifacts.length === 0)
    return <EmptyState title="No artifacts">Files that the agent leaves stand here.</EmptyState>;
  return (
    <div className={styles["details"]}>
      <Table label="Artifacts" columns={columns} rows={run.artifacts} keyOf={({ id }) => id} />
      {shown && (
        <Preview
          key={shown.id}
          name={shown.name}
          size={shown.size}
          fetchContent={(signal) => fetchArtifact(shown, signal)}
        />
      )}
    </div>
  );
}
