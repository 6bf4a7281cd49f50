/** What is said of a key that would let a service reach out of its sandbox, or take what is not its own. */
export const REFUSED_KEYS: Readonly<Record<string, string>> = {
  privileged: "would let it out of its sandbox.",
  cap_add: "would give it rights that environments do not have.",
  security_opt: "would take its sandbox's protection away; only no-new-privileges:true is taken.",
  devices: "are devices of the machine.",
  device_cgroup_rules: "are about devices of the machine.",
  gpus: "are devices of the machine.",
  network_mode: "would put it on another network than the environment's.",
  pid: "would show it processes that are not its own.",
  ipc: "would share memory that is not its own.",
  uts: "would give it the machine's name.",
  cgroup: "would give it groups of the machine.",
  cgroup_parent: "would take it out of its limits.",
  userns_mode: "would give it users of the machine.",
  sysctls: "are settings of a kernel.",
  volumes_from: "are folders of other containers.",
  external_links: "are containers of others.",
  extra_hosts: "may name the machine.",
  runtime: "is how the machine runs containers.",
  credential_spec: "are credentials of the machine.",
  env_file: "is not read: use environment.",
  extends: "is not followed: write the service out.",
  secrets: "are not kept here: give the environment secret_ids.",
  configs: "are not kept here: add the file to the image.",
};

/** Keys that are read. */
export const READ_KEYS: ReadonlySet<string> = new Set([
  "image",
  "build",
  "command",
  "entrypoint",
  "environment",
  "working_dir",
  "user",
  "hostname",
  "ports",
  "expose",
  "healthcheck",
  "depends_on",
  "volumes",
  "tmpfs",
  "read_only",
  "cap_drop",
  "networks",
  "deploy",
  "cpus",
  "mem_limit",
  "pids_limit",
  "profiles",
]);

/** Keys that say nothing of what a service does, or nothing that counts in an environment. */
export const IDLE_KEYS: ReadonlySet<string> = new Set([
  "annotations",
  "attach",
  "container_name",
  "develop",
  "init",
  "labels",
  "logging",
  "mem_reservation",
  "memswap_limit",
  "platform",
  "pull_policy",
  "restart",
  "stdin_open",
  "stop_grace_period",
  "stop_signal",
  "tty",
]);

export const BUILD_KEYS: ReadonlySet<string> = new Set(["context", "dockerfile", "args", "target"]);

export const IDLE_BUILD_KEYS: ReadonlySet<string> = new Set([
  "cache_from",
  "cache_to",
  "labels",
  "no_cache",
  "platforms",
  "pull",
  "tags",
]);
