import { expect, test } from "vitest";
import { createTenant } from "../tenant.ts";
import { createEnvironmentClient, provision, publishTask } from "./client.ts";

const IGNORED = ["Ignored: unknown field timeoutSec; did you mean timeout_sec?", "Ignored: unknown field colour"];

test("an environment is made in spite of unknown fields, and says which it ignored", async () => {
  const tenant = await createTenant();
  await publishTask(tenant);
  const made = await provision(tenant, { timeoutSec: 60, colour: "red" });
  expect(made.warnings).toEqual(IGNORED);
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`field_${index}`, index]));
  const { warnings } = await provision(tenant, many);
  expect(warnings).toHaveLength(21);
  expect(warnings[20]).toBe("Ignored: 980 more fields");
});

test("so do a longer life, a command, and one in the background", async () => {
  const client = await createEnvironmentClient();
  const send = async (path: string, json: object, headers = {}) =>
    client.onEnvironment(path, { method: "POST", json: { ...json, timeoutSec: 5, colour: 1 }, headers });
  const extended = await send("/extend", { extend_seconds: 60 });
  expect(await extended.json()).toMatchObject({
    warnings: ["Ignored: unknown field timeoutSec", "Ignored: unknown field colour"],
  });
  for (const path of ["/execute", "/commands"]) {
    expect(await (await send(path, { command: "true" })).json(), path).toMatchObject({ warnings: IGNORED });
  }
  const events = await send("/execute", { command: "true" }, { Accept: "text/event-stream" });
  expect(await events.text()).toContain(`"warnings":${JSON.stringify(IGNORED)}`);
  const plain = await client.onEnvironment("/execute", { method: "POST", json: { command: "true" } });
  expect(await plain.json()).not.toHaveProperty("warnings");
});
