import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HAS_BUBBLEWRAP, ISOLATION, type Outcome, runIn, withSandbox } from "./commands.ts";

const exited = (exitCode: number) => expect.objectContaining({ status: "exited", exitCode });

/** What holds with and without a sandbox. */
for (const kind of ["bubblewrap", "none"] as const) {
  describe.skipIf(kind === "bubblewrap" && !HAS_BUBBLEWRAP)(`commands of a runner, isolation ${kind}`, () => {
    const isolation = { ...ISOLATION, kind };

    it("passes on output, standard input, variables, the folder and the exit code", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const command = 'cat; echo "$GREETING in $(basename "$PWD")" >&2; mkdir -p sub; exit 7';
        const outcome = await runIn(sandbox, command, { stdin: "given\n", env: { GREETING: "hello" } });
        expect(outcome).toMatchObject({ ending: exited(7), stdout: "given\n", stderr: "hello in task\n" });
        const second = await runIn(sandbox, "pwd", { cwd: "/task/sub" });
        expect(second.ending).toEqual(exited(0));
        expect(second.stdout).toMatch(/task\/sub\n$/);
      });
    });

    it("reads no .bashrc, whoever wrote it", async () => {
      await withSandbox(isolation, async (sandbox) => {
        expect(await runIn(sandbox, "echo 'exit 9' > ~/.bashrc")).toMatchObject({ ending: exited(0), stderr: "" });
        expect((await runIn(sandbox, "cat ~/.bashrc")).stdout).toBe("exit 9\n");
      });
    });

    it("gives both outputs as one, in the order in which they were written, where they are not told apart", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const command = "for i in {1..2000}; do echo out$i; echo err$i >&2; done; ls /nowhere; echo last";
        const { stdout, stderr, ending } = await runIn(sandbox, command, { joinsErrors: true });
        const pairs = Array.from({ length: 2_000 }, (_, index) => `out${index + 1}\nerr${index + 1}\n`).join("");
        expect(stdout).toMatch(/^out1\nerr1\nout2/);
        expect(stdout.replace(/^ls: .*$/m, "ls")).toBe(`${pairs}ls\nlast\n`);
        expect([stderr, ending]).toEqual(["", exited(0)]);
      });
    });

    it.each([true, false])("has outputs that can be opened by name, joined: %s", async (joinsErrors) => {
      await withSandbox(isolation, async (sandbox) => {
        const command = "echo a; echo b > /dev/stderr; echo c >> /dev/stdout; echo d | tee /dev/stderr";
        const { stdout, stderr, ending } = await runIn(sandbox, command, { joinsErrors });
        expect(ending).toMatchObject({ status: "exited", exitCode: 0 });
        expect([stdout, stderr]).toEqual(joinsErrors ? ["a\nb\nc\nd\nd\n", ""] : ["a\nc\nd\n", "b\nd\n"]);
      });
    });

    it("says of a command line or a variable that is too long that it never ran", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const long = "x".repeat(140_000);
        for (const { ending } of [
          await runIn(sandbox, `: ${long}`),
          await runIn(sandbox, ":", { env: { LONG: long } }),
        ]) {
          expect(ending).toMatchObject({ status: "lost", reason: expect.stringContaining("longer than 128 KiB") });
        }
        const { ending } = await runIn(sandbox, `: ${"x".repeat(120_000)}`, { env: { LONG: "x".repeat(120_000) } });
        expect(ending).toEqual(exited(0));
      });
    });

    it("keeps the environment of the runner to itself", async () => {
      process.env["RUNNER_TEST_SECRET"] = "must not be seen";
      await withSandbox(isolation, async (sandbox) => {
        const { stdout } = await runIn(sandbox, "env");
        expect(stdout).toContain("TASK_ROOT=");
        expect(stdout).not.toContain("must not be seen");
      });
    });

    it("ends an endless loop when its time is up, and says nothing of an exit code", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const { ending } = await runIn(sandbox, "while :; do :; done", { limits: { seconds: 0.5 } });
        expect(ending).toEqual({ status: "timed_out", produced: { stdout: 0, stderr: 0 } });
      });
    });

    it("lets a command that SIGTERM reaches clean up", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const command = "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done";
        const { ending, stdout } = await runIn(sandbox, command, { limits: { seconds: 1 } });
        expect(ending).toMatchObject({ status: "timed_out" });
        expect(stdout).toBe("cleaned\n");
      });
    });

    it("ends a command that ignores SIGTERM, with what it has started", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const command = "trap '' TERM; (trap '' TERM; while :; do sleep 0.05; done) & while :; do sleep 0.05; done";
        const outcome = await runIn(sandbox, command, { limits: { seconds: 0.5 }, graceMs: 500 });
        expect(outcome.ending).toMatchObject({ status: "timed_out" });
        expect(outcome.milliseconds).toBeGreaterThan(900);
        expect(outcome.milliseconds).toBeLessThan(10_000);
      });
    });

    it("ends a command when it is told to, and says that it was killed", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const killer = new AbortController();
        const outcome = runIn(sandbox, "echo started; sleep 60", { signal: killer.signal });
        setTimeout(() => killer.abort(), 500);
        expect(await outcome).toMatchObject({ ending: { status: "killed" }, stdout: "started\n" });
      });
    });

    it("passes on the first bytes of a gigabyte, counts the rest, and holds neither in memory", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const before = process.memoryUsage().rss;
        const limits = { seconds: 60, outputBytes: 1_000 };
        const { ending, stdout } = await runIn(sandbox, "head -c 1000000000 /dev/zero", { limits });
        expect(ending).toEqual({ status: "exited", exitCode: 0, produced: { stdout: 1_000_000_000, stderr: 0 } });
        expect(stdout).toHaveLength(1_000);
        expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
      });
    });

    it("does not wait for what a command leaves running", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const { ending, stdout, milliseconds } = await runIn(sandbox, "sleep 60 & echo done");
        expect([ending, stdout]).toEqual([exited(0), "done\n"]);
        expect(milliseconds).toBeLessThan(10_000);
      });
    });

    it.each([
      ["without a pause", "yes noise"],
      ["now and then", "(while :; do echo noise; sleep 0.02; done)"],
    ])("does not wait for what a command leaves running and that writes %s", async (_, noise) => {
      await withSandbox(isolation, async (sandbox) => {
        const command = `seq 1 20000; echo done; ${noise} &`;
        const { ending, stdout, milliseconds } = await runIn(sandbox, command);
        expect(ending).toEqual(exited(0));
        const own = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
        expect(stdout.startsWith(`${own}done\n`)).toBe(true);
        expect(milliseconds).toBeLessThan(10_000);
      });
    });

    it("goes on when a command reads none of a large standard input", async () => {
      await withSandbox(isolation, async (sandbox) => {
        expect((await runIn(sandbox, "exit 3", { stdin: "x".repeat(5_000_000) })).ending).toEqual(exited(3));
      });
    });

    it("lets a command wait that writes faster than its output is taken", async () => {
      await withSandbox(isolation, async (sandbox) => {
        let looked: Outcome | undefined;
        const outcome = await runIn(sandbox, "head -c 10000000 /dev/zero; touch finished", {
          limits: { outputBytes: 20_000_000 },
          beforeOutput: async () => {
            looked ??= await runIn(sandbox, "sleep 0.3; test -e finished");
          },
        });
        expect(looked?.ending).toEqual(exited(1));
        expect(outcome.ending).toEqual(exited(0));
        expect(outcome.stdout).toHaveLength(10_000_000);
      });
    });

    it("tells the end of a command once all that it has written is taken, however slowly", async () => {
      await withSandbox(isolation, async (sandbox) => {
        const { ending, stdout } = await runIn(sandbox, "head -c 60000 /dev/zero; echo last", {
          beforeOutput: () => new Promise((resolve) => setTimeout(resolve, 400)),
        });
        expect(ending).toEqual(exited(0));
        expect(stdout.slice(60_000)).toBe("last\n");
      });
    });

    it("ends a command in the words of its shell when its folder is not there", async () => {
      await withSandbox(isolation, async (sandbox) => {
        expect((await runIn(sandbox, "true", { cwd: "nowhere" })).ending).toEqual(exited(1));
      });
    });
  });
}

describe.skipIf(!HAS_BUBBLEWRAP)("the sandbox of a runner", () => {
  it("is one machine for all commands: a server of one is seen, reached and ended by the next", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const server = `perl -MIO::Socket::INET -e '
        $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8123, Listen => 5, ReuseAddr => 1) or die;
        while ($c = $s->accept) { print STDERR "asked\\n"; print $c "served\\n"; close $c }' & echo started`;
      const begun = await runIn(sandbox, server);
      expect([begun.ending, begun.stdout]).toEqual([exited(0), "started\n"]);
      expect(begun.milliseconds).toBeLessThan(5_000);
      const ask = "for n in {1..50}; do exec 3<>/dev/tcp/127.0.0.1/8123 && break; sleep 0.1; done; cat <&3";
      for (const { stdout } of [await runIn(sandbox, ask), await runIn(sandbox, ask)]) expect(stdout).toBe("served\n");
      const shown = await runIn(
        sandbox,
        "ps ax | grep -c '[I]O::Socket'; pkill perl; sleep 0.2; ps ax | grep -c '[I]O::Socket'",
      );
      expect(shown.stdout).toBe("1\n0\n");
    });
  });

  it("ends with a command that is killed what that has started, and no other, also what has left its session", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      await runIn(sandbox, "sleep 1001 & setsid sleep 1002 & true");
      const late = await runIn(sandbox, "setsid sleep 1003 & sleep 1004", { limits: { seconds: 0.5 }, graceMs: 500 });
      expect(late.ending).toMatchObject({ status: "timed_out" });
      expect((await runIn(sandbox, "ps ax -o args= | grep '^sleep' | sort")).stdout).toBe("sleep 1001\nsleep 1002\n");
    });
  });

  it("begins anew for the next command when one has ended all of it, with its files as they were", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { ending } = await runIn(sandbox, "echo kept > file; kill -KILL -1; sleep 60");
      expect(ending).toEqual({ status: "lost", reason: expect.stringContaining("The sandbox ended") });
      expect(await runIn(sandbox, "cat file")).toMatchObject({ ending: exited(0), stdout: "kept\n" });
    });
  });

  it("ends on time a command that has stopped all else in it, and goes on with the next", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const limits = { seconds: 0.5 };
      const { ending, milliseconds } = await runIn(sandbox, "kill -STOP -1; sleep 60", { limits, graceMs: 500 });
      expect(ending).toMatchObject({ status: "timed_out" });
      expect(milliseconds).toBeLessThan(20_000);
      expect((await runIn(sandbox, "echo still here")).stdout).toBe("still here\n");
    });
  });

  it("runs many commands at once, whatever their variables are called, and leaves nothing when it goes", async () => {
    let folder = "";
    await withSandbox(ISOLATION, async (sandbox) => {
      folder = sandbox.taskFolder;
      const names = ["words", "pid", "_taskyard_words", "_taskyard_run", "n"];
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          runIn(sandbox, `sleep 0.5; printenv ${names.join(" ")}; exit ${index}`, {
            env: Object.fromEntries(names.map((name) => [name, `${name} of ${index}`])),
          }),
        ),
      );
      for (const [index, { ending, stdout }] of all.entries()) {
        expect(ending).toEqual(exited(index));
        expect(stdout.split("\n").filter((line) => line.endsWith(` of ${index}`))).toHaveLength(names.length);
      }
      await runIn(sandbox, "setsid sleep 2001 & setsid sleep 2002 &");
    });
    expect(existsSync(folder)).toBe(false);
    await expect
      .poll(() => execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" }))
      .not.toMatch(/^sleep 200[12]$/m);
  });

  it("ends a fork bomb at its limit on processes", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const outcome = await runIn(sandbox, "bomb() { bomb | bomb & }; bomb; sleep 60", { limits: { seconds: 3 } });
      expect(["timed_out", "exited"]).toContain(outcome.ending.status);
      expect(outcome.stderr).toContain("Resource temporarily unavailable");
      expect(outcome.milliseconds).toBeLessThan(15_000);
      expect((await runIn(sandbox, "echo still here")).stdout).toBe("still here\n");
    });
  });

  it("ends what takes more memory or writes larger files than it may", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const memory = await runIn(sandbox, 'x=$(head -c 2000000000 /dev/zero | tr "\\0" x); echo "${#x}"');
      expect(memory.ending).not.toEqual(exited(0));
      const file = await runIn(sandbox, "head -c 20000000 /dev/zero > large; stat -c %s large");
      expect(file.stdout).toBe(`${2 ** 24}\n`);
    });
  });

  it("shows nothing of the machine but its programs, and lets nothing be written but the sandbox's own folders", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { stdout } = await runIn(
        sandbox,
        [
          "id -u; ls /home; ls /root /etc/shadow /etc/ssh 2>&1 | grep -c cannot",
          "for place in /usr/x /etc/x /x; do touch $place 2>/dev/null && echo wrote $place; done",
          "touch /task/a /tmp/a /var/tmp/a /dev/shm/a /home/task/a && echo wrote",
          "ps ax | wc -l",
        ].join("\n"),
      );
      expect(stdout).toMatch(/^1000\ntask\n3\nwrote\n[3-9]\n$/);
      expect((await runIn(sandbox, "ls /tmp /var/tmp /dev/shm")).stdout.match(/^a$/gm)).toHaveLength(3);
    });
  });

  it("has no network unless the operator gives it one", async () => {
    const command = "cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '";
    await withSandbox(ISOLATION, async (sandbox) => expect((await runIn(sandbox, command)).stdout).toBe("lo\n"));
    await withSandbox({ ...ISOLATION, network: true }, async (sandbox) =>
      expect((await runIn(sandbox, command)).stdout).toBe(execFileSync("bash", ["-c", command], { encoding: "utf8" })),
    );
  });

  it("hands a command's variables to the command alone, not to what starts it", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const env = { LD_PRELOAD: "/nowhere.so", PATH: "/bin" };
      const { ending, stderr } = await runIn(sandbox, "echo $PATH", { env });
      expect(ending).toEqual(exited(0));
      // One complaint of the shell that sets the limits, one of the shell that it becomes, none of bubblewrap.
      expect(stderr.match(/LD_PRELOAD/g)).toHaveLength(2);
    });
  });

  it("tells no exit code when the sandbox itself breaks, and why", async () => {
    await withSandbox({ ...ISOLATION, readOnly: ["/nowhere"] }, async (sandbox) => {
      const { ending } = await runIn(sandbox, "true");
      expect(ending).toEqual({ status: "lost", reason: expect.stringMatching(/^The sandbox ended: .*\/nowhere/) });
    });
  });
});
