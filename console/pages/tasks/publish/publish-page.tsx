import { useState } from "react";
import { TaskyardError } from "../../../../src/client/errors.ts";
import { usePlace } from "../../../session/place.tsx";
import { Page } from "../../../shell/page.tsx";
import { Button, LinkButton } from "../../../ui/button.tsx";
import { TextField } from "../../../ui/fields.tsx";
import { FieldRow, Form } from "../../../ui/form.tsx";
import { describeBytes, plural } from "../../../ui/numbers.ts";
import { EmptyState, messageOf } from "../../../ui/states.tsx";
import { complain } from "../../../ui/toast.tsx";
import { taskPath, useMayPublish } from "../registry/task-path.ts";
import { DropZone } from "./drop-zone.tsx";
import type { Picked } from "./picked.ts";
import { Problems } from "./problems.tsx";
import styles from "./publish.module.css";
import { type Names, readNames } from "./read-names.ts";
import { type Publishing, usePublishing } from "./use-publishing.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,127}$/;
const VERSION = /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}$/;

/** Publishes a version of a task out of a folder or an archive. */
export function PublishPage() {
  const { link } = usePlace();
  const mayPublish = useMayPublish();
  const [picked, setPicked] = useState<Picked>();
  const [names, setNames] = useState<Names>({ name: "", version: "" });
  const [isTried, setIsTried] = useState(false);
  const { state, begin, cancel, reset } = usePublishing();
  const above = [{ name: "Tasks", href: link("tasks") }];
  if (!mayPublish) {
    return (
      <Page title="Publish a task" above={above}>
        <EmptyState title="Your key may not publish">
          It takes task:write, by a key that is bound to no project.
        </EmptyState>
      </Page>
    );
  }
  const pick = (next: Picked) => {
    reset();
    setPicked(next);
    setIsTried(false);
    // What cannot be read here is for the server to refuse, with its reasons.
    readNames(next).then(setNames, () => setNames({ name: "", version: "" }));
  };
  const problems = {
    name: NAME.test(names.name) ? undefined : "a-z, 0-9 and dashes, beginning with a letter or digit; at most 128.",
    version: VERSION.test(names.version) ? undefined : "Three numbers: 1.0.0",
  };
  const isBusy = state.step === "packing" || state.step === "sending" || state.step === "checking";
  const submit = () => {
    setIsTried(true);
    if (picked && problems.name === undefined && problems.version === undefined) begin(picked, names);
  };
  return (
    <Page title="Publish a task" above={above}>
      <div className={styles["publish"]}>
        {!isBusy && <DropZone onPick={pick} onFailure={(error) => complain("This cannot be published", error)} />}
        {picked && state.step !== "published" && (
          <Form label="Publish" onSubmit={submit}>
            <p>
              <strong>{picked.name}</strong> <span className={styles["note"]}>{describePicked(picked)}</span>
            </p>
            <FieldRow>
              <TextField
                label="Name"
                value={names.name}
                disabled={isBusy}
                autoComplete="off"
                spellCheck={false}
                hint="As the manifest says it."
                error={isTried ? problems.name : undefined}
                onChange={({ target }) => setNames({ ...names, name: target.value.trim() })}
              />
              <TextField
                label="Version"
                value={names.version}
                disabled={isBusy}
                autoComplete="off"
                spellCheck={false}
                hint="A version never changes: others need another number."
                error={isTried ? problems.version : undefined}
                onChange={({ target }) => setNames({ ...names, version: target.value.trim() })}
              />
            </FieldRow>
            {!isBusy && (
              <div>
                <Button type="submit" look="primary">
                  {state.step === "failed" ? "Try again" : "Publish"}
                </Button>
              </div>
            )}
          </Form>
        )}
        <State state={state} onCancel={cancel} />
      </div>
    </Page>
  );
}

function State({ state, onCancel }: { state: Publishing; onCancel: () => void }) {
  const { link, org } = usePlace();
  switch (state.step) {
    case "idle":
      return null;
    case "packing":
    case "sending":
      return (
        <div className={styles["progress"]}>
          <label>
            {state.step === "packing" ? "Packing" : "Sending"}{" "}
            <span className={styles["note"]}>
              {describeBytes(state.done)} of {describeBytes(state.total)}
            </span>
            <progress max={Math.max(1, state.total)} value={state.done} />
          </label>
          <Button onClick={onCancel}>Stop</Button>
        </div>
      );
    case "checking":
      return (
        <div className={styles["progress"]} role="status">
          <label>
            The server checks the archive
            <progress />
          </label>
        </div>
      );
    case "published": {
      const { task } = state;
      const warnings = "warnings" in task && Array.isArray(task.warnings) ? task.warnings : [];
      return (
        <section className={styles["published"]} aria-label="Published" role="status">
          <h2>
            {task.name} {task.version} is published
          </h2>
          <div>
            <LinkButton
              look="primary"
              href={link(taskPath(org, { org_key: task.org_key, name: task.name, version: task.version }))}
            >
              See the task
            </LinkButton>
          </div>
          {warnings.length > 0 && (
            <>
              <p>Worth another look:</p>
              <Problems problems={warnings} />
            </>
          )}
        </section>
      );
    }
    case "failed": {
      const problems = state.error instanceof TaskyardError ? state.error.problems : [];
      return (
        <section className={styles["failed"]} aria-label="Not published" role="alert">
          <h2>It is not published</h2>
          {problems.length === 0 ? <p>{messageOf(state.error)}</p> : <Problems problems={problems} />}
        </section>
      );
    }
  }
}

function describePicked(picked: Picked): string {
  if (picked.kind === "zip") return describeBytes(picked.file.size);
  const bytes = picked.files.reduce((sum, { file }) => sum + file.size, 0);
  const leftOut = picked.leftOut === 0 ? "" : `; ${plural(picked.leftOut, "file")} of .git and the like left out`;
  return `${plural(picked.files.length, "file")}, ${describeBytes(bytes)}${leftOut}`;
}
