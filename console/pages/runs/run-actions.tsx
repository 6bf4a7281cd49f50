import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { cancelAgentRun, runAgentTask } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { complain, say } from "../../ui/toast.tsx";
import type { LogPath } from "./log/log-pages.ts";
import { hasEnded, type Run } from "./run-facts.ts";

/** What can be done with a run: cancel it, or start its task again. */
export function RunActions({ path, run }: { path: LogPath; run: Run }) {
  const { yard, may, link } = usePlace();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [asks, setAsks] = useState(false);
  const cancel = useMutation({
    mutationFn: () => cancelAgentRun(yard, { path }),
    onSuccess: () => say("The run is cancelled"),
    onError: (error) => complain("The run was not cancelled", error),
    onSettled: () => {
      setAsks(false);
      void queries.invalidateQueries({ queryKey: ["run", path.run_id] });
    },
  });
  const again = useMutation({
    mutationFn: () => runAgentTask(yard, { path: { task_id: path.task_id }, body: startOptions(run) }),
    onSuccess: ({ latest_run }) => {
      say("A new run has started");
      if (latest_run) navigate(link(`runs/${path.task_id}/${latest_run.id}`));
    },
    onError: (error) => complain("No run was started", error),
  });
  if (!may("task:write")) return null;
  return (
    <>
      {!hasEnded(run) && (
        <Button look="danger" onClick={() => setAsks(true)}>
          <Ban aria-hidden="true" /> Cancel
        </Button>
      )}
      <Button busy={again.isPending} onClick={() => again.mutate()}>
        <RotateCcw aria-hidden="true" /> Start again
      </Button>
      <Dialog
        title="Cancel this run?"
        description="Its agent is stopped. What it has logged and stored stays."
        isOpen={asks}
        onClose={() => setAsks(false)}
      >
        <DialogActions>
          <Button onClick={() => setAsks(false)}>Let it go on</Button>
          <Button look="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the run
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}

/** The options that the run was started with, as far as a new one takes them. */
function startOptions({ state, branch }: Run): {
  mode?: "interactive" | "background";
  branch?: string;
  pending_user_message?: string;
} {
  const { mode, pending_user_message: message } = state;
  return {
    ...((mode === "interactive" || mode === "background") && { mode }),
    ...(branch !== null && { branch }),
    ...(typeof message === "string" && { pending_user_message: message }),
  };
}
