import { expect } from "vitest";

/** The wire forms that tests read, as clients would. */
export interface WireKey {
  id: string;
  name: string;
  masked_key: string;
  active: boolean;
  scopes: string[];
  user_id: string;
  username: string;
  project_id: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}
export interface WireNewKey extends WireKey {
  key: string;
}
export interface WireUser {
  id: string;
  email_address: string;
  username: string;
  name: string | null;
  role: string;
  org_id: string;
}
export interface WireWorkspace {
  id: string;
  key: string;
  name: string;
  description: string | null;
  org_id: string;
  is_default: boolean;
  project_count: number;
  updated_at: string;
}
export interface WireProject {
  id: string;
  number: number;
  key: string;
  name: string;
  description: string | null;
  workspace_id: string;
  is_default: boolean;
}

/** Reads the JSON of an answer that has to have `status`. */
export async function read<T>(response: Response | Promise<Response>, status = 200): Promise<T> {
  const answer = await response;
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the tests that read it check its fields
  return JSON.parse(text) as T;
}

/** An error in the registry's envelope (A7), with the words of `detail` that matter. */
export async function expectError(
  response: Response | Promise<Response>,
  code: number,
  type: string,
  detail = "",
): Promise<void> {
  expect(await read<object>(response, code)).toMatchObject({ code, type, detail: expect.stringContaining(detail) });
}

/** The statuses of answers, in order of size. */
export function statusesOf(answers: Response[]): number[] {
  return answers.map((answer) => answer.status).toSorted((a, b) => a - b);
}
