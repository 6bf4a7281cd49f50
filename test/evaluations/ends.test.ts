/** Ends that infrastructure brings about, each brought about: what waits for hours is told that they are over. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { imageTask, plainTask, withHealthcheck } from "../registry/harbor-tasks.ts";
import { eventually } from "../eventually.ts";
import type { Progress } from "../../src/evaluations/item/progress.ts";
import { pack } from "../registry/pack.ts";
import { publishVersion } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { ended, evaluate, fillPlaces, type Item, itemsOf, publishSolvable, tenantWith } from "./client.ts";

async function firstItem(tenant: Tenant, job: { id: string }, status: string): Promise<Item> {
  return eventually(async () => {
    const [item] = await itemsOf(tenant, job);
    expect(item?.item_status).toBe(status);
    if (!item) throw new Error("There is no item");
    return item;
  }, 15_000);
}

async function endOf(tenant: Tenant, job: { id: string }) {
  await ended(tenant, job);
  const [item] = await itemsOf(tenant, job);
  return [item?.item_status, item?.end_reason, item?.passed];
}

/** Changes what the item's object has stored, and loses the object: it goes on with what is stored. */
async function changeProgress(id: string, change: (progress: Progress) => Progress): Promise<void> {
  const open = () => env.EVALUATION_ITEM.getByName(id);
  await runInDurableObject(open(), async (_, state) => {
    const { storage } = state;
    const progress = storage.kv.get<Progress>("progress");
    if (progress) storage.kv.put("progress", change(progress));
    storage.sql.exec("UPDATE timers SET due = 1");
    await storage.sync();
    state.abort("lost");
  }).catch(() => undefined);
  await eventually(() => runDurableObjectAlarm(open()));
}

describe("an end", () => {
  test("verifier_failed: the verification cannot be carried out", async () => {
    const tenant = await createTenant();
    await publishSolvable(tenant, "long", {}, { "verify.sh": `exit 0\n${"#".repeat(100_001)}\n` });
    const job = await evaluate(tenant, { task_names: ["long"], max_retries: 0 });
    expect(await endOf(tenant, job)).toEqual(["infra_error", "verifier_failed", null]);
  });

  test("provision_refused: this deployment has no containers, and it is not tried again", async () => {
    const tenant = await createTenant();
    await publishVersion(tenant, "image", "1.0.0", pack(imageTask));
    const job = await evaluate(tenant, { task_names: ["image"], agent: "nop", max_retries: 5 });
    expect(await endOf(tenant, job)).toEqual(["infra_error", "provision_refused", null]);
    expect((await itemsOf(tenant, job))[0]?.retry_count).toBe(0);
  });

  test("provision_failed: the task's healthcheck fails, and what it said last is told", async () => {
    const tenant = await createTenant();
    const sick = withHealthcheck(plainTask, { command: "echo no database; exit 3", retries: 2 });
    await publishVersion(tenant, "sick", "1.0.0", pack(sick));
    const job = await evaluate(tenant, { task_names: ["sick"], agent: "nop", max_retries: 0 });
    expect(await endOf(tenant, job)).toEqual(["infra_error", "provision_failed", null]);
    expect((await itemsOf(tenant, job))[0]?.error).toMatch(/2 times in a row: .* exit code 3: no database$/);
  });

  test("no_runner: nobody takes the agent's work in time", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], agent: {}, max_retries: 0 });
    const { run_id: run } = await firstItem(tenant, job, "agent_running");
    const open = () => env.RUN.getByName(run ?? "");
    await expect
      .poll(() =>
        runInDurableObject(open(), (_, { storage }) => {
          storage.sql.exec("UPDATE timers SET due = 1 WHERE name = 'deadline'");
          return storage.sql.exec("SELECT 1 FROM timers WHERE name = 'deadline'").toArray().length;
        }),
      )
      .toBe(1);
    await runDurableObjectAlarm(open());
    expect(await endOf(tenant, job)).toEqual(["infra_error", "no_runner", null]);
  });

  test("capacity: a place was waited for a day long", async () => {
    const tenant = await tenantWith("write");
    await fillPlaces(tenant);
    const job = await evaluate(tenant, { task_names: ["write"], max_retries: 0 });
    const { id } = await firstItem(tenant, job, "claiming");
    await changeProgress(id, (progress) => ({ ...progress, state: { ...progress.state, startedAt: 0 } }));
    expect(await endOf(tenant, job)).toEqual(["infra_error", "capacity", null]);
  });

  test("server_error: the server failed twelve times in a row", async () => {
    const tenant = await tenantWith("write");
    const agent = { inside: true, command: "sleep 600" };
    const job = await evaluate(tenant, { task_names: ["write"], agent, max_retries: 0 });
    const { id } = await firstItem(tenant, job, "agent_running");
    // A step that does not exist fails whenever it is begun.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    await changeProgress(id, (progress) => ({ ...progress, failures: 11, step: "nowhere" as Progress["step"] }));
    expect(await endOf(tenant, job)).toEqual(["infra_error", "server_error", null]);
  });
});
