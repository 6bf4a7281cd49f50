import { usePlace } from "../../../session/place.tsx";

/** One version of a task, as the registry's operations take it. */
export interface VersionPath {
  org: string;
  name: string;
  version: string;
}

/** The console's path of a task; `org` is where one is, and other organizations' public tasks say whose they are. */
export function taskPath(org: string, task: { org_key: string; name: string; version?: string }): string {
  const query = new URLSearchParams();
  if (task.org_key !== org) query.set("org", task.org_key);
  if (task.version !== undefined) query.set("version", task.version);
  const text = query.toString();
  return `tasks/registry/${encodeURIComponent(task.name)}${text === "" ? "" : `?${text}`}`;
}

/** Whether the key may publish, delete and show tasks: one that is bound to a project may not. */
export function useMayPublish(): boolean {
  const { account, may } = usePlace();
  return may("task:write") && account.projectId === null;
}
