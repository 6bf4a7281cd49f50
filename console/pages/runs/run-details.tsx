import { Facts, Part } from "../../shell/page.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { JsonView } from "../../ui/json.tsx";
import { describeCost } from "../../ui/numbers.ts";
import { costOf, type Run } from "./run-facts.ts";
import styles from "./run-details.module.css";

/** What a run is and has given: its fields, output and state. */
export function RunDetails({ run }: { run: Run }) {
  return (
    <div className={styles["details"]}>
      <Facts
        facts={[
          ["Id", <code key="id">{run.id}</code>],
          ["Status", run.status],
          ["Environment", run.environment],
          ["Stage", run.stage ?? "–"],
          ["Branch", run.branch ?? "–"],
          ["Adapter", run.runtime_adapter ?? "–"],
          ["Model", run.model ?? "–"],
          ["Reasoning", run.reasoning_effort ?? "–"],
          ["Cost", describeCost(costOf(run))],
        ]}
      />
      {run.log_url !== null && (
        <p>
          <a href={run.log_url} download={`${run.id}.jsonl`}>
            Download the log
          </a>{" "}
          as JSON lines. The link needs no key, and is good for an hour.
        </p>
      )}
      <Json title="Output" value={run.output ?? null} />
      <Json title="State" value={run.state} />
    </div>
  );
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <Part
      title={title}
      actions={<CopyButton text={JSON.stringify(value, null, 2)} label={`Copy the ${title.toLowerCase()}`} />}
    >
      <JsonView value={value} depth={3} />
    </Part>
  );
}
