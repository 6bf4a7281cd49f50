import { useCallback } from "react";
import { commandRun } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { complain, say } from "../../ui/toast.tsx";
import type { Permission } from "./log/entry.ts";
import type { LogPath } from "./log/log-pages.ts";
import { hasEnded, type Run } from "./run-facts.ts";

interface Commands {
  /** Sends a message to the agent; rejects where it was not taken. Undefined where nobody may, or the run has ended. */
  send: ((content: string) => Promise<void>) | undefined;
  answer: ((permission: Permission, optionId: string) => Promise<void>) | undefined;
}

/** What can be said to a run's agent. */
export function useCommands(path: LogPath, run: Run): Commands {
  const { yard, may } = usePlace();
  const { task_id, run_id } = path;
  const isOpen = !hasEnded(run) && may("task:write");
  const command = useCallback(
    async (method: "user_message" | "permission_response", params: Record<string, unknown>, failure: string) => {
      try {
        await commandRun(yard, { path: { task_id, run_id }, body: { jsonrpc: "2.0", method, params, id: 1 } });
        say(method === "user_message" ? "The agent has the message" : "The agent has the answer");
      } catch (error) {
        complain(failure, error);
        throw error;
      }
    },
    [yard, task_id, run_id],
  );
  const send = useCallback(
    (content: string) => command("user_message", { content }, "The message was not taken"),
    [command],
  );
  const answer = useCallback(
    ({ requestId }: Permission, optionId: string) =>
      command("permission_response", { requestId, optionId }, "The answer was not taken"),
    [command],
  );
  return isOpen ? { send, answer } : { send: undefined, answer: undefined };
}
