import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { plainTask, type TaskFolder } from "../../registry/harbor-tasks.ts";
import { pack } from "../../registry/pack.ts";
import { type LiveRunner, startRunner } from "./live.ts";
import type { LiveWorld } from "./live-world.ts";
import { BASE_IMAGE, podman } from "./podman.ts";

/** A name that no other test has: images are found again by what they are made of. */
export const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;

/** Seconds for building an image, on a machine that has much else to do. */
export const BUILD_SECONDS = 150;

/** A task whose image is built, with these lines more in its Dockerfile. */
export const image = (more = "", files: TaskFolder = {}): TaskFolder => ({
  ...plainTask,
  "environment/Dockerfile": `FROM ${BASE_IMAGE}
RUN mkdir /app && useradd --create-home agent && chown agent /app
COPY given.txt /app/
${more}
WORKDIR /app
`,
  "environment/given.txt": `given ${unique("content")}\n`,
  ...files,
});

/** Names of all containers, those of builds too. */
export const allContainers = () => podman("ps", "--all", "--external", "--format", "{{.Names}}");

const PODMAN = ["--isolation", "podman", "--image", BASE_IMAGE, "--grace-seconds", "0"];

/** A runner with Podman. */
export async function startWithPodman(
  world: LiveWorld,
  args: string[],
  env: Record<string, string> = {},
  folder?: string,
): Promise<LiveRunner> {
  const runner = await startRunner(world.server, [...PODMAN, ...args], env, undefined, folder);
  world.runners.push(runner);
  return runner;
}

/** Publishes a task, and says its name. */
export async function publish(world: LiveWorld, task: TaskFolder, name = unique("task")): Promise<string> {
  const { org } = world.server.connection;
  const published = await world.server.send("PUT", `/api/v1/org/${org}/tasks/${name}/versions/1.0.0`, pack(task));
  expect(published.status, JSON.stringify(published.body)).toBe(201);
  return name;
}

/** An environment that may fail. */
export async function begin(world: LiveWorld, label: string, task: string) {
  const { org, workspace } = world.server.connection;
  const environments = `/api/v1/org/${org}/ws/${workspace}/environments`;
  const json = { task_ref: task, sandbox_provider: "runner", runner_labels: [label] };
  const made = await world.server.send("POST", environments, json);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const place = `${environments}/${made.body.id}`;
  const read = async () => (await world.server.send("GET", place)).body;
  const logs = async () => String((await world.server.send("GET", `${place}/logs`)).body.logs);
  return {
    id: String(made.body.id),
    place,
    token: { "X-Environment-Token": String(made.body.execute_token) },
    read,
    logs,
  };
}
