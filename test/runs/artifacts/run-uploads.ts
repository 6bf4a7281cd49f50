import { expect } from "vitest";
import { call } from "../../tenant.ts";
import { read, type RunClient } from "../run-client.ts";

/** A prepared upload as the wire has it. */
export interface Prepared {
  id: string;
  name: string;
  type: string;
  source: string;
  size: number;
  content_type: string;
  storage_path: string;
  expires_in: number;
  presigned_post: { url: string; fields: Record<string, string> };
}

/** An item of a manifest. */
export interface Item {
  id: string;
  name: string;
  type: string;
  size: number;
  content_type: string;
  storage_path: string;
  expires_at?: string;
}

type Send = (path: string, request?: Parameters<RunClient["onRun"]>[1]) => Promise<Response>;

export async function prepare(send: Send, artifacts: object[]): Promise<Prepared[]> {
  const answer = await read<{ artifacts: Prepared[] }>(send("/prepare_upload/", { json: { artifacts } }));
  return answer.artifacts;
}

export async function finalize(send: Send, artifacts: object[]): Promise<Item[]> {
  const answer = await read<{ artifacts: Item[] }>(send("/finalize_upload/", { json: { artifacts } }));
  return answer.artifacts;
}

/** The path of a URL on the Worker, with its query. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Posts a form as clients do: its fields, then the file. */
export function post(
  form: Prepared["presigned_post"],
  file: string | Uint8Array<ArrayBuffer>,
  filename = "file",
): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", new Blob([file]), filename);
  return call(pathOf(form.url), { method: "POST", body });
}

/** Uploads by form what `announced` describes, and finalizes it. */
export async function uploadByForm(
  send: Send,
  announced: object,
  file: string | Uint8Array<ArrayBuffer>,
): Promise<Item> {
  const size = typeof file === "string" ? new TextEncoder().encode(file).length : file.length;
  const [prepared] = await prepare(send, [{ size, ...announced }]);
  if (!prepared) throw new Error("Nothing was prepared");
  expect((await post(prepared.presigned_post, file)).status).toBe(204);
  const [item] = await finalize(send, [prepared]);
  if (!item) throw new Error("Nothing was finalized");
  return item;
}

/** Expects a bare error (agent-tasks 1.3b), word for word or as a matcher says. */
export async function expectError(answer: Promise<Response>, status: number, error: unknown): Promise<void> {
  const response = await answer;
  expect(await response.json()).toEqual({ error });
  expect(response.status).toBe(status);
}

/** Expects the refusal of a form or link that is not, or no longer, what was signed. */
export async function expectForbidden(answer: Promise<Response>, detail: string): Promise<void> {
  const response = await answer;
  expect(await response.json()).toMatchObject({ code: "permission_denied", detail });
  expect(response.status).toBe(403);
}
