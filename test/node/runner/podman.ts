import { execFileSync, spawnSync } from "node:child_process";

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

/** Whether Podman is able to make networks here, for which it needs more of the machine than for containers. */
export function hasNetworks(): boolean {
  const made = spawnSync("podman", ["run", "--rm", BASE_IMAGE, "true"], { encoding: "utf8" });
  return made.status === 0;
}
