import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { runAgentTask } from "../../../../src/client/generated/operations.gen.ts";
import type { AgentTask } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { SelectField, TextArea, TextField } from "../../../ui/fields.tsx";
import { FieldRow, Form } from "../../../ui/form.tsx";
import { FormError, problemOf } from "../../../ui/form-error.tsx";

/** Starts a run of a task, and leads to it. */
export function StartDialog({ task, onClose }: { task: AgentTask; onClose: () => void }) {
  const { yard, link } = usePlace();
  const [, navigate] = useLocation();
  const [mode, setMode] = useState<"background" | "interactive">("background");
  const [branch, setBranch] = useState("");
  const [message, setMessage] = useState("");
  const start = useMutation({
    mutationFn: () =>
      runAgentTask(yard, {
        path: { task_id: task.id },
        body: {
          mode,
          ...(branch.trim() !== "" && { branch: branch.trim() }),
          ...(message.trim() !== "" && { pending_user_message: message }),
        },
      }),
    onSuccess: ({ latest_run: run }) => navigate(link(run ? `runs/${task.id}/${run.id}` : `runs/${task.id}`)),
  });
  return (
    <Dialog title="Start a run" description={task.title} isOpen onClose={onClose}>
      <Form label="Start a run" onSubmit={() => start.mutate()}>
        <FieldRow>
          <SelectField
            label="Mode"
            value={mode}
            error={problemOf(start.error, "mode")}
            onChange={({ target }) => setMode(target.value === "interactive" ? "interactive" : "background")}
          >
            <option value="background">In the background</option>
            <option value="interactive">Interactive</option>
          </SelectField>
          <TextField
            label="Branch"
            value={branch}
            autoComplete="off"
            spellCheck={false}
            hint="May be empty."
            error={problemOf(start.error, "branch")}
            onChange={({ target }) => setBranch(target.value)}
          />
        </FieldRow>
        <TextArea
          label="First message"
          value={message}
          hint="Beside the task’s description. May be empty."
          error={problemOf(start.error, "pending_user_message")}
          onChange={({ target }) => setMessage(target.value)}
        />
        <FormError error={start.error} fields={["mode", "branch", "pending_user_message"]} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={start.isPending}>
            Start
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
