import { Bot, Package } from "lucide-react";
import { listAgentTasks, listTasks } from "../../../src/client/generated/operations.gen.ts";
import type { Section } from "../section.ts";

const MOST_FINDINGS = 8;

/** The registry: packaged tasks, their versions and files. */
export const tasksSection: Section = {
  id: "tasks",
  name: "Tasks",
  icon: Package,
  scope: "task:read",
  routes: [
    { path: "/tasks", load: async () => (await import("./registry/registry-page.tsx")).RegistryPage },
    { path: "/tasks/publish", load: async () => (await import("./publish/publish-page.tsx")).PublishPage },
    { path: "/tasks/registry/:name", load: async () => (await import("./registry/task-page.tsx")).TaskPage },
  ],
  find: async ({ yard }, search, signal) => {
    const { tasks } = await listTasks(yard, { query: { search, limit: MOST_FINDINGS }, signal });
    return tasks.map(({ name, version }) => ({
      name,
      detail: `Task ${version}`,
      path: `tasks/registry/${encodeURIComponent(name)}`,
    }));
  },
};

/** What agents are asked to do; each has runs. */
export const agentTasksSection: Section = {
  id: "agent-tasks",
  name: "Agent tasks",
  icon: Bot,
  scope: "task:read",
  routes: [
    { path: "/agent-tasks", load: async () => (await import("./agents/agent-tasks-page.tsx")).AgentTasksPage },
    { path: "/agent-tasks/new", load: async () => (await import("./agents/new-agent-task-page.tsx")).NewAgentTaskPage },
    { path: "/agent-tasks/:task", load: async () => (await import("./agents/agent-task-page.tsx")).AgentTaskPage },
  ],
  find: async ({ yard }, search, signal) => {
    const { results } = await listAgentTasks(yard, { query: { search, limit: MOST_FINDINGS }, signal });
    return results.map(({ id, title, slug }) => ({
      name: title,
      detail: `Agent task ${slug}`,
      path: `agent-tasks/${id}`,
    }));
  },
};
