import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The image that test/podman/with-podman.sh makes. */
export const BASE_IMAGE = "localhost/debian:bookworm";

/** Whether Podman works here; says so where it does not, since what needs it is then left out. */
export const HAS_PODMAN = (() => {
  if (process.env["TASKYARD_TEST_PODMAN"] === "1") return true;
  process.stderr.write("The tests of containers are left out: test/podman/with-podman.sh runs them.\n");
  return false;
})();

export function podman(...args: string[]): string {
  return execFileSync("podman", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

/** Names of the containers of environments, running or not. */
export function containers(): string[] {
  const listed = podman("ps", "--all", "--filter", "label=taskyard.environment", "--format", "{{.Names}}");
  return listed.split("\n").filter((name) => name !== "");
}

/**
 * A PATH on which `podman` has the machine's cgroups, of version 1, which by its settings it may do nothing with. Undefined
 * where the machine has none for it, which is said.
 */
export function podmanWithCgroups(cgroups: "enabled" | "disabled" = "enabled"): string | undefined {
  if (!HAS_PODMAN) return undefined;
  const place = mkdtempSync(path.join(tmpdir(), "taskyard-podman-"));
  const settings = `[containers]
cgroups = "${cgroups}"
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
`;
  writeFileSync(path.join(place, "containers.conf"), settings);
  const script = `#!/bin/bash
export CONTAINERS_CONF=${place}/containers.conf PATH=\${PATH#${place}:}
exec unshare -m bash -ec '
  umount -R /sys/fs/cgroup; mount -t tmpfs none /sys/fs/cgroup
  for name in memory pids cpu cpuacct cpuset devices freezer blkio; do
    mkdir /sys/fs/cgroup/$name; mount -t cgroup -o $name none /sys/fs/cgroup/$name
  done
  mkdir /sys/fs/cgroup/systemd; mount -t cgroup -o none,name=systemd none /sys/fs/cgroup/systemd
  exec podman "$@"' podman "$@"
`;
  const program = path.join(place, "podman");
  writeFileSync(program, script, { mode: 0o755 });
  const said = spawnSync(program, ["info", "--format", "{{json .Host.CgroupControllers}}"], { encoding: "utf8" });
  if (said.status === 0 && /memory.*pids/.test(said.stdout)) return `${place}:${process.env["PATH"] ?? ""}`;
  process.stderr.write(`Tests of containers' limits are left out, for want of cgroups of version 1: ${said.stderr}\n`);
  return undefined;
}

/** Whether Podman is able to make networks here, for which it needs more of the machine than for containers. */
export function hasNetworks(): boolean {
  const made = spawnSync("podman", ["run", "--rm", BASE_IMAGE, "true"], { encoding: "utf8" });
  return made.status === 0;
}
