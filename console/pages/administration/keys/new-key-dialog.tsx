import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createApiKey, listUsers } from "../../../../src/client/generated/operations.gen.ts";
import type { NewApiKey } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Checkbox, SelectField, TextField } from "../../../ui/fields.tsx";
import { FormError, problemOf } from "../../../ui/form-error.tsx";
import { FieldGroup, FieldRow, Form } from "../../../ui/form.tsx";

type Scope = NonNullable<NewApiKey["scopes"]>[number];

/** What a key may do, least first. */
const SCOPES: readonly (readonly [scope: Scope, meaning: string])[] = [
  ["task:read", "List and read tasks and runs"],
  ["environment:read", "Look at environments"],
  ["evaluation:read", "Look at evaluations"],
  ["runner", "Be a machine that takes work, and nothing else"],
  ["environment:write", "Make environments and run commands in them"],
  ["evaluation:write", "Start evaluations, which run tasks and agents"],
  ["task:write", "Publish and delete tasks, start and change runs"],
  ["secret:read", "List secrets and give them to environments"],
  ["secret:write", "Make, replace and delete secrets"],
  ["admin", "Everything, this page included"],
];

const DAY_MS = 86_400_000;
const LIFETIMES = [30, 90, 365];
const MOST_USERS = 100;
const FIELDS = ["name", "scopes", "user_id", "project_id", "expires_at"];

interface NewKeyDialogProps {
  onClose: () => void;
  onMade: (made: { name: string; key: string }) => void;
}

/** Makes a key. It may do nothing, in one project, for a while, until more is asked for. */
export function NewKeyDialog({ onClose, onMade }: NewKeyDialogProps) {
  const { yard, org, project } = usePlace();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set());
  const [user, setUser] = useState("");
  const [isBound, setIsBound] = useState(true);
  const [days, setDays] = useState("90");
  const [missing, setMissing] = useState<{ name?: string; scopes?: string }>({});
  const users = useQuery({
    queryKey: ["users", org, "choice"],
    queryFn: ({ signal }) => listUsers(yard, { query: { limit: MOST_USERS }, signal }),
  });
  const make = useMutation({
    mutationFn: () =>
      createApiKey(yard, {
        body: {
          name: name.trim(),
          scopes: [...scopes],
          project_id: isBound ? project.id : null,
          expires_at: days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
          ...(user !== "" && { user_id: user }),
        },
      }),
    onSuccess: ({ name: made, key }) => onMade({ name: made, key }),
  });
  const submit = () => {
    const found = {
      ...(name.trim() === "" && { name: "What is the key for?" }),
      ...(scopes.size === 0 && { scopes: "Choose at least one." }),
    };
    setMissing(found);
    if (Object.keys(found).length === 0) make.mutate();
  };
  const toggle = (scope: Scope, isChosen: boolean) => {
    const next = new Set(scopes);
    if (isChosen) next.add(scope);
    else next.delete(scope);
    setScopes(next);
  };
  return (
    <Dialog title="New API key" isOpen onClose={onClose}>
      <Form label="New API key" onSubmit={submit}>
        <TextField
          label="Name"
          value={name}
          autoComplete="off"
          placeholder="ci"
          error={missing.name ?? problemOf(make.error, "name")}
          onChange={({ target }) => setName(target.value)}
        />
        <FieldGroup name="What it may do" hint="Least first. Writing includes reading.">
          {SCOPES.map(([scope, meaning]) => (
            <Checkbox
              key={scope}
              label={meaning}
              hint={<code>{scope}</code>}
              checked={scopes.has(scope)}
              onChange={({ target }) => toggle(scope, target.checked)}
            />
          ))}
        </FieldGroup>
        {(missing.scopes ?? problemOf(make.error, "scopes")) !== undefined && (
          <FormError error={new Error(missing.scopes ?? problemOf(make.error, "scopes"))} />
        )}
        <FieldRow>
          <SelectField
            label="Where"
            value={isBound ? "project" : ""}
            hint="Administration and publishing need all projects."
            error={problemOf(make.error, "project_id")}
            onChange={({ target }) => setIsBound(target.value === "project")}
          >
            <option value="project">In {project.name} only</option>
            <option value="">In all projects</option>
          </SelectField>
          <SelectField
            label="For how long"
            value={days}
            error={problemOf(make.error, "expires_at")}
            onChange={({ target }) => setDays(target.value)}
          >
            {LIFETIMES.map((each) => (
              <option key={each} value={each}>
                {each} days
              </option>
            ))}
            <option value="">For good</option>
          </SelectField>
        </FieldRow>
        <SelectField
          label="For whom"
          value={user}
          error={problemOf(make.error, "user_id")}
          onChange={({ target }) => setUser(target.value)}
        >
          <option value="">Myself</option>
          {(users.data?.users ?? []).map(({ id, username }) => (
            <option key={id} value={id}>
              {username}
            </option>
          ))}
        </SelectField>
        <FormError error={make.error} fields={FIELDS} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={make.isPending}>
            Make the key
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
