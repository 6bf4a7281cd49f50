import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { createEnvironment, listTasks } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { SelectField, TextArea, TextField } from "../../ui/fields.tsx";
import { ErrorState } from "../../ui/states.tsx";
import { keepToken } from "./tokens.ts";

const PROVIDERS = ["embedded", "runner", "container"] as const;
/** Tasks that are suggested: as many as the registry lists at once. */
const SUGGESTED = 100;

interface NewEnvironmentProps {
  /** What the task's field has at first. */
  wanted: string;
  isOpen: boolean;
  onClose: () => void;
}

/** A dialog that provisions an environment of a published task. */
export function NewEnvironment({ wanted, isOpen, onClose }: NewEnvironmentProps) {
  const { yard, link, project } = usePlace();
  const [, navigate] = useLocation();
  const [task, setTask] = useState(wanted);
  const [provider, setProvider] = useState("");
  const [inputs, setInputs] = useState("");
  const [minutes, setMinutes] = useState("60");
  const known = useQuery({
    queryKey: ["task-names"],
    queryFn: ({ signal }) => listTasks(yard, { query: { limit: SUGGESTED }, signal }),
    enabled: isOpen,
  });
  const given = readInputs(inputs);
  const create = useMutation({
    mutationFn: () =>
      createEnvironment(yard, {
        body: {
          task_ref: task.trim(),
          project_id: project.id,
          timeout_sec: Math.round(Number(minutes) * 60),
          sandbox_provider: PROVIDERS.find((each) => each === provider) ?? null,
          ...(given && { inputs: given }),
        },
      }),
    onSuccess: ({ id, execute_token }) => {
      if (execute_token !== null) keepToken(id, execute_token);
      onClose();
      navigate(link(`environments/${id}`));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title="New environment" isOpen={isOpen} onClose={onClose}>
      <form onSubmit={submit} style={{ display: "grid", gap: "var(--space-4)" }}>
        <TextField
          label="Task"
          required
          value={task}
          list="known-tasks"
          placeholder="name or name@version"
          onChange={(event) => setTask(event.target.value)}
        />
        <datalist id="known-tasks">
          {known.data?.tasks.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </datalist>
        <SelectField
          label="Sandbox"
          value={provider}
          onChange={(event) => setProvider(event.target.value)}
          hint="A terminal needs a runner."
        >
          <option value="">As the deployment is set</option>
          <option value="embedded">Embedded: inside of the server</option>
          <option value="runner">Runner: a machine that is lent</option>
          <option value="container">Container: on Cloudflare</option>
        </SelectField>
        <TextField
          label="Minutes"
          type="number"
          min={1}
          required
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
        <TextArea
          label="Inputs"
          rows={3}
          value={inputs}
          onChange={(event) => setInputs(event.target.value)}
          hint="A JSON object with values for the instruction's placeholders; empty for none."
          error={inputs.trim() !== "" && given === undefined ? "This is no JSON object." : undefined}
        />
        {create.isError && <ErrorState error={create.error} />}
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            look="primary"
            busy={create.isPending}
            disabled={inputs.trim() !== "" && given === undefined}
          >
            Provision
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function readInputs(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
