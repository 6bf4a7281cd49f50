import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { createAgentTask } from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Page } from "../../../shell/page.tsx";
import { say } from "../../../ui/toast.tsx";
import { AgentTaskForm, NO_FIELDS, type TaskInput } from "./agent-task-form.tsx";
import styles from "./agents.module.css";

/** A new task; it is started on its own page. */
export function NewAgentTaskPage() {
  const { yard, link } = usePlace();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const create = useMutation({
    mutationFn: ({ title, ...input }: TaskInput) =>
      createAgentTask(yard, { body: { ...input, ...(title !== "" && { title, title_manually_set: true }) } }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["agent-tasks"] });
      say("The task is created");
      navigate(link(`agent-tasks/${id}`));
    },
  });
  return (
    <Page title="New agent task" above={[{ name: "Agent tasks", href: link("agent-tasks") }]}>
      <div className={styles["form"]}>
        <AgentTaskForm
          label="New task"
          fields={NO_FIELDS}
          action="Create"
          busy={create.isPending}
          error={create.error}
          onSave={(input) => create.mutate(input)}
        />
      </div>
    </Page>
  );
}
