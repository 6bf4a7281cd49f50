import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { deleteAgentTask, getAgentTask, updateAgentTask } from "../../../../src/client/generated/operations.gen.ts";
import type { AgentTask } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Facts, Page } from "../../../shell/page.tsx";
import { Button, LinkButton } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge, wordsOf } from "../../../ui/status.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { complain, say } from "../../../ui/toast.tsx";
import { AgentTaskForm, type TaskFields, type TaskInput } from "./agent-task-form.tsx";
import styles from "./agents.module.css";
import { StartDialog } from "./start-dialog.tsx";

/** One task: what it says, to be changed, started, archived. */
export function AgentTaskPage() {
  const { task: id = "" } = useParams();
  const { yard, link, may } = usePlace();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [asks, setAsks] = useState<"start" | "deletion">();
  const task = useQuery({
    queryKey: ["task", id],
    queryFn: ({ signal }) => getAgentTask(yard, { path: { task_id: id }, signal }),
  });
  const change = useMutation({
    mutationFn: (body: TaskInput | { archived: boolean }) => updateAgentTask(yard, { path: { task_id: id }, body }),
    onSuccess: async (changed) => {
      queries.setQueryData(["task", id], changed);
      await queries.invalidateQueries({ queryKey: ["agent-tasks"] });
      say("The task is changed");
    },
  });
  const remove = async () => {
    await deleteAgentTask(yard, { path: { task_id: id } });
    await queries.invalidateQueries({ queryKey: ["agent-tasks"] });
    say("The task is deleted");
    navigate(link("agent-tasks"));
  };
  const above = [{ name: "Agent tasks", href: link("agent-tasks") }];
  if (!task.data) {
    return (
      <Page title="Agent task" above={above}>
        {task.isError ? (
          <ErrorState error={task.error} retry={() => task.refetch()} />
        ) : (
          <LoadingState label="Loading the task" />
        )}
      </Page>
    );
  }
  const { title, archived, latest_run: run } = task.data;
  const archive = () =>
    change.mutate(
      { archived: !archived },
      { onError: (error) => complain(archived ? "The task stays archived" : "The task is not archived", error) },
    );
  return (
    <Page
      title={title}
      above={above}
      badge={archived && <StatusBadge status="archived" />}
      actions={
        <>
          <LinkButton href={link(`runs/${id}`)}>Runs</LinkButton>
          {may("task:write") && (
            <>
              <Button onClick={archive}>
                {archived ? <ArchiveRestore aria-hidden="true" /> : <Archive aria-hidden="true" />}
                {archived ? "Bring back" : "Archive"}
              </Button>
              <Button look="danger" onClick={() => setAsks("deletion")}>
                <Trash2 aria-hidden="true" /> Delete
              </Button>
              <Button look="primary" onClick={() => setAsks("start")}>
                <Play aria-hidden="true" /> Start
              </Button>
            </>
          )}
        </>
      }
    >
      <Facts
        facts={[
          ["Number", task.data.slug],
          ["From", wordsOf(task.data.origin_product)],
          ["Latest run", run ? <StatusBadge key="run" status={run.status} /> : "None yet"],
          ["Created", <TimeAgo key="time" time={task.data.created_at} />],
        ]}
      />
      <div className={styles["form"]}>
        <AgentTaskForm
          key={task.data.updated_at}
          label="Task"
          fields={fieldsOf(task.data)}
          action="Save"
          busy={change.isPending}
          error={change.error}
          disabled={!may("task:write")}
          onSave={(input) => change.mutate(input)}
        />
      </div>
      {asks === "start" && <StartDialog task={task.data} onClose={() => setAsks(undefined)} />}
      {asks === "deletion" && (
        <Confirm title={`Delete ${title}?`} action="Delete the task" act={remove} onClose={() => setAsks(undefined)}>
          Its runs are not found any more either.
        </Confirm>
      )}
    </Page>
  );
}

function fieldsOf({ title, description, repository, ci_prompt, json_schema }: AgentTask): TaskFields {
  return {
    title,
    description,
    repository: repository ?? "",
    ciPrompt: ci_prompt ?? "",
    schema: json_schema === null || json_schema === undefined ? "" : JSON.stringify(json_schema, null, 2),
  };
}
