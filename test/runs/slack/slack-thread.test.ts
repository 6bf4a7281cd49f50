import { describe, expect, test } from "vitest";
import { expectNotFound, expectRefused, read } from "../../tasks/client.ts";
import { createRunSession } from "../log/session.ts";

const THREAD = { channel: "C0123456789", thread_ts: "1793525400.000200" };
const OTHER = { channel: "C9876543210", thread_ts: "1793525401.000300" };

describe.each(["taskPath", "runPath"] as const)("slack_thread below %s", (place) => {
  test("is put, read, replaced and removed", async () => {
    const session = await createRunSession();
    const path = `${session[place]}/slack_thread/`;
    await expectNotFound(session.send(path));
    expect(await read<object>(session.send(path, { method: "PUT", json: THREAD }))).toEqual(THREAD);
    expect(await read<object>(session.send(path))).toEqual(THREAD);
    expect(await read<object>(session.send(path, { method: "PUT", json: OTHER }))).toEqual(OTHER);
    expect(await read<object>(session.send(path))).toEqual(OTHER);
    expect((await session.send(path, { method: "DELETE" })).status).toBe(204);
    await expectNotFound(session.send(path));
    await expectNotFound(session.send(path, { method: "DELETE" }));
  });

  test("is one's own", async () => {
    const [session, stranger] = [await createRunSession(), await createRunSession()];
    const path = `${session[place]}/slack_thread`;
    await read(session.send(path, { method: "PUT", json: THREAD }));
    await expectNotFound(stranger.send(path));
    await expectNotFound(stranger.send(path, { method: "PUT", json: OTHER }));
    await expectNotFound(stranger.send(path, { method: "DELETE" }));
    expect(await read<object>(session.send(path))).toEqual(THREAD);
  });

  test("needs a key that may write to change", async () => {
    const session = await createRunSession();
    const path = `${session[place]}/slack_thread`;
    const key = await session.makeKey(["task:read"]);
    expect((await session.send(path, { method: "PUT", json: THREAD, key })).status).toBe(403);
    expect((await session.send(path, { method: "DELETE", key })).status).toBe(403);
    await expectNotFound(session.send(path, { key }));
  });

  test.each<[string, object, string, string]>([
    ["no channel", { channel: undefined }, "required", "channel"],
    ["a blank channel", { channel: " " }, "blank", "channel"],
    ["no ts", { thread_ts: undefined }, "required", "thread_ts"],
    ["a ts that is a date", { thread_ts: "2026-11-01" }, "invalid_input", "thread_ts"],
    ["a ts that lost its decimals as a number", { thread_ts: 1_793_525_400.5 }, "invalid_input", "thread_ts"],
  ])("is refused with %s", async (_what, change, code, attr) => {
    const session = await createRunSession();
    const json = { ...THREAD, ...change };
    await expectRefused(session.send(`${session[place]}/slack_thread`, { method: "PUT", json }), code, attr);
  });
});

test("a run's own thread and its task's are two", async () => {
  const session = await createRunSession();
  await read(session.send(`${session.taskPath}/slack_thread`, { method: "PUT", json: THREAD }));
  await expectNotFound(session.send(`${session.runPath}/slack_thread`));
  await read(session.send(`${session.runPath}/slack_thread`, { method: "PUT", json: OTHER }));
  expect(await read<object>(session.send(`${session.taskPath}/slack_thread`))).toEqual(THREAD);
});

test("a task that is not there has none", async () => {
  const session = await createRunSession();
  for (const id of [crypto.randomUUID(), "nonsense"]) {
    await expectNotFound(session.send(`/${id}/slack_thread`, { method: "PUT", json: THREAD }));
  }
  await session.send(`${session.taskPath}/`, { method: "DELETE" });
  await expectNotFound(session.send(`${session.taskPath}/slack_thread`, { method: "PUT", json: THREAD }));
});
