import { useQueryClient } from "@tanstack/react-query";
import { Eye, EyeOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { deleteTaskVersion, updateTaskVisibility } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskDetail } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { say } from "../../../ui/toast.tsx";
import { useMayPublish } from "./task-path.ts";

/** Who may see the task, and the end of one version. */
export function TaskActions({ task }: { task: TaskDetail }) {
  const { yard, org, link } = usePlace();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [asks, setAsks] = useState<"visibility" | "deletion">();
  const { name, version, is_public: isPublic } = task;
  const change = async () => {
    await updateTaskVisibility(yard, { path: { org, name }, body: { is_public: !isPublic } });
    await forget(["task-version", "tasks"]);
    say(isPublic ? "Only the organization sees the task now" : "Everybody sees the task now");
  };
  const remove = async () => {
    await deleteTaskVersion(yard, { path: { org, name, version } });
    await forget(["tasks", "task-versions", "task-facets"]);
    say(`Version ${version} is deleted`);
    navigate(link("tasks"));
  };
  const forget = async (keys: readonly string[]) =>
    await Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key, org] })));
  if (!useMayPublish()) return null;
  return (
    <>
      <Button onClick={() => setAsks("visibility")}>
        {isPublic ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />}
        {isPublic ? "Make private" : "Make public"}
      </Button>
      <Button look="danger" onClick={() => setAsks("deletion")}>
        <Trash2 aria-hidden="true" /> Delete
      </Button>
      {asks === "visibility" && (
        <Confirm
          title={isPublic ? `Make ${name} private?` : `Make ${name} public?`}
          action={isPublic ? "Make it private" : "Make it public"}
          act={change}
          onClose={() => setAsks(undefined)}
        >
          {isPublic
            ? "All of its versions are seen by this organization only."
            : "All of its versions are seen by every organization of this server. Solutions and flags stay withheld from them."}
        </Confirm>
      )}
      {asks === "deletion" && (
        <Confirm
          title={`Delete version ${version} of ${name}?`}
          action="Delete the version"
          typed={version}
          act={remove}
          onClose={() => setAsks(undefined)}
        >
          Its archive is removed, and the task with its last version. Environments that were made of it go on.
        </Confirm>
      )}
    </>
  );
}
