import { queryOptions } from "@tanstack/react-query";
import { listProjects } from "../../src/client/generated/operations.gen.ts";
import type { Taskyard } from "../../src/client/taskyard.ts";

/** Milliseconds for which projects are taken as known. */
const FRESH_MS = 60_000;
const MOST_PROJECTS = 200;

/** The projects of a workspace, asked for once for all that needs them. */
export function projectsQuery(yard: Taskyard, org: string, workspace: string) {
  return queryOptions({
    queryKey: ["projects", org, workspace],
    queryFn: ({ signal }) => listProjects(yard, { path: { ws: workspace }, query: { limit: MOST_PROJECTS }, signal }),
    staleTime: FRESH_MS,
  });
}
