import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./context.ts";

const DESCRIPTION = `The backend under AI agents and evaluations: a registry of packaged tasks, and agent tasks with their
runs, logs and artifacts. Send an API key as \`Authorization: Bearer\`, as \`X-API-Key\`, or as Basic
with the user \`__token__\`.`;

const TAGS = [
  { name: "Task registry", description: "Packaged tasks: publish, list, read" },
  { name: "Task uploads", description: "Resumable uploads of large archives" },
  {
    name: "OCI push",
    description: "Tasks pushed and pulled by clients that speak the protocol of container registries",
  },
  { name: "OCI registry", description: "The same at the path that container tools know, with their errors" },
  { name: "Task sets", description: "Curated lists of tasks, with versions" },
  { name: "Environments", description: "Tasks provisioned in a sandbox: their life, commands and files" },
  { name: "Evaluations", description: "An agent, tasks, attempts, and what came of them" },
  { name: "Secrets", description: "Values that environments get as variables, and that nobody reads back" },
  { name: "Runners", description: "Machines that run environments' commands and agents" },
  { name: "Agent tasks", description: "Tasks for agents, and who the caller is to agent clients" },
  { name: "Agent runs", description: "Runs of agent tasks: state, logs, connections" },
  {
    name: "Durable Streams",
    description: "Append-only streams of one's own, and runs, by the Durable Streams protocol",
  },
  { name: "Workflow files", description: "Tasks and their files as workflow clients know them" },
  { name: "Webhooks", description: "Events to tell other servers of" },
  { name: "Administration", description: "Organizations, workspaces, projects, users, keys" },
  { name: "Account", description: "Who the key belongs to" },
  { name: "Service", description: "Health and documentation" },
];

/** Makes the OpenAPI 3.1 document of all operations mounted on `app`. `version` is Taskyard's own. */
export function buildOpenApiDocument(app: OpenAPIHono<AppEnv>, version: string): object {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", {
    type: "http",
    scheme: "basic",
    description: "User `__token__`, password the API key",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Taskyard", version, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags: TAGS,
  });
  // Hono writes a path parameter that spans slashes as `{path}{.+}`; OpenAPI has no notation for it but the name.
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path.replace("{.+}", ""), item]);
  return { ...document, paths: Object.fromEntries(paths) };
}
