import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { TryState } from "../../src/evaluations/model/plan.ts";
import { type Detail, ended, evaluate, fillPlaces, itemsOf, publishSolvable, read, tenantWith } from "./client.ts";
import { eventually } from "../eventually.ts";
import { createTenant, type Tenant } from "../tenant.ts";

const evaluationOf = ({ id }: { id: string }) => env.EVALUATION.getByName(id);
const itemOf = (id: string) => env.EVALUATION_ITEM.getByName(id);

/** Loses an object at once, as a crash does: what is committed stays; then its alarm comes, as it does after a restart. */
async function loseObject(open: () => DurableObjectStub): Promise<void> {
  await runInDurableObject(open(), (_, state) => state.abort("lost")).catch(() => undefined);
  await eventually(async () => {
    // One that has failed stays broken: each call needs a stub of its own.
    await runInDurableObject(open(), (_, { storage }) => {
      const isThere = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'timers'").toArray().length > 0;
      if (isThere) storage.sql.exec("UPDATE timers SET due = 1");
    });
    await runDurableObjectAlarm(open());
  });
}

/** What every evaluation has to be at its end, whatever happened on the way. */
async function expectSound(tenant: Tenant, detail: Detail): Promise<void> {
  const items = await itemsOf(tenant, detail, "?limit=500");
  const recount: Record<string, number> = {};
  for (const { item_status } of items) recount[item_status] = (recount[item_status] ?? 0) + 1;
  const counts = Object.fromEntries(Object.entries(detail.counts).filter(([, count]) => count > 0));
  expect(counts).toEqual(recount);
  for (const { links } of items) {
    if (links.environment === null) continue;
    const environment = await tenant.api(links.environment.replace("/api/v1", ""));
    expect(await environment.json()).toMatchObject({ ended_at: expect.any(String) });
  }
}

describe("an evaluation whose objects are lost", () => {
  test("comes to the same ends, each once, wherever that happens", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 6, concurrency: 3 });
    const items = await itemsOf(tenant, job);
    for (let round = 0; round < 60; round += 1) {
      // Whoever asks in the moment of the loss is told of a failure, and asks again.
      const { status } = await eventually(() => read<Detail>(tenant, job));
      if (status !== "running") break;
      const item = items[round % items.length];
      if (item) await loseObject(() => itemOf(item.id));
      if (round % 3 === 0) await loseObject(() => evaluationOf(job));
    }
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "completed", passed_count: 6 });
    await expectSound(tenant, detail);
    for (const { result_json } of await itemsOf(tenant, job)) expect(result_json.tries).toEqual([]);
  });

  test("sleeps and wakes without a difference", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"] });
    const before = await ended(tenant, job);
    await evictDurableObject(evaluationOf(job));
    expect(await read<Detail>(tenant, job)).toEqual(before);
  });

  test("takes no report twice, none of an earlier try, and none after the end", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"] });
    const before = await ended(tenant, job);
    const [item] = await itemsOf(tenant, job);
    const state: Partial<TryState> = { status: "failed", endReason: "reward_below", reward: 0 };
    for (const tryNumber of [0, 1, 2]) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a late object would say
      const answer = await evaluationOf(job).report(item?.id ?? "", tryNumber, state as TryState);
      expect(answer).toEqual({ isWanted: false });
    }
    expect(await read<Detail>(tenant, job)).toEqual(before);
  });
});

describe("an environment that is lost", () => {
  test("while its agent works is no failure of the agent: the item is tried again", async () => {
    const tenant = await createTenant();
    await publishSolvable(tenant, "write");
    const command = "echo done > /tmp/answer; while [ ! -f /tmp/go ]; do sleep 0.2; done";
    const agent = { inside: true, command, timeout_sec: 60 };
    const job = await evaluate(tenant, { task_names: ["write"], agent, max_retries: 0 });
    const state = async () => (await itemsOf(tenant, job))[0]?.item_status;
    await expect.poll(state, { timeout: 15_000 }).toBe("agent_running");
    const [item] = await itemsOf(tenant, job);
    await tenant.api((item?.links.environment ?? "").replace("/api/v1", ""), { method: "DELETE" });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "failed", error_count: 1, pass_rate: null });
    expect(await itemsOf(tenant, job)).toMatchObject([
      { item_status: "infra_error", end_reason: "sandbox_lost", passed: null },
    ]);
  });

  test("is none that cannot be reached for a moment: its verification goes on", async () => {
    const tenant = await tenantWith("write");
    const agent = { inside: true, command: "sleep 2; echo done > /tmp/answer" };
    const job = await evaluate(tenant, { task_names: ["write"], agent, max_retries: 0 });
    const id = await eventually(async () => {
      const [item] = await itemsOf(tenant, job);
      expect(item?.environment_id).toEqual(expect.any(String));
      return item?.environment_id ?? "";
    });
    const write = await runInDurableObject(env.ENVIRONMENT.getByName(id), (object) =>
      // Calls find methods where the class has them.
      vi.spyOn(Object.getPrototypeOf(object), "writeFile").mockResolvedValueOnce({
        ok: false,
        reason: "file",
        fault: "unavailable",
        message: "The machine of the sandbox cannot be reached now.",
      }),
    );
    expect(await ended(tenant, job)).toMatchObject({ passed_count: 1, error_count: 0 });
    expect(write.mock.calls.length).toBeGreaterThan(1);
    write.mockRestore();
  });

  test("and a version that is deleted is told as such, and not tried again", async () => {
    const tenant = await tenantWith("write", "gone");
    const job = await evaluate(tenant, {
      task_names: ["write", "gone"],
      agent: { inside: true, command: "sleep 1; echo done > /tmp/answer" },
    });
    const deleted = await tenant.api(`/org/${tenant.org}/tasks/gone/1.0.0`, { method: "DELETE" });
    expect(deleted.status).toBeLessThan(300);
    await ended(tenant, job);
    const [, item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({ item_status: "infra_error", end_reason: "archive_gone", retry_count: 0 });
  });

  test("waits for a place where there is none", async () => {
    const tenant = await tenantWith("write");
    const makeRoom = await fillPlaces(tenant);
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 2, concurrency: 2 });
    const status = async () => (await itemsOf(tenant, job)).map(({ item_status }) => item_status);
    await expect.poll(status).toEqual(["claiming", "claiming"]);
    await makeRoom();
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ passed_count: 2, error_count: 0 });
    await expectSound(tenant, detail);
  });
});
