/**
 * `npm run chaos`: an evaluation whose server and runners are killed over and over. Its size is a setting, as in
 * `CHAOS_ITEMS=24 CHAOS_CONCURRENCY=8 CHAOS_SERVER_KILLS=1 npm run chaos`.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pack } from "../../../registry/pack.ts";
import type { Detail, Item, Job } from "../../../evaluations/client.ts";
import { HAS_BUBBLEWRAP } from "../../runner/commands.ts";
import { until } from "../../runner/live.ts";
import { ChaosWorld } from "./chaos-world.ts";
import { FollowedEvents } from "./followed-events.ts";

const setting = (name: string, otherwise: number) => Number(process.env[`CHAOS_${name}`] ?? otherwise);

const ITEMS = setting("ITEMS", 300);
const CONCURRENCY = setting("CONCURRENCY", 20);
const SERVER_KILLS = setting("SERVER_KILLS", 5);
const RUNNERS = 3;
/** Milliseconds between two deaths of runners: half to all of this. */
const RUNNER_PAUSE_MS = setting("RUNNER_PAUSE_MS", 16_000);
const MINUTES = setting("MINUTES", 40);

/** A place for the environment and one for the run of each item. */
const SLOTS = Math.ceil((2 * CONCURRENCY) / RUNNERS) + 4;

const ATTEMPTS = 6;

/** Stands in the command line of what agents and their commands leave running. */
const MARK = `chaos-${randomUUID().slice(0, 8)}`;

/**
 * Asks for the answer in its environment as often as it takes, since the server goes and comes; leaves a process there, and
 * one on its own machine, which in one run of ten ignores SIGTERM: it has five seconds then before it is killed.
 */
const AGENT = `[ $((RANDOM % 10)) = 0 ] && trap "" TERM
(setsid bash -c 'exec -a ${MARK} sleep 900' &)
trap - TERM
curl -sS --fail --retry 40 --retry-all-errors --retry-delay 1 "$TASKYARD_ENVIRONMENT_URL/execute" \\
  -H "Authorization: Bearer $TASKYARD_TOKEN" -H "X-Environment-Token: $TASKYARD_ENVIRONMENT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"command":"bash -c \\"exec -a ${MARK} sleep 900\\" > /dev/null 2>&1 & sleep 0.5; echo done > /tmp/answer"}'
`;

const TASK = pack({
  "task.yaml": JSON.stringify({
    name: "answer",
    version: "1.0.0",
    instruction: "Write done to /tmp/answer.",
    verification: { method: "script", script: "verify.sh", timeout: 60 },
  }),
  "verify.sh": 'echo looking; test "$(cat /tmp/answer)" = done\n',
});

let world: ChaosWorld;
let agentFolder: string;

beforeAll(async () => {
  agentFolder = await mkdtemp(path.join(tmpdir(), "taskyard-chaos-agent-"));
  await chmod(agentFolder, 0o755);
  const agent = path.join(agentFolder, "agent.sh");
  await writeFile(agent, `#!/bin/bash\n${AGENT}`, { mode: 0o755 });
  const isolation = HAS_BUBBLEWRAP ? ["--isolation", "bubblewrap"] : ["--unsandboxed"];
  world = await ChaosWorld.start(RUNNERS, [...isolation, "--slots", String(SLOTS), "--agent", agent]);
}, 240_000);

afterAll(async () => {
  await world.end();
  await rm(agentFolder, { recursive: true, force: true });
}, 60_000);

const marked = () =>
  execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.startsWith(`${MARK} `));

/** Kills a runner every few seconds, each in its turn and some time after it has begun to work, until the evaluation is over. */
async function killRunners(events: FollowedEvents): Promise<number> {
  let kills = 0;
  for (; !events.isOver; kills += 1) {
    await sleep(RUNNER_PAUSE_MS * (0.5 + Math.random() / 2));
    await until(async () => events.isOver || world.isAtWork(kills % RUNNERS), Boolean, 120);
    if (events.isOver) return kills;
    await world.killRunner(kills % RUNNERS);
  }
  return kills;
}

/** Kills the server after random shares of all ends. */
async function killServer(events: FollowedEvents): Promise<void> {
  for (let kill = 0; kill < SERVER_KILLS; kill += 1) {
    const share = (kill + 0.1 + Math.random() * 0.8) / SERVER_KILLS;
    while (events.ended < share * ITEMS * 0.9 && !events.isOver) await sleep(50);
    expect(events.isOver, "The evaluation was over before the server was killed.").toBe(false);
    await world.killServer();
  }
}

async function readItems(evaluation: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let page = 1; ; page += 1) {
    const found = await world.read<{ items: Item[]; has_more: boolean }>(`${evaluation}/items?limit=100&page=${page}`);
    items.push(...found.items);
    if (found.items.length < 100) return items;
  }
}

const ACTIVE = ["claiming", "provisioning", "agent_running", "agent_finished", "verifying"];
const ENDS = ["passed", "failed", "timed_out", "cancelled", "infra_error"];

/** Every try goes forwards and ends once at most, and every item ends for good once. */
function expectOnceEach({ ids, told }: FollowedEvents): void {
  expect(ids).toEqual([...new Set(ids)].toSorted());
  const seen = new Map<string, number>();
  const last = new Map<number, string>();
  for (const { item, counts } of told) {
    expect(ACTIVE.reduce((sum, status) => sum + (counts[status] ?? 0), 0)).toBeLessThanOrEqual(CONCURRENCY);
    if (!item) continue;
    last.set(item.position, item.item_status);
    if (item.item_status === "queued") continue;
    const rank = ENDS.includes(item.item_status) ? ACTIVE.length : ACTIVE.indexOf(item.item_status);
    const name = `${item.position} ${item.try}`;
    expect(rank, `${name}: ${item.item_status}`).toBeGreaterThan(seen.get(name) ?? -1);
    seen.set(name, rank);
  }
  expect(last.size).toBe(ITEMS);
  for (const status of last.values()) expect(ENDS).toContain(status);
  expect(told.filter(({ type }) => type === "evaluation-end")).toHaveLength(1);
}

/** Neither the environment nor the run of any try goes on. */
async function expectNothingLeft(workspace: string, items: readonly Item[]): Promise<void> {
  const live = await world.read<{ total: number }>(`${workspace}/environments?state=running`);
  expect(live.total).toBe(0);
  for (const { links, result_json } of items) {
    const [runs] = [links.run?.replace(/[^/]+$/, "") ?? ""];
    const states = [links.run, ...result_json.tries.map(({ run_id }) => run_id && runs + run_id)];
    for (const run of states) {
      if (!run) continue;
      const { status } = await world.read<{ status: string }>(`${run}/`);
      expect(["completed", "failed", "cancelled"], run).toContain(status);
    }
    const environments = [
      links.environment?.split("/").at(-1),
      ...result_json.tries.map((state) => state.environment_id),
    ];
    for (const id of environments) {
      if (!id) continue;
      const { ended_at } = await world.read<{ ended_at: string | null }>(`${workspace}/environments/${id}`);
      expect(ended_at, id).not.toBeNull();
    }
  }
  const pool = `/api/v1/org/${world.connection.org}/runners`;
  const busy = async () => {
    const { runners, queued } = await world.read<{ runners: { busy: number }[]; queued: number }>(pool);
    return runners.reduce((sum, runner) => sum + runner.busy, queued);
  };
  await until(busy, (count) => count === 0, 60);
  await until(
    async () => marked(),
    (lines) => lines.length === 0,
    30,
  );
}

it(
  `comes to ${ITEMS} ends, each once, though runners and the server are killed all the time`,
  async () => {
    const { org, workspace } = world.connection;
    const base = `/api/v1/org/${org}/ws/${workspace}`;
    await world.send("PUT", `/api/v1/org/${org}/tasks/answer/versions/1.0.0`, TASK);
    const wanted = {
      name: "chaos",
      model: "none",
      dataset: Array.from({ length: ITEMS / ATTEMPTS }, () => ({ task_name: "answer" })),
      attempts: ATTEMPTS,
      concurrency: CONCURRENCY,
      max_retries: 10,
      agent: { timeout_sec: 300 },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked by what follows
    const job = (await (await world.send("POST", `${base}/evaluation`, wanted)).json()) as Job;
    const evaluation = `${base}/evaluation/${job.id}`;
    const events = new FollowedEvents(world, `${evaluation}/events`);
    const began = Date.now();
    const watchdog = setTimeout(
      () => {
        process.stderr.write(`${JSON.stringify(events.told.at(-1)?.counts)}\n${world.said()}\n`);
      },
      MINUTES * 60_000 - 20_000,
    );
    const [, kills] = await Promise.all([events.follow(), killRunners(events), killServer(events)]);
    clearTimeout(watchdog);
    const detail = await world.read<Detail>(evaluation);
    const items = await readItems(evaluation);
    const tries = items.reduce((sum, { result_json }) => sum + result_json.tries.length, 0);
    process.stderr.write(
      `${items.length} items in ${Math.round((Date.now() - began) / 1000)} s, ${SERVER_KILLS} deaths of the server, ${kills} of runners, ${tries} tries lost\n`,
    );
    expect(items.map(({ position }) => position)).toEqual(Array.from({ length: ITEMS }, (_, index) => index));
    const recount: Record<string, number> = {};
    for (const { item_status } of items) recount[item_status] = (recount[item_status] ?? 0) + 1;
    expect(Object.fromEntries(Object.entries(detail.counts).filter(([, count]) => count > 0))).toEqual(recount);
    // What was killed around it is no failure of the agent.
    expect(recount, JSON.stringify(items.filter(({ passed }) => !passed))).toEqual({ passed: ITEMS });
    expect(detail).toMatchObject({ status: "completed", pass_rate: 1, total_samples: ITEMS });
    expectOnceEach(events);
    const again = new FollowedEvents(world, `${evaluation}/events`);
    await again.follow();
    expect(again.ids).toEqual(events.ids);
    await expectNothingLeft(base, items);
    expect((await world.stopRunners()).flat()).toEqual([]);
  },
  MINUTES * 60_000,
);
