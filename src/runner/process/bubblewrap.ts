import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import type { BubblewrapLaunch } from "./program.ts";
import { seccompFilter } from "./seccomp.ts";

/** Folders of the machine that programs need; where /usr is merged the others are links into it. */
const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/** What of /etc programs read; the rest, keys and passwords of the machine among it, stays outside. */
const SYSTEM_SETTINGS = [
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "pki",
  "protocols",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
];

/** Settings that only a sandbox with a network needs. */
const NETWORK_SETTINGS = ["hosts", "resolv.conf", "gai.conf"];

/** The user inside: a plain one, whoever it is outside. */
const INNER_ID = "1000";

/** What a sandbox sees of the machine. */
export interface SandboxView {
  /** Folders that are written to and those that are only read, besides the system's, by where they are inside. */
  writable: Readonly<Record<string, string>>;
  readOnly: Readonly<Record<string, string>>;
  network: boolean;
}

/** What begins bubblewrap with options that come through a pipe: so no environment stands in the list of processes. */
export const BUBBLEWRAP = ["bwrap", "--args", "4", "--"];

/** What this machine's bubblewrap takes beyond what every version does. */
export interface Hardening {
  /** No user namespaces inside, which have been the way to most faults of kernels. */
  noUserNamespaces: boolean;
  filter: Uint8Array | undefined;
}

let hardening: Hardening | undefined;

/** Looked up once: of versions before 0.8 there are many about. */
export function hardeningHere(): Hardening {
  return (hardening ??= readHardening());
}

function readHardening(): Hardening {
  const help = execFileSync("bwrap", ["--help"], { encoding: "utf8" });
  const takesFilter = help.includes("--seccomp");
  return {
    noUserNamespaces: help.includes("--disable-userns"),
    filter: takesFilter ? seccompFilter() : undefined,
  };
}

/** For the runner's first words: what is in force, and what is not. */
export function describeHardening({ noUserNamespaces, filter }: Hardening): string {
  return `${filter ? "" : "NO "}seccomp filter, ${noUserNamespaces ? "" : "NO "}ban on user namespaces`;
}

/**
 * What bubblewrap is told: namespaces of its own, the system read-only, nothing of the home folders, nothing of other
 * processes, no new privileges, `env` and no other variables. All of it ends when the first process does, or the runner.
 */
export function bubblewrapLaunch(view: SandboxView, env: Readonly<Record<string, string>>): BubblewrapLaunch {
  const { noUserNamespaces, filter } = hardeningHere();
  const options = [
    "--unshare-all",
    "--unshare-user",
    ...(noUserNamespaces ? ["--disable-userns"] : []),
    ...(filter ? ["--seccomp", "5"] : []),
    ...(view.network ? ["--share-net"] : []),
    "--uid",
    INNER_ID,
    "--gid",
    INNER_ID,
    "--hostname",
    "sandbox",
    "--die-with-parent",
    "--new-session",
    "--json-status-fd",
    "3",
    ...SYSTEM_FOLDERS.flatMap(mountSystemFolder),
    ...settingsOf(view).flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    ...Object.entries(view.readOnly).flatMap(([inside, place]) => ["--ro-bind", place, inside]),
    ...Object.entries(view.writable).flatMap(([inside, folder]) => ["--bind", folder, inside]),
    "--remount-ro",
    "/",
    "--chdir",
    "/",
    "--clearenv",
    ...Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
  return { options, filter };
}

function settingsOf({ network }: SandboxView): string[] {
  return network ? [...SYSTEM_SETTINGS, ...NETWORK_SETTINGS] : SYSTEM_SETTINGS;
}

function mountSystemFolder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return lstatSync(folder).isSymbolicLink()
    ? ["--symlink", readlinkSync(folder), folder]
    : ["--ro-bind", folder, folder];
}
