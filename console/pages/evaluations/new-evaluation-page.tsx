import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { stringify } from "yaml";
import { createEvaluation, listTasks } from "../../../src/client/generated/operations.gen.ts";
import type { CreateEvaluationRequest } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Page, Part } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeText } from "../../ui/code.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { SelectField, TextArea, TextField } from "../../ui/fields.tsx";
import { plural } from "../../ui/numbers.ts";
import { ErrorState } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import styles from "./new-evaluation-page.module.css";

interface Form {
  name: string;
  model: string;
  tasks: string;
  agent: "oracle" | "nop" | "inside" | "outside";
  command: string;
  attempts: string;
  concurrency: string;
  maxCost: string;
}

const EMPTY: Form = {
  name: "",
  model: "",
  tasks: "",
  agent: "oracle",
  command: "",
  attempts: "3",
  concurrency: "4",
  maxCost: "",
};
const SUGGESTED = 100;

/** A form for a new evaluation, beside what it comes to as a file. */
export function NewEvaluationPage() {
  const { yard, link, project } = usePlace();
  const [, navigate] = useLocation();
  const [form, setForm] = useState(EMPTY);
  const known = useQuery({
    queryKey: ["task-names"],
    queryFn: ({ signal }) => listTasks(yard, { query: { limit: SUGGESTED }, signal }),
  });
  const request = toRequest(form, project.id);
  const create = useMutation({
    mutationFn: () => createEvaluation(yard, { body: request }),
    onSuccess: ({ id }) => {
      say("The evaluation has begun");
      navigate(link(`evaluations/${id}`));
    },
  });
  const set = (field: keyof Form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [field]: event.target.value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const yaml = stringify(request);
  const count = (request.task_names?.length ?? 0) * (request.attempts ?? 1);
  return (
    <Page title="New evaluation" above={[{ name: "Evaluations", href: link("evaluations") }]}>
      <div className={styles["columns"]}>
        <form className={styles["form"]} onSubmit={submit}>
          <TextField label="Name" required value={form.name} onChange={set("name")} />
          <TextField
            label="Model"
            required
            value={form.model}
            onChange={set("model")}
            hint="What agents are told as their model."
          />
          <TextArea
            label="Tasks"
            required
            value={form.tasks}
            onChange={set("tasks")}
            hint="One reference a line: [organization/]name[@version]. Without a version, the latest one."
          />
          {known.data && known.data.tasks.length > 0 && (
            <div className={styles["known"]} role="group" aria-label="Published tasks">
              {known.data.tasks.slice(0, 12).map(({ name }) => (
                <Button
                  key={name}
                  look="quiet"
                  onClick={() => setForm({ ...form, tasks: `${form.tasks.trimEnd()}\n${name}`.trim() })}
                >
                  + {name}
                </Button>
              ))}
            </div>
          )}
          <SelectField
            label="Agent"
            value={form.agent}
            onChange={(event) => setForm({ ...form, agent: readAgent(event.target.value) })}
          >
            <option value="oracle">Oracle: carries out the task's own solution</option>
            <option value="nop">Nop: does nothing</option>
            <option value="inside">A command in the environment</option>
            <option value="outside">The agent of a runner</option>
          </SelectField>
          {(form.agent === "inside" || form.agent === "outside") && (
            <TextField
              label="Command"
              required={form.agent === "inside"}
              value={form.command}
              onChange={set("command")}
            />
          )}
          <div className={styles["row"]}>
            <TextField
              label="Attempts"
              type="number"
              min={1}
              max={100}
              required
              value={form.attempts}
              onChange={set("attempts")}
            />
            <TextField
              label="At the same time"
              type="number"
              min={1}
              max={100}
              required
              value={form.concurrency}
              onChange={set("concurrency")}
            />
            <TextField
              label="At most, USD"
              type="number"
              min={0}
              step="0.01"
              value={form.maxCost}
              onChange={set("maxCost")}
            />
          </div>
          {create.isError && <ErrorState error={create.error} />}
          <Button type="submit" look="primary" busy={create.isPending}>
            Begin {count > 0 ? plural(count, "item") : ""}
          </Button>
        </form>
        <Part title="evaluation.yaml" actions={<CopyButton text={yaml} label="Copy the file" />}>
          <CodeText text={yaml} extension="yaml" />
        </Part>
      </div>
    </Page>
  );
}

function readAgent(value: string): Form["agent"] {
  return value === "nop" || value === "inside" || value === "outside" ? value : "oracle";
}

function toRequest(
  { name, model, tasks, agent, command, attempts, concurrency, maxCost }: Form,
  project: string,
): CreateEvaluationRequest {
  const names = tasks.split(/[\s,]+/).filter((task) => task !== "");
  return {
    name: name.trim(),
    model: model.trim(),
    task_names: names,
    agent:
      agent === "oracle" || agent === "nop"
        ? agent
        : { ...(agent === "inside" && { inside: true }), ...(command !== "" && { command }) },
    attempts: Number(attempts),
    concurrency: Number(concurrency),
    ...(maxCost !== "" && { max_cost_usd: Number(maxCost) }),
    project_id: project,
  };
}
