import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Run } from "../../src/runs/object/run-object.ts";
import { Journal } from "../../src/stream/journal/journal.ts";
import { Volumes } from "../../src/stream/journal/volumes.ts";
import { type AgentClient, createAgentClient, read, type WireRun } from "../tasks/client.ts";
import { inTime } from "../stream/event-client.ts";
import { call } from "../tenant.ts";

export { expectNotFound, expectRefused, read, type WirePage, type WireRun } from "../tasks/client.ts";

/** The values of JSON lines. */
export function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** The text of an answer whose type the runtime does not take for text. */
export async function textOf(answer: Response | Promise<Response>): Promise<string> {
  return new TextDecoder().decode(await (await answer).arrayBuffer());
}

/** A client with a task and a run of it. */
export interface RunClient extends AgentClient {
  taskId: string;
  runId: string;
  /** Calls a path below the run. */
  onRun: (path: string, request?: Parameters<AgentClient["send"]>[1]) => Promise<Response>;
  /** Changes the run and returns it. */
  patch: (json: object) => Promise<WireRun>;
  readRun: () => Promise<WireRun>;
  /** Sends a body to append_log as it is. */
  appendText: (body: string, headers?: Record<string, string>) => Promise<Response>;
  /** Appends entries; fails unless they are accepted. */
  append: (...entries: object[]) => Promise<void>;
  /** The text of `/logs`. */
  logs: () => Promise<string>;
}

export async function createRunClient({
  task = {},
  run = {},
}: { task?: object; run?: object } = {}): Promise<RunClient> {
  const client = await createAgentClient();
  const { id: taskId } = await client.createTask(task);
  const { id: runId } = await read<WireRun>(client.send(`/${taskId}/runs/`, { json: run }), 201);
  const onRun: RunClient["onRun"] = (path, request) => client.send(`/${taskId}/runs/${runId}${path}`, request);
  const appendText: RunClient["appendText"] = (body, headers = {}) =>
    call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/append_log/`, {
      method: "POST",
      headers: { Authorization: `Bearer ${client.adminKey}`, "Content-Type": "application/json", ...headers },
      body,
    });
  return {
    ...client,
    taskId,
    runId,
    onRun,
    patch: (json) => read<WireRun>(onRun("/", { method: "PATCH", json })),
    readRun: () => read<WireRun>(onRun("/")),
    appendText,
    append: async (...entries) => {
      await read<WireRun>(appendText(JSON.stringify({ entries })));
    },
    logs: () => textOf(onRun("/logs")),
  };
}

/** The object of a run, for tests that look behind the API. */
export function objectOf(runId: string): DurableObjectStub<Run> {
  return env.RUN.getByName(runId);
}

/** Lets the object sleep with its connections open, as the runtime does. */
export async function hibernate(runId: string): Promise<void> {
  await inTime(evictDurableObject(objectOf(runId)), "the eviction");
}

/** A run's journal, for tests that look into its object. */
export function openJournal({ sql }: DurableObjectStorage): Journal {
  return new Journal(sql, { volumes: new Volumes(sql, env.ARTIFACTS) });
}

/** Ends the object at once, as a crash or a deployment does: its connections break, what is committed stays. */
export async function loseObject(runId: string): Promise<void> {
  await expect(runInDurableObject(objectOf(runId), (_, state) => state.abort("lost"))).rejects.toThrow("lost");
}
