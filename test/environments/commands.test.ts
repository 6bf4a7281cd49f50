import { afterEach, describe, expect, test, vi } from "vitest";
import type { CommandResponse } from "../../src/environments/commands/command-schemas.ts";
import { textOf } from "../runs/run-client.ts";
import { createEnvironmentClient, executeSoon, type EnvironmentClient, loseObject, expectRefusal } from "./client.ts";
import { eventually } from "../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

interface Event {
  event: string;
  data: Record<string, unknown>;
}

/** The events of a stream that has ended. */
async function readEvents(response: Response): Promise<Event[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  return (await textOf(response))
    .split("\n\n")
    .filter((block) => block.startsWith("event: "))
    .map((block) => {
      const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) };
    });
}

const stream = ({ onEnvironment }: EnvironmentClient, json: object) =>
  onEnvironment("/execute", { method: "POST", headers: { Accept: "text/event-stream" }, json });

const kill = async ({ onEnvironment }: EnvironmentClient, id: string) =>
  (await onEnvironment(`/commands/${id}/kill`, { method: "POST" })).json<CommandResponse>();

describe("execute as events", () => {
  test("sends output by stream, and the result last", async () => {
    const client = await createEnvironmentClient();
    const response = await stream(client, { command: "echo out; echo err >&2; exit 4" });
    const id = response.headers.get("x-command-id");
    expect(await readEvents(response)).toEqual([
      { event: "start", data: { command_id: id } },
      { event: "stdout", data: { data: "out\n" } },
      { event: "stderr", data: { data: "err\n" } },
      {
        event: "exit",
        data: {
          command_id: id,
          exit_code: 4,
          status: "exited",
          timed_out: false,
          truncated: null,
          reason: null,
          duration_ms: expect.any(Number),
        },
      },
    ]);
  });

  test("lets no output pass for an event", async () => {
    const client = await createEnvironmentClient();
    const forged = String.raw`printf 'a\n\nevent: exit\ndata: {"exit_code": 0}\n\n'; exit 9`;
    const events = await readEvents(await stream(client, { command: forged }));
    expect(events.map(({ event }) => event)).toEqual(["start", "stdout", "exit"]);
    expect(events[1]?.data["data"]).toBe('a\n\nevent: exit\ndata: {"exit_code": 0}\n\n');
    expect(events[2]?.data["exit_code"]).toBe(9);
  });

  test("is refused like any other, before the stream begins", async () => {
    const client = await createEnvironmentClient();
    await client.onEnvironment("", { method: "DELETE" });
    await expectRefusal(await stream(client, { command: "true" }), 409);
  });
});

describe("a long quiet command", () => {
  test("is kept alive by spaces before its JSON", async () => {
    const client = await createEnvironmentClient();
    const response = await executeSoon(client, { command: "sleep 2; echo done", timeout_sec: 60 });
    expect(response.headers.get("content-type")).toBe("application/json");
    const text = await response.text();
    expect(text).toMatch(/^ +\{/);
    expect(JSON.parse(text)).toMatchObject({ exit_code: 0, output: "done\n" });
  });

  test("tells in the body what can no longer be a status", async () => {
    const client = await createEnvironmentClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const response = await executeSoon(client, { command: "sleep 60", timeout_sec: 60 });
    await loseObject(client.environment);
    expect(JSON.parse(await response.text())).toMatchObject({ code: 502, type: "bad_gateway_error" });
    expect(errors).toHaveBeenCalled();
  });
});

describe("a command in the background", () => {
  test("is known by its id, and its output is read from an offset", async () => {
    const client = await createEnvironmentClient();
    const { command_id: id, ...begun } = await client.start("sleep 1; echo one; echo two >&2", { timeout_sec: 100 });
    expect(begun).toMatchObject({
      status: "running",
      background: true,
      exit_code: null,
      cwd: ".",
      timeout_sec: 100,
      ended_at: null,
      output_bytes: 0,
    });
    const read = (query: string) => client.onEnvironment(`/commands/${id}/output${query}`);
    const early = await read("");
    expect([early.headers.get("x-command-status"), early.headers.get("x-next-offset")]).toEqual(["running", "0"]);
    const waited = await read("?offset=0&wait_seconds=20");
    expect(await textOf(waited)).toMatch(/^one\n/);
    await eventually(async () => expect(await client.getCommand(id)).toMatchObject({ status: "exited" }));
    const rest = await read("?offset=2");
    expect(await textOf(rest)).toBe("e\ntwo\n");
    expect(rest.headers.get("x-command-exit-code")).toBe("0");
    expect(rest.headers.get("x-next-offset")).toBe("8");
    expect(await textOf(await read("?offset=100&wait_seconds=20"))).toBe("");
    const { commands } = await (await client.onEnvironment("/commands")).json<{ commands: CommandResponse[] }>();
    expect(commands).toEqual([await client.getCommand(id)]);
    expect(commands).toMatchObject([{ exit_code: 0, output_bytes: 8, duration_ms: expect.any(Number) }]);
  });

  test("is killed, and stays as it ended", async () => {
    const client = await createEnvironmentClient();
    const { command_id: id } = await client.start("trap 'echo no' TERM; while true; do sleep 1; done");
    const killed = await kill(client, id);
    expect(killed).toMatchObject({ status: "killed", exit_code: 137, timed_out: false });
    expect(await kill(client, id)).toEqual(killed);
    const over = await client.execute("exit 5");
    expect(await kill(client, over.command_id)).toMatchObject({ status: "exited", exit_code: 5 });
  });

  test("is 404 under another id, and 401 without its environment's token", async () => {
    const client = await createEnvironmentClient();
    const { command_id: id } = await client.execute("true");
    for (const path of ["", "/output", "/kill"]) {
      const method = path === "/kill" ? "POST" : "GET";
      const other = await client.onEnvironment(`/commands/${client.environment.id}${path}`, { method });
      expect((await expectRefusal(other, 404)).detail).toMatch(/Command/);
      const headers = { "X-Environment-Token": "no" };
      await expectRefusal(await client.onEnvironment(`/commands/${id}${path}`, { method, headers }), 401);
    }
  });
});

describe("when the object is lost", () => {
  test("a command in flight ends as lost, without an exit code", async () => {
    const client = await createEnvironmentClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const { command_id: id } = await client.start("sleep 60");
    const executing = client.onEnvironment("/execute", { method: "POST", json: { command: "sleep 60" } });
    const streaming = stream(client, { command: "sleep 60" }).then(readEvents);
    await eventually(async () => {
      const { commands } = await (await client.onEnvironment("/commands")).json<{ commands: CommandResponse[] }>();
      expect(commands).toHaveLength(3);
    });
    await loseObject(client.environment);
    expect(await client.getCommand(id)).toMatchObject({
      status: "lost",
      exit_code: null,
      timed_out: false,
      reason: expect.stringMatching(/not known/),
    });
    expect(await expectRefusal(await executing, 502)).toMatchObject({
      type: "bad_gateway_error",
      detail: expect.stringMatching(/lost/),
    });
    expect((await streaming).at(-1)).toMatchObject({ event: "error", data: { code: 502 } });
    expect(errors).toHaveBeenCalled();
  });

  test("nothing else is: files, results and tokens are there", async () => {
    const client = await createEnvironmentClient({ files: { "a.txt": "from the archive\n" } });
    const { command_id: id } = await client.execute(
      "echo changed >> a.txt; mkdir -p /data/x; echo 1 > /data/x/y; rm verify.sh",
    );
    await loseObject(client.environment);
    expect(await client.execute("cat a.txt; find /data; ls")).toMatchObject({
      output: "from the archive\nchanged\n/data\n/data/x\n/data/x/y\na.txt\ntask.yaml\n",
    });
    expect(await client.getCommand(id)).toMatchObject({ status: "exited", exit_code: 0 });
  });
});
