import { Play } from "lucide-react";
import { listAgentTasks } from "../../../src/client/generated/operations.gen.ts";
import type { Section } from "../section.ts";

const MOST_FINDINGS = 8;

export const runsSection: Section = {
  id: "runs",
  name: "Runs",
  icon: Play,
  scope: "task:read",
  routes: [
    { path: "/runs", load: async () => (await import("./runs-page.tsx")).RunsPage },
    { path: "/runs/:task", load: async () => (await import("./task-runs-page.tsx")).TaskRunsPage },
    { path: "/runs/:task/:run", load: async () => (await import("./run-page.tsx")).RunPage },
  ],
  find: async ({ yard }, search, signal) => {
    const { results } = await listAgentTasks(yard, { query: { search, limit: MOST_FINDINGS }, signal });
    return results.flatMap(({ id, title, slug, latest_run }) =>
      latest_run ? [{ name: title, detail: `Run of ${slug}`, path: `runs/${id}/${latest_run.id}` }] : [],
    );
  },
};
