import { expect, test } from "vitest";
import { type ErrorBody } from "../registry/archives.ts";
import { createEnvironmentClient, type EnvironmentClient } from "./client.ts";

interface Verdict {
  passed: boolean;
  needs_judge: boolean;
  exit_code: number | null;
  output: string;
}

async function verify(client: EnvironmentClient): Promise<Verdict> {
  const answer = await client.onEnvironment("/verify", { method: "POST" });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return answer.json();
}

const script = { verification: { method: "script", script: "verify.sh", timeout: 20 } };

test("runs the script of the archive, whatever the environment has made of it", async () => {
  const files = { "verify.sh": 'echo checking; test "$(cat answer)" = 42' };
  const client = await createEnvironmentClient({ yaml: script, files });
  expect(await verify(client)).toMatchObject({ passed: false, needs_judge: false });
  await client.execute("echo 'exit 0' > verify.sh");
  expect(await verify(client)).toMatchObject({ passed: false });
  await client.execute("echo 42 > answer");
  expect(await verify(client)).toMatchObject({ passed: true, exit_code: 0, output: "checking\n" });
});

test("compares a flag, by its text or its hash, and shows neither", async () => {
  const plain = { verification: { method: "flag", path: "/tmp/flag", value: "FLAG{a}" } };
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("FLAG{a}"))).toHex();
  const hashed = { verification: { method: "flag", path: "/tmp/flag", hash: `sha256:${hash}` } };
  for (const yaml of [plain, hashed]) {
    const client = await createEnvironmentClient({ yaml });
    expect(await verify(client)).toMatchObject({ passed: false });
    await client.execute("echo 'FLAG{b}' > /tmp/flag");
    expect(await verify(client)).toMatchObject({ passed: false, output: "" });
    await client.execute("echo 'FLAG{a}' > /tmp/flag");
    expect(await verify(client)).toMatchObject({ passed: true, output: "" });
  }
});

test("says when a judge has a word besides, and refuses what only a judge can say", async () => {
  const judge = { model: "example/judge", rubric: "Is it right?" };
  const both = await createEnvironmentClient({
    yaml: { verification: { method: "script_and_judge", script: "verify.sh", judge } },
    files: { "verify.sh": "exit 0" },
  });
  expect(await verify(both)).toMatchObject({ passed: true, needs_judge: true });
  const alone = await createEnvironmentClient({ yaml: { verification: { method: "outcome_judge", judge } } });
  const refused = await alone.onEnvironment("/verify", { method: "POST" });
  expect([refused.status, (await refused.json<ErrorBody>()).type]).toEqual([400, "invalid_error"]);
});

test("needs the environment's token", async () => {
  const client = await createEnvironmentClient({ yaml: script, files: { "verify.sh": "exit 0" } });
  const refused = await client.onEnvironment("/verify", {
    method: "POST",
    headers: { "X-Environment-Token": "tye_wrong" },
  });
  expect(refused.status).toBe(401);
});

test("a wrong token is told as such before anything of the task, also when its version is gone", async () => {
  const client = await createEnvironmentClient({ yaml: script, files: { "verify.sh": "exit 0" } });
  const { api, org } = client.tenant;
  expect((await api(`/org/${org}/tasks/sample/1.0.0`, { method: "DELETE" })).status).toBe(204);
  const wrong = { method: "POST", headers: { "X-Environment-Token": "tye_wrong" } };
  const refused = await client.onEnvironment("/verify", wrong);
  expect([refused.status, (await refused.json<ErrorBody>()).type]).toEqual([401, "token_error"]);
  expect((await client.onEnvironment("/verify", { method: "POST" })).status).toBe(404);
});
