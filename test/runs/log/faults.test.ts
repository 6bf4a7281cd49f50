import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { call } from "../../tenant.ts";
import { connectAgent } from "../agent/agent-client.ts";
import { finish, followersOf } from "../live/followers.ts";
import { createRunClient, hibernate, loseObject, objectOf, read, type RunClient } from "../run-client.ts";
import { eventually } from "../../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The JSON of entries with these numbers. */
const texts = (...numbers: number[]) => numbers.map((n) => `{"n":${n}}`);
const withoutStates = (seen: readonly string[]) => seen.filter((text) => !text.includes("task_run_state"));

/** Makes the object find nothing durable any more, as it is when it is lost after a commit and before what follows. */
const stopFanOut = ({ runId }: RunClient) =>
  runInDurableObject(objectOf(runId), (_, { storage }) => {
    vi.spyOn(storage, "sync").mockReturnValue(new Promise(() => undefined));
  });

describe("an object that is lost", () => {
  test("with its memory corrupted on purpose is put together from what was committed", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    const run = await client.patch({ status: "in_progress", state: { a: 1 }, output: { b: 2 } });
    const { id: projectNumber } = await read<{ id: number }>(client.send("/api/projects/@current/"));
    const scope = { organizationId: client.id, projectNumber, taskId: client.taskId };
    await runInDurableObject(objectOf(client.runId), (object) => {
      const known = object.read(scope);
      if (!known.ok) throw new Error("There is no run.");
      Object.assign(known.run, { status: "failed", state: {}, output: null, updatedAt: known.run.updatedAt * 2 });
    });
    expect(await client.readRun()).toMatchObject({ status: "failed", state: {}, output: null });
    await hibernate(client.runId);
    expect({ ...(await client.readRun()), log_url: "" }).toEqual({ ...run, log_url: "" });
    const [stream] = followersOf(client);
    await stream?.step();
    await stream?.step();
    expect(JSON.parse(stream?.seen[1] ?? "")).toMatchObject({ status: "in_progress", output: { b: 2 } });
    agent.say({ type: "events", seq: 1, events: [{ n: 1 }] });
    await agent.next("state");
    expect(await agent.next("accepted")).toMatchObject({ last_accepted_seq: 1 });
  });

  test("between commit and fan-out gives the readers that come again what was committed, once", async () => {
    const client = await createRunClient();
    const followers = followersOf(client);
    await client.append({ n: 1 });
    for (const follower of followers) while (follower.seen.length < 2) await follower.step();
    await stopFanOut(client);
    await client.append({ n: 2 });
    await loseObject(client.runId);
    for (const follower of followers) follower.drop();
    await client.append({ n: 3 });
    await client.patch({ status: "completed" });
    for (const seen of await Promise.all(followers.map(finish))) expect(withoutStates(seen)).toEqual(texts(1, 2, 3));
  });

  test("between commit and the answer to its agent has each event once when it is sent again", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    await stopFanOut(client);
    agent.say({ type: "events", seq: 1, events: [{ n: 1 }, { n: 2 }] });
    const state = () =>
      runInDurableObject(objectOf(client.runId), (_, { storage }) =>
        storage.sql.exec("SELECT last FROM numbered_sources").toArray(),
      );
    await eventually(async () => expect(await state()).toEqual([{ last: 2 }]));
    agent.sayText("ping");
    expect(await agent.text()).toBe("pong");
    await loseObject(client.runId);
    const again = await connectAgent(client);
    expect((await again.greeted()).ready).toMatchObject({ last_accepted_seq: 2 });
    again.say({ type: "events", seq: 1, events: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    expect(await again.next("accepted")).toMatchObject({ accepted: 1, duplicate: 2, last_accepted_seq: 3 });
    again.say({ type: "complete", final_seq: 3 });
    await client.patch({ status: "completed" });
    for (const follower of followersOf(client)) expect(withoutStates(await finish(follower))).toEqual(texts(1, 2, 3));
  });

  test("during catch-up goes on where each reader was, however often", async () => {
    const client = await createRunClient();
    const text = "x".repeat(10_000);
    const entries = Array.from({ length: 300 }, (_, n) => ({ n, text }));
    for (let start = 0; start < 300; start += 50) await client.append(...entries.slice(start, start + 50));
    await client.patch({ status: "completed" });
    const followers = followersOf(client);
    for (let time = 0; time < 4; time += 1) {
      for (const follower of followers) for (let taken = 0; taken < 2; taken += 1) await follower.step();
      await loseObject(client.runId);
      for (const follower of followers) follower.drop();
    }
    const expected = entries.map((entry) => JSON.stringify(entry));
    for (const seen of await Promise.all(followers.map(finish))) expect(withoutStates(seen)).toEqual(expected);
  });
});

describe("an object that slept", () => {
  test("before it could send what was committed sends it when it wakes", async () => {
    const client = await createRunClient();
    const followers = followersOf(client).slice(1, 2);
    for (const follower of followers) await follower.step();
    await runInDurableObject(objectOf(client.runId), (_, state) => {
      for (const socket of state.getWebSockets()) {
        vi.spyOn(socket, "send").mockImplementation(() => {
          throw new Error("not now");
        });
      }
    });
    await client.append({ n: 1 });
    await hibernate(client.runId);
    await client.append({ n: 2 });
    await client.patch({ status: "completed" });
    for (const follower of followers) expect(withoutStates(await finish(follower))).toEqual(texts(1, 2));
  });
});

describe("a run's end that races what is written", () => {
  test("ends no reader before it, and what comes after it is there for who reads later", async () => {
    const client = await createRunClient();
    const followers = followersOf(client);
    for (const follower of followers) await follower.step();
    const finished = Promise.all(followers.map(finish));
    const appended = Array.from({ length: 30 }, (_, n) => client.append({ n }));
    await Promise.all([...appended.slice(0, 15), client.patch({ status: "completed" }), ...appended.slice(15)]);
    const ended = await finished;
    for (const follower of followersOf(client)) {
      const everything = await finish(follower);
      expect(withoutStates(everything).sort()).toEqual(texts(...appended.keys()).sort());
      for (const seen of ended) {
        expect(seen.filter((text) => text.includes('"status":"completed"'))).toHaveLength(1);
        expect(seen).toEqual(everything.slice(0, seen.length));
      }
    }
  });
});

describe("an entry that comes after the end", () => {
  test("while nobody reads is there for who reads later, by each way", async () => {
    const client = await createRunClient();
    await client.append({ n: 1 });
    await client.patch({ status: "completed" });
    for (const follower of followersOf(client)) expect(withoutStates(await finish(follower))).toEqual(texts(1));
    for (const [index] of followersOf(client).entries()) {
      await client.append({ n: index + 2 });
      const late = followersOf(client)[index];
      expect(late && withoutStates(await finish(late))).toHaveLength(index + 2);
    }
  });
});

describe("an alarm", () => {
  test("that fires twice at once does its work once", async () => {
    const client = await createRunClient();
    const body = '{"seq":1,"event":{}}';
    const path = `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/event_stream`;
    await read(call(path, { method: "POST", headers: { Authorization: `Bearer ${client.adminKey}` }, body }));
    await client.patch({ status: "completed" });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await runInDurableObject(objectOf(client.runId), async (run, { storage }) => {
      await Promise.all([run.alarm(), run.alarm()]);
      expect(storage.sql.exec("SELECT seq FROM journal_end").toArray()).toEqual([{ seq: 3 }]);
    });
    for (const follower of followersOf(client)) expect(await finish(follower)).toHaveLength(3);
  });
});
