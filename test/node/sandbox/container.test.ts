import { createHash } from "node:crypto";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ContainerCommand } from "../../../src/sandbox/container/container-command.ts";
import { ContainerFiles } from "../../../src/sandbox/container/container-files.ts";
import type { ContainerMachine } from "../../../src/sandbox/container/container-machine.ts";
import { ContainerSandbox } from "../../../src/sandbox/container/container-sandbox.ts";
import type { OutputStream, SandboxCommand, SandboxHost, SandboxPlace } from "../../../src/sandbox/port.ts";
import { NO_SECRETS } from "../../../src/sandbox/secret-mask.ts";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { zipSync } from "fflate";

/** A reader that is gone does not matter to who writes. */
const quiet = (sending: Promise<void>) => void sending.catch(() => undefined);

/** Whether this machine has what an image for environments has; says so where it has not. */
const IS_LIKE_AN_IMAGE = (() => {
  try {
    execFileSync("bash", ["-c", "timeout --version && unzip -v && find --version | grep GNU"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("GNU coreutils, GNU find or unzip is missing: the tests of containers are left out.\n");
    return false;
  }
})();

interface Options {
  env?: Record<string, string>;
  cwd?: string;
}

/**
 * A machine with the interface of @cloudflare/sandbox and this one's shell behind it: /task and the notes are folders of
 * the test. What cannot be had here is the container and the protocol to it.
 */
class LocalMachine implements ContainerMachine {
  readonly root: string;
  destroyed = false;
  /** Cuts streams off after their first output, as a broken connection does. */
  cutsStreams = false;

  constructor(root: string) {
    this.root = root;
  }

  here(text: string): string {
    return text.replaceAll(/\/task\b/g, `${this.root}/task`).replaceAll("/tmp/.taskyard", `${this.root}/notes`);
  }

  async exec(command: string, options: Options = {}) {
    const child = this.#run(command, options);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { exitCode: Number(code), stdout, stderr };
  }

  async execStream(command: string, options: Options = {}) {
    const child = this.#run(command, options);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const send = (event: object) => writer.write(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
    for (const type of ["stdout", "stderr"] as const) {
      child[type].on("data", (data: Buffer) => {
        quiet(send({ type, data: data.toString() }));
        if (this.cutsStreams) quiet(writer.close());
      });
    }
    child.on("close", (exitCode) => {
      quiet(send({ type: "complete", exitCode }).then(() => writer.close()));
    });
    return readable;
  }

  #run(command: string, { env = {}, cwd = "/" }: Options) {
    const options = { env: { PATH: process.env["PATH"] ?? "", ...env }, cwd };
    return spawn("bash", ["-c", this.here(command)], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  }

  async writeFile(file: string, content: string | ReadableStream<Uint8Array>) {
    await writeFile(this.here(file), typeof content === "string" ? content : await new Response(content).bytes());
  }

  async readFile(file: string) {
    const { size } = await stat(this.here(file));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own type of the same stream
    const content = Readable.toWeb(createReadStream(this.here(file))) as unknown as ReadableStream<Uint8Array>;
    return { content, size };
  }

  async setKeepAlive() {}

  async destroy() {
    this.destroyed = true;
  }
}

let machine: LocalMachine;

beforeEach(async () => {
  machine = new LocalMachine(await mkdtemp(path.join(tmpdir(), "taskyard-container-")));
  await mkdir(`${machine.root}/task`);
});

afterEach(async () => {
  await rm(machine.root, { recursive: true });
});

/** A host that keeps what it is told. */
function makeHost() {
  const told = { stdout: "", stderr: "", log: "", ready: false, failed: "" };
  const host: SandboxHost = {
    building: async () => undefined,
    ready: async () => void (told.ready = true),
    failed: async (reason) => void (told.failed = reason),
    output: (_, stream: OutputStream, offset, bytes) => {
      expect(offset).toBe(told[stream].length);
      told[stream] += new TextDecoder().decode(bytes);
      return offset + bytes.byteLength;
    },
    ended: async () => undefined,
    stored: () => undefined,
    inputTaken: () => undefined,
    running: () => [],
    log: (line) => void (told.log += `${line}\n`),
    wakeAt: async () => undefined,
  };
  return { host, told };
}

const command = (line: string, fields: Partial<SandboxCommand> = {}): SandboxCommand => ({
  id: crypto.randomUUID(),
  command: line,
  cwd: "/task",
  env: {},
  stdin: new Uint8Array(0),
  keepsInput: false,
  tty: null,
  separateOutput: true,
  limits: { seconds: 10, outputBytes: 100 },
  ...fields,
});

describe.skipIf(!IS_LIKE_AN_IMAGE)("a command in a container", () => {
  test("has its exit code, its streams, its folder, variables and input", async () => {
    const { host, told } = makeHost();
    await mkdir(`${machine.root}/task/it's here`);
    const asked = command('pwd; echo "$A"; cat; echo bad >&2; exit 3', {
      cwd: "it's here",
      env: { A: "$x 'y'" },
      stdin: new TextEncoder().encode("given\n"),
    });
    const ending = await new ContainerCommand(machine, asked, host).run();
    expect(told.stdout).toBe(`${machine.root}/task/it's here\n$x 'y'\ngiven\n`);
    expect(told.stderr).toBe("bad\n");
    expect(ending).toEqual({
      status: "exited",
      exitCode: 3,
      produced: { stdout: told.stdout.length, stderr: 4 },
    });
  });

  test("gives both outputs as one, in the order in which they were written, where they are not told apart", async () => {
    const { host, told } = makeHost();
    const asked = command("for i in 1 2 3; do echo out$i; echo err$i >&2; done", { separateOutput: false });
    await new ContainerCommand(machine, asked, host).run();
    expect([told.stdout, told.stderr]).toEqual(["out1\nerr1\nout2\nerr2\nout3\nerr3\n", ""]);
  });

  test("is ended with all that it has started when its time is up, though it ignores SIGTERM", async () => {
    const { host } = makeHost();
    const asked = command("trap '' TERM; sleep 60 & wait; sleep 60", { limits: { seconds: 1, outputBytes: 10 } });
    expect(await new ContainerCommand(machine, asked, host).run()).toMatchObject({ status: "timed_out" });
  }, 20_000);

  test("that exits with 124 has not run out of time", async () => {
    const { host } = makeHost();
    const ending = await new ContainerCommand(machine, command("exit 124"), host).run();
    expect(ending).toMatchObject({ status: "exited", exitCode: 124 });
  });

  test("is killed", async () => {
    const { host, told } = makeHost();
    const running = new ContainerCommand(machine, command("echo begun; sleep 60"), host);
    const ending = running.run();
    await expect.poll(() => told.stdout).toBe("begun\n");
    await running.kill();
    expect(await ending).toEqual({ status: "killed", produced: { stdout: 6, stderr: 0 } });
  });

  test("is killed at once, though it has not begun", async () => {
    const { host } = makeHost();
    const begun = Date.now();
    const running = new ContainerCommand(
      machine,
      command("sleep 30", { limits: { seconds: 30, outputBytes: 9 } }),
      host,
    );
    const ending = running.run();
    await running.kill();
    expect(await ending).toMatchObject({ status: "killed" });
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  test("ends with all that it has left running", async () => {
    const { host, told } = makeHost();
    const begun = Date.now();
    const asked = command("sleep 30 & echo done", { limits: { seconds: 30, outputBytes: 9 } });
    expect(await new ContainerCommand(machine, asked, host).run()).toMatchObject({ status: "exited", exitCode: 0 });
    expect(told.stdout).toBe("done\n");
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  test("writes as much as is kept, and is counted beyond", async () => {
    const { host, told } = makeHost();
    const ending = await new ContainerCommand(machine, command("head -c 100000 /dev/zero | tr '\\0' x"), host).run();
    expect(told.stdout.length).toBe(100);
    expect(ending).toMatchObject({ status: "exited", produced: { stdout: 100_000, stderr: 0 } });
  });

  test("whose stream breaks is lost, whatever the stream says", async () => {
    const { host } = makeHost();
    machine.cutsStreams = true;
    const ending = await new ContainerCommand(machine, command("echo begun; sleep 2"), host).run();
    expect(ending).toMatchObject({ status: "lost", reason: expect.any(String) });
  });

  test("in a folder that is not there fails with what the shell says", async () => {
    const { host, told } = makeHost();
    const ending = await new ContainerCommand(machine, command("true", { cwd: "none" }), host).run();
    expect(ending).toMatchObject({ status: "exited", exitCode: 1 });
    expect(told.stderr).toMatch(/none/);
  });
});

const files = () => new ContainerFiles(machine);
const bytesOf = (content: string) => new Blob([content]).stream();

describe.skipIf(!IS_LIKE_AN_IMAGE)("the files of a container", () => {
  test("are written, read by range, listed and removed", async () => {
    expect(await files().write(`${machine.root}/a/b c`, bytesOf("0123456789"))).toMatchObject({
      type: "file",
      size: 10,
    });
    const part = await files().read(`${machine.root}/a/b c`, { offset: 3, length: 4 });
    expect(await new Response(part).text()).toBe("3456");
    const { entries, more } = await files().list(`${machine.root}/a`, 1, 10);
    expect(entries).toMatchObject([
      { path: `${machine.root}/a/b c`, type: "file", size: 10, mode: expect.any(Number) },
    ]);
    expect(more).toBe(false);
    // To the millisecond: by this and the size it is known whether a copy is current.
    await utimes(`${machine.root}/a/b c`, 1_700_000_000, 1_700_000_000.25);
    expect(await files().stat(`${machine.root}/a/b c`)).toMatchObject({ modified: 1_700_000_000_250 });
    await files().remove(`${machine.root}/a`);
    expect(await files().stat(`${machine.root}/a`)).toBeUndefined();
  });

  test("tell what is wrong", async () => {
    await expect(files().read(`${machine.root}/none`)).rejects.toMatchObject({ fault: "not_found" });
    await expect(files().read(machine.root)).rejects.toMatchObject({ fault: "is_directory" });
    await expect(files().write(machine.root, bytesOf(""))).rejects.toMatchObject({ fault: "is_directory" });
    await files().write(`${machine.root}/f`, bytesOf("1"));
    await expect(files().list(`${machine.root}/f`, 1, 10)).rejects.toMatchObject({ fault: "not_directory" });
    await expect(files().write(`${machine.root}/f/g`, bytesOf("1"))).rejects.toMatchObject({ fault: "not_directory" });
  });

  test("come in parts, in any order and again, and are put in place whole", async () => {
    const path = `${machine.root}/new/large`;
    const staging = `${machine.root}/new/.upload-1`;
    const sha256 = createHash("sha256").update("0123456789").digest("hex");
    const file = { path, staging, size: 10, sha256 };
    const { parted } = files();
    await parted.begin(file);
    await parted.write(file, 8, bytesOf("89"), 2);
    await parted.write(file, 0, bytesOf("----"), 4);
    await parted.write(file, 4, bytesOf("4567"), 4);
    await expect(parted.complete(file)).rejects.toMatchObject({ fault: "wrong_content" });
    await expect(parted.write(file, 0, bytesOf("01"), 4)).rejects.toMatchObject({ fault: "wrong_content" });
    await parted.write(file, 0, bytesOf("0123"), 4);
    expect(await parted.complete(file)).toMatchObject({ path, size: 10, type: "file" });
    expect(await parted.complete(file)).toMatchObject({ path, size: 10 });
    const { entries } = await files().list(`${machine.root}/new`, 1, 10);
    expect(entries.map((entry) => entry.path)).toEqual([path]);
    await expect(parted.write(file, 0, bytesOf("0123"), 4)).rejects.toMatchObject({ fault: "not_found" });
    await expect(parted.begin({ ...file, size: 2 ** 52 })).rejects.toMatchObject({ fault: "no_space" });
    await expect(parted.begin({ ...file, path: machine.root })).rejects.toMatchObject({ fault: "is_directory" });
    await parted.begin(file);
    await parted.abort(file);
    await expect(parted.write(file, 0, bytesOf("0123"), 4)).rejects.toMatchObject({ fault: "not_found" });
  });
});

/** A place for a task of these files. */
function makePlace(contents: Record<string, string>, task: object, host: SandboxHost): SandboxPlace {
  const entries = Object.entries(contents).map(([name, content]) => [name, new TextEncoder().encode(content)] as const);
  const archive = zipSync(Object.fromEntries(entries));
  const known = {
    organizationKey: "acme",
    name: "t",
    version: "1.0.0",
    archiveRoot: "",
    withheldPaths: [],
    provision: null,
    teardown: null,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a container asks of its place
  return {
    host,
    openArchive: () => bytesSource(archive),
    task: { ...known, fileSize: archive.byteLength, ...task },
    secrets: () => Promise.resolve(NO_SECRETS),
  } as unknown as SandboxPlace;
}

describe.skipIf(!IS_LIKE_AN_IMAGE)("a container's life", () => {
  test("begins with the task's files but those withheld, and its provision script", async () => {
    const { host, told } = makeHost();
    const contents = {
      "a/b.txt": "1",
      "Solution/x": "secret",
      "solution.sh": "secret",
      "[s]": "secret",
      s: "kept",
      "p.sh": "echo set up; pwd > made",
    };
    const withheldPaths = ["solution/", "solution.sh", "[s]"];
    const task = {
      withheldPaths,
      provision: { script: "p.sh", timeout: 5 },
      teardown: { script: "echo bye", timeout: 5 },
    };
    const sandbox = new ContainerSandbox(makePlace(contents, task, host), machine);
    await sandbox.provision();
    expect(told).toMatchObject({ ready: true, failed: "", log: expect.stringMatching(/set up/) });
    const { entries } = await sandbox.files.list(`${machine.root}/task`, 3, 100);
    expect(entries.map(({ path: file }) => file.replace(machine.root, ""))).toEqual([
      "/task/a",
      "/task/a/b.txt",
      "/task/made",
      "/task/p.sh",
      "/task/s",
    ]);
    expect(await readFile(`${machine.root}/task/made`, "utf8")).toBe(`${machine.root}/task\n`);
    await sandbox.destroy();
    expect(told.log).toMatch(/bye/);
    expect(machine.destroyed).toBe(true);
  });

  test("begins in the folder of the archive that is taken away, without what lies beside it", async () => {
    const { host } = makeHost();
    const contents = { "my task/a": "1", "my task/solution.sh": "secret", "__MACOSX/._a": "x" };
    const task = { archiveRoot: "my task/", withheldPaths: ["solution.sh"] };
    const sandbox = new ContainerSandbox(makePlace(contents, task, host), machine);
    await sandbox.provision();
    const { entries } = await sandbox.files.list(`${machine.root}/task`, 4, 100);
    expect(entries.map(({ path: file }) => file.replace(machine.root, ""))).toEqual(["/task/a"]);
    await sandbox.destroy();
  });

  test("ends its commands before its teardown script runs", async () => {
    const { host, told } = makeHost();
    const task = { teardown: { script: "ls /task", timeout: 5 } };
    const ended = Promise.withResolvers<string>();
    const place = makePlace({ a: "1" }, task, { ...host, ended: async (_, { status }) => ended.resolve(status) });
    const sandbox = new ContainerSandbox(place, machine);
    await sandbox.provision();
    await sandbox.start(command("echo begun; sleep 2; touch late; sleep 30"));
    await expect.poll(() => told.stdout).toBe("begun\n");
    await sandbox.destroy();
    expect(await ended.promise).toBe("killed");
    expect(told.log).toMatch(/^a$/m);
    expect(told.log).not.toMatch(/late/);
  });

  test("fails with its provision script", async () => {
    const { host, told } = makeHost();
    const task = { provision: { script: "echo no >&2; exit 4", timeout: 5 } };
    await new ContainerSandbox(makePlace({ a: "1" }, task, host), machine).provision();
    expect(told).toMatchObject({ ready: false, failed: expect.stringMatching(/exit code 4/) });
  });

  test("begins when its healthcheck has passed, and fails with it", async () => {
    const check = { interval_sec: 0.1, timeout_sec: 0.5, start_period_sec: 0, start_interval_sec: 0.1, retries: 2 };
    const open = async (line: string) => {
      const { host, told } = makeHost();
      const task = { container: { healthcheck: { ...check, command: line } } };
      await new ContainerSandbox(makePlace({ a: "1" }, task, host), machine).provision();
      return told;
    };
    expect(await open("[ -e /task/b ] || { touch /task/b; exit 1; }")).toMatchObject({ ready: true, failed: "" });
    expect(await open("echo one; echo two >&2; exit 3")).toMatchObject({
      ready: false,
      failed: expect.stringMatching(/2 times in a row: its command ended with exit code 3: one\ntwo$/),
    });
    expect(await open("sleep 60")).toMatchObject({ failed: expect.stringMatching(/its command took too long$/) });
  });
});
