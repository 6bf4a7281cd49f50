import { describe, expect, test } from "vitest";
import { ended, evaluate, itemsOf, tenantWith } from "./client.ts";

describe("an evaluation", () => {
  test("passes what the oracle does, and fails who does nothing", async () => {
    const tenant = await tenantWith("write", "again");
    const job = await evaluate(tenant, { task_names: ["write", "again@1.0.0"], attempts: 2, concurrency: 2 });
    expect(job).toMatchObject({ status: "running", dataset_size: 2, total_samples: 4, iterations: 2, pass_rate: null });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "completed", passed_count: 4, pass_rate: 1, mean_scores: { reward: 1 } });
    expect(detail.analytics.pass_rate).toMatchObject({ value: 1, n: 4 });
    const [item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({
      item_status: "passed",
      passed: true,
      reward: 1,
      end_reason: "reward_reached",
      attempt: 1,
    });

    const nothing = await evaluate(tenant, { task_names: ["write"], agent: "nop" });
    const failed = await ended(tenant, nothing);
    expect(failed).toMatchObject({ status: "completed", failed_count: 1, pass_rate: 0 });
  });
});
