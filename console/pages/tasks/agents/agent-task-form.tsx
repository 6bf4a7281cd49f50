import { useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { TextArea, TextField } from "../../../ui/fields.tsx";
import { FieldRow, Form } from "../../../ui/form.tsx";
import { FormError, problemOf } from "../../../ui/form-error.tsx";

/** What a form of a task holds; all as it was typed. */
export interface TaskFields {
  title: string;
  description: string;
  repository: string;
  ciPrompt: string;
  /** JSON text of the schema of the run's output. */
  schema: string;
}

export const NO_FIELDS: TaskFields = { title: "", description: "", repository: "", ciPrompt: "", schema: "" };

/** The fields as the API takes them. */
export interface TaskInput {
  title: string;
  description: string;
  repository: string | null;
  ci_prompt: string | null;
  json_schema: Record<string, unknown> | null;
}

interface AgentTaskFormProps {
  label: string;
  fields: TaskFields;
  action: string;
  busy: boolean;
  error: unknown;
  disabled?: boolean;
  onSave: (input: TaskInput) => void;
}

const SHOWN = ["title", "description", "repository", "ci_prompt", "json_schema"];

/** The form of a new task, and of one that is changed. */
export function AgentTaskForm({
  label,
  fields: given,
  action,
  busy,
  error,
  disabled = false,
  onSave,
}: AgentTaskFormProps) {
  const [fields, setFields] = useState(given);
  const [problems, setProblems] = useState<{ title?: string; schema?: string }>({});
  const set = (name: keyof TaskFields) => (event: { target: { value: string } }) =>
    setFields({ ...fields, [name]: event.target.value });
  const save = () => {
    const schema = readSchema(fields.schema);
    const found = {
      ...(fields.title.trim() === "" &&
        fields.description.trim() === "" && { title: "A title or a description is needed." }),
      ...(schema === undefined && { schema: "This is no JSON object." }),
    };
    setProblems(found);
    if (Object.keys(found).length > 0 || schema === undefined) return;
    onSave({
      title: fields.title.trim(),
      description: fields.description,
      repository: fields.repository.trim() === "" ? null : fields.repository.trim(),
      ci_prompt: fields.ciPrompt.trim() === "" ? null : fields.ciPrompt,
      json_schema: schema,
    });
  };
  return (
    <Form label={label} onSubmit={save}>
      <TextField
        label="Title"
        value={fields.title}
        disabled={disabled}
        error={problems.title ?? problemOf(error, "title")}
        onChange={set("title")}
      />
      <TextArea
        label="Description"
        rows={8}
        value={fields.description}
        disabled={disabled}
        hint="What the agent is to do, in Markdown."
        error={problemOf(error, "description")}
        onChange={set("description")}
      />
      <FieldRow>
        <TextField
          label="Repository"
          value={fields.repository}
          disabled={disabled}
          placeholder="organization/repository"
          hint="May be empty."
          error={problemOf(error, "repository")}
          onChange={set("repository")}
        />
        <TextField
          label="Prompt for CI"
          value={fields.ciPrompt}
          disabled={disabled}
          hint="What to do when checks fail. May be empty."
          error={problemOf(error, "ci_prompt")}
          onChange={set("ciPrompt")}
        />
      </FieldRow>
      <TextArea
        label="Schema of the output"
        rows={4}
        value={fields.schema}
        disabled={disabled}
        spellCheck={false}
        hint="A JSON Schema that the run’s output has to fit. May be empty."
        error={problems.schema ?? problemOf(error, "json_schema")}
        onChange={set("schema")}
      />
      <FormError error={error} fields={SHOWN} />
      {!disabled && (
        <div>
          <Button type="submit" look="primary" busy={busy}>
            {action}
          </Button>
        </div>
      )}
    </Form>
  );
}

/** Null where the text is empty, undefined where it is no JSON object. */
function readSchema(text: string): Record<string, unknown> | null | undefined {
  if (text.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
