import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeHardening, hardeningHere } from "../../../src/runner/process/bubblewrap.ts";
import { seccompFilter } from "../../../src/runner/process/seccomp.ts";
import { HAS_BUBBLEWRAP, ISOLATION, runIn, withSandbox } from "./commands.ts";

const LISTER = path.join(import.meta.dirname, "list-descriptors.ts");

/** What a program has that the runner starts while it holds a folder as 200 and a file as 57. */
function descriptorsOf(kind: string): string {
  const command = 'exec 200</usr 57</etc/hostname; exec "$@"';
  return execFileSync("bash", ["-c", command, "bash", process.execPath, LISTER, kind], { encoding: "utf8" });
}

describe("descriptors that the runner has inherited", () => {
  it.each(["agent", "none", ...(HAS_BUBBLEWRAP ? ["bubblewrap"] : [])])("reach no program: %s", (kind) => {
    expect(descriptorsOf(kind)).toBe("0 1 2 ");
  });
});

/** A line for the shell that says whether a port of the loopback is reached. */
const reach = (port: number) => `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo reached ${port}`;

describe.skipIf(!HAS_BUBBLEWRAP)("a sandbox on a runner", () => {
  it("has no user namespaces, no new mounts and a filter", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { stdout } = await runIn(sandbox, "grep -i '^Seccomp:' /proc/self/status; unshare -Ur true && echo nested");
      expect(stdout).toBe("Seccomp:\t2\n");
    });
  });

  // The numbers are those of x86_64.
  it.runIf(process.arch === "x64").each([
    ["keyctl", "250, 0, 0, 0, 0, 0"],
    ["bpf", "321, 0, 0, 0"],
    ["io_uring_setup", "425, 1, 0"],
    ["perf_event_open", "298, 0, 0, 0, 0, 0"],
    ["userfaultfd", "323, 0"],
    ["a clone with a user namespace", "56, 0x10000000 + 17, 0, 0, 0, 0"],
    ["ioctl TIOCSTI", "16, 0, 0x5412, 0"],
  ])("answers EPERM to %s", async (_, words) => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { stdout } = await runIn(sandbox, `perl -e 'print syscall(${words}) . " " . ($! + 0)'`);
      expect(stdout).toBe("-1 1");
    });
  });

  it("shows nothing of the runner's environment in its first process", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { stdout } = await runIn(sandbox, "tr '\\0' '\\n' < /proc/1/environ | wc -l");
      expect(stdout.trim()).toBe("0");
    });
  });

  it("starts threads, pipes and programs as ever", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { ending, stdout } = await runIn(
        sandbox,
        "seq 1 5 | sort -r --parallel=2 | (read x; echo $x); perl -e 'fork; print 1; wait'",
      );
      expect(ending).toMatchObject({ status: "exited", exitCode: 0 });
      expect(stdout).toBe("5\n11");
    });
  });

  it("reaches neither processes, network nor files of another environment, nor the runner's loopback", async () => {
    const runners = createServer().listen(0, "127.0.0.1");
    await once(runners, "listening");
    const { port } = z.object({ port: z.int() }).parse(runners.address());
    try {
      await withSandbox(ISOLATION, async (first) => {
        const serve = `perl -MIO::Socket::INET -e '
          $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8125, Listen => 5) or die; $s->accept while 1' &`;
        await runIn(first, `${serve} echo secret > /tmp/of-the-first; echo secret > /dev/shm/of-the-first`);
        const own = `for n in {1..50}; do ${reach(8125)} && break; sleep 0.1; done`;
        expect((await runIn(first, own)).stdout).toBe("reached 8125\n");
        await withSandbox(ISOLATION, async (second) => {
          const look = `ps ax | grep -c '[I]O::Socket'; ls /tmp /dev/shm /run/taskyard; ${reach(8125)}; ${reach(port)}; true`;
          const { stdout } = await runIn(second, look);
          expect(stdout).toMatch(/^0\n/);
          expect(stdout).not.toMatch(/reached|of-the-first/);
        });
      });
    } finally {
      runners.close();
    }
  });

  it("lets no command change what it was started by, or start another", async () => {
    await withSandbox(ISOLATION, async (sandbox) => {
      const { stdout } = await runIn(
        sandbox,
        "touch /run/taskyard/x; mkdir /run/taskyard/y; ls -A /run/taskyard | wc -l",
      );
      expect(stdout).toBe("0\n");
    });
  });

  it("says at the start what is in force", () => {
    expect(describeHardening(hardeningHere())).toBe("seccomp filter, ban on user namespaces");
    const old = describeHardening({ noUserNamespaces: false, filter: undefined });
    expect(old).toBe("NO seccomp filter, NO ban on user namespaces");
  });
});

it("is one filter for each machine whose calls are known", () => {
  expect(seccompFilter("x64")).not.toEqual(seccompFilter("arm64"));
  expect(seccompFilter("mips")).toBeUndefined();
});
