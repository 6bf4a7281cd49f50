import type { Quantiles, Summary, UsageSum } from "./analytics-schema.ts";
import { passRateOf, type Passes } from "./intervals.ts";
import { emptyCounts, isCounted, type ItemResult, type ItemUsage } from "./item-result.ts";
import { Mean } from "./mean.ts";
import { durationQuantiles } from "./quantile.ts";

/** Costs are rounded to this part of a dollar, so that sums of decimal prices read as decimals. */
const COST_PARTS = 1e9;

/** What is known of some items that came one after the other: all of an evaluation, or those of a task. */
export class ItemGroup {
  readonly #counts = emptyCounts();
  readonly #durations = { provisionMs: [] as number[], agentMs: [] as number[], verifyMs: [] as number[] };
  readonly #usage = {
    inputTokens: { sum: 0, known: 0 },
    outputTokens: { sum: 0, known: 0 },
    cachedTokens: { sum: 0, known: 0 },
    costUsd: { sum: 0, known: 0 },
  };
  /** Items whose agent ran, as a duration or a usage proves. */
  #ran = 0;
  readonly passes: Passes = { passed: 0, n: 0 };
  readonly rewards = new Mean();

  add(item: ItemResult): void {
    this.#counts[item.status]++;
    if (isCounted(item.status)) {
      this.passes.n++;
      if (item.status === "passed") this.passes.passed++;
      if (item.reward !== null) this.rewards.add(item.reward);
    }
    for (const key of ["provisionMs", "agentMs", "verifyMs"] as const) {
      const duration = item[key];
      if (duration !== null) this.#durations[key].push(duration);
    }
    if (item.agentMs !== null || item.usage !== null) this.#ran++;
    for (const key of ["inputTokens", "outputTokens", "cachedTokens", "costUsd"] as const) this.#use(key, item.usage);
  }

  #use(key: keyof ItemUsage, usage: ItemUsage | null): void {
    const value = usage?.[key] ?? null;
    if (value === null) return;
    this.#usage[key].sum += value;
    this.#usage[key].known++;
  }

  /** All but what needs the tasks told apart. */
  numbers(): Pick<Summary, "counts" | "pass_rate" | "durations" | "usage"> {
    return {
      counts: { ...this.#counts },
      pass_rate: passRateOf(this.passes.passed, this.passes.n),
      durations: this.#quantiles(),
      usage: {
        input_tokens: this.#sum("inputTokens", 1),
        output_tokens: this.#sum("outputTokens", 1),
        cached_tokens: this.#sum("cachedTokens", 1),
        cost_usd: this.#sum("costUsd", COST_PARTS),
      },
    };
  }

  #quantiles(): Record<"provision_ms" | "agent_ms" | "verify_ms", Quantiles> {
    return {
      provision_ms: durationQuantiles(this.#durations.provisionMs),
      agent_ms: durationQuantiles(this.#durations.agentMs),
      verify_ms: durationQuantiles(this.#durations.verifyMs),
    };
  }

  #sum(key: keyof ItemUsage, parts: number): UsageSum {
    const { sum, known } = this.#usage[key];
    return { sum: known === 0 ? null : Math.round(sum * parts) / parts, known, n: this.#ran };
  }
}
