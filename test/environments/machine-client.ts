import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { EnvironmentResponse } from "../../src/environments/environment-schemas.ts";
import { environmentGrant } from "../../src/runner/environment/environment-grant.ts";
import {
  type EnvironmentMessage,
  environmentMessage,
  type MachineMessage,
  WORK_TOKEN_HEADER,
} from "../../src/sandbox/runner-protocol.ts";
import { type RunnerClient, startRunner } from "../pool/runner-client.ts";
import { publishVersion } from "../registry/published.ts";
import { inTime } from "../stream/event-client.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";
import { basePath, connect, provision, publishTask } from "./client.ts";

/** A machine as its environment sees it, which does what the test says. */
export class MachineClient {
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #messages: EnvironmentMessage[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(response: Response) {
    if (!response.webSocket) throw new Error(`No WebSocket: ${response.status}`);
    this.#socket = response.webSocket;
    this.#socket.accept();
    this.#socket.addEventListener("message", ({ data }) => {
      this.#messages.push(environmentMessage.parse(JSON.parse(String(data))));
      this.#arrived.resolve();
    });
    this.closed = new Promise((resolve) => this.#socket.addEventListener("close", ({ code }) => resolve(code)));
  }

  send(message: MachineMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  async next(what = "a message"): Promise<EnvironmentMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      this.#arrived = Promise.withResolvers();
      await inTime(this.#arrived.promise, `${what} of the environment`);
    }
  }

  async take<Type extends EnvironmentMessage["type"]>(
    type: Type,
  ): Promise<Extract<EnvironmentMessage, { type: Type }>> {
    const message = await this.next(type);
    if (message.type !== type) throw new Error(`Expected ${type}: ${JSON.stringify(message)}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared above
    return message as Extract<EnvironmentMessage, { type: Type }>;
  }

  output(id: string, offset: number, text: string): void {
    this.send({ type: "output", id, stream: "stdout", offset, data: btoa(text) });
  }

  end(id: string, exitCode: number, bytes: number): void {
    const produced = { stdout: bytes, stderr: 0 };
    this.send({ type: "ended", id, ending: { status: "exited", exit_code: exitCode, produced } });
  }

  leave(): void {
    this.#socket.close(1000, "done");
  }
}

/** An environment that waits for a machine, and the runner that is asked for one. */
export async function begin(archive?: Uint8Array<ArrayBuffer>) {
  const tenant = await createTenant();
  if (archive) await publishVersion(tenant, "sample", "1.0.0", archive);
  else {
    await publishTask(tenant, {
      yaml: { provision: { script: "provision.sh", timeout: 7 } },
      files: { "provision.sh": "" },
    });
  }
  const runner = await startRunner(tenant, { slots: 2 });
  const environment = await provision(tenant, { sandbox_provider: "runner" });
  return { tenant, runner, environment };
}

/** Takes the work of an environment. */
export async function claim(runner: RunnerClient) {
  const { work_id, kind, details } = await runner.work();
  expect(kind).toBe("environment");
  return { workId: work_id, ...environmentGrant.parse(details) };
}

/** What a machine asks of the environment that it keeps. */
export async function dial(tenant: Tenant, id: string, token: string, what: "connect" | "archive" = "connect") {
  return call(`/api/v1/org/${tenant.org}/runners/environments/${id}/${what}`, {
    headers: {
      Authorization: `Bearer ${await tenant.makeKey(["runner"])}`,
      [WORK_TOKEN_HEADER]: token,
      ...(what === "connect" && { Upgrade: "websocket" }),
    },
  });
}

/** An environment that a machine has set up. */
export async function setUp({ terminals = true } = {}) {
  const { tenant, runner, environment } = await begin();
  const { work_token: token } = await claim(runner);
  const dialAgain = async () => new MachineClient(await dial(tenant, environment.id, token));
  const machine = await dialAgain();
  machine.send({ type: "hello", protocol: 1, state: "new", terminals });
  await machine.take("open");
  machine.send({ type: "ready" });
  const read = async () => (await tenant.api(`${basePath(tenant)}/${environment.id}`)).json<EnvironmentResponse>();
  await expect.poll(async () => (await read()).state).toBe("ready");
  return { ...connect(tenant, environment), tenant, runner, environment, machine, dialAgain, read };
}

/** Ends a machine's connection, and waits until its environment knows. */
export async function breakOff(environmentId: string, machine: MachineClient): Promise<void> {
  machine.leave();
  const stub = env.ENVIRONMENT.getByName(environmentId);
  const open = () =>
    runInDurableObject(stub, (_, state) =>
      state.getWebSockets("machine").some(({ readyState }) => readyState === WebSocket.OPEN),
    );
  await expect.poll(open).toBe(false);
}
