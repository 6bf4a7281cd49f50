import { describe, expect, test } from "vitest";
import { planCompose } from "../../../src/compose/compose-plan.ts";

const plan = (services: object, more: object = {}) =>
  planCompose(JSON.stringify({ services, ...more }), "docker-compose.yaml", (name, otherwise) => {
    if (name === "KNOWN") return "of the machine";
    if (otherwise === undefined) throw new Error(`no ${name}`);
    return otherwise;
  });
const web = (more: object) => plan({ web: { image: "web", ...more } }).services[0];

const waits = (other: string) => ({ image: "x", depends_on: [other] });

describe("a compose file", () => {
  test("is read as compose reads it", () => {
    const { services, isInternal } = plan(
      {
        web: {
          build: { context: "./challenge", dockerfile: "../Dockerfile.web", args: ["A=1"], target: "last" },
          command: `serve --name 'two words' "a \\"b\\"" c\\ d`,
          environment: { DEBUG: true, N: 3, GIVEN: "${KNOWN}", OTHER: "${NONE:-otherwise}$$" },
          depends_on: { db: { condition: "service_healthy" }, once: { condition: "service_completed_successfully" } },
          ports: ["127.0.0.1:8080:80", "53:53/udp", { target: 90, published: "9090" }],
          expose: [7000],
          networks: { back: { aliases: ["www"] } },
          volumes: [
            "data:/data:ro",
            "./conf/a.conf:/etc/a.conf:ro",
            "/anonymous",
            { type: "tmpfs", target: "/scratch" },
          ],
          deploy: { resources: { limits: { cpus: "0.5", memory: "128M", pids: 20 } } },
          healthcheck: { test: "ask web", interval: "1m30s", timeout: "500ms", retries: 5, start_period: "2s" },
          cap_drop: ["CAP_CHOWN"],
          security_opt: ["no-new-privileges:true"],
          privileged: false,
          restart: "always",
          "x-note": 1,
        },
        db: { image: "db:1", networks: ["back"], healthcheck: { test: ["CMD", "ask", "db"] }, environment: ["A=b=c"] },
        once: { image: "db:1", networks: ["back"], entrypoint: ["sh", "-c", "exit"] },
        debug: { image: "x", profiles: ["debug"] },
      },
      { volumes: { data: {} }, networks: { back: { internal: true, driver: "bridge" } }, version: "3" },
    );
    expect(isInternal).toBe(true);
    expect(services.map(({ name }) => name)).toEqual(["db", "once", "web"]);
    expect(services[2]).toMatchObject({
      image: { kind: "build", context: "challenge", dockerfile: "Dockerfile.web", args: { A: "1" }, target: "last" },
      command: ["serve", "--name", "two words", 'a "b"', "c d"],
      environment: { DEBUG: "true", N: "3", GIVEN: "of the machine", OTHER: "otherwise$" },
      aliases: ["www"],
      ports: [
        {
          ranges: [
            [8080, 8080],
            [80, 80],
          ],
        },
        { isTcp: false },
        { spelled: "9090:90" },
        { spelled: "7000" },
      ],
      healthcheck: { words: ["/bin/sh", "-c", "ask web"], interval: 90, timeout: 0.5, retries: 5, startPeriod: 2 },
      storage: {
        volumes: [
          { volume: "data", target: "/data", isReadOnly: true },
          { volume: null, target: "/anonymous" },
        ],
        files: [{ source: "conf/a.conf", target: "/etc/a.conf" }],
        memory: ["/scratch"],
      },
      limits: { cpus: 0.5, memoryBytes: 128 * 2 ** 20, processes: 20 },
      droppedRights: ["CHOWN"],
      gainsNothing: true,
    });
    expect(services[0]).toMatchObject({
      environment: { A: "b=c" },
      healthcheck: { words: ["ask", "db"], interval: 30 },
    });
  });

  test.for([
    ["a folder of the machine", { volumes: ["/etc:/host"] }, "/etc is a place of the machine"],
    [
      "the engine's socket",
      { volumes: ["/var/run/docker.sock:/var/run/docker.sock"] },
      "docker.sock is a place of the machine",
    ],
    ["a home folder", { volumes: ["~/.ssh:/ssh"] }, "~/.ssh is a place of the machine"],
    ["what lies above the archive", { volumes: ["../../etc:/host"] }, "../../etc is a place of the machine"],
    [
      "such a folder at length",
      { volumes: [{ type: "bind", source: "/", target: "/host" }] },
      "/ is a place of the machine",
    ],
    ["a pipe of the machine", { volumes: [{ type: "npipe", source: "x", target: "/x" }] }, "type npipe"],
    ["options in a target", { volumes: ["data:/x,source=/"] }, "no place in a container"],
    ["all rights", { privileged: true }, "privileged"],
    ["further rights", { cap_add: ["SYS_ADMIN"] }, "cap_add"],
    ["no protection", { security_opt: ["seccomp:unconfined"] }, "security_opt"],
    ["the machine's network", { network_mode: "host" }, "network_mode"],
    ["the machine's processes", { pid: "host" }, "pid"],
    ["the machine's memory", { ipc: "host" }, "ipc"],
    ["the machine's users", { userns_mode: "host" }, "userns_mode"],
    ["a group of the machine", { cgroup_parent: "/" }, "cgroup_parent"],
    ["devices", { devices: ["/dev/sda"] }, "devices"],
    ["graphics cards", { deploy: { resources: { reservations: { devices: [{}] } } } }, "devices"],
    ["settings of the kernel", { sysctls: { "kernel.x": 1 } }, "sysctls"],
    ["another runtime", { runtime: "x" }, "runtime"],
    ["the machine by a name", { extra_hosts: ["host:host-gateway"] }, "extra_hosts"],
    ["folders of another container", { volumes_from: ["container:x"] }, "volumes_from"],
    ["variables of a file", { env_file: "/etc/passwd" }, "env_file"],
    ["another file", { extends: { file: "/x", service: "y" } }, "extends"],
    ["what nobody knows", { wonder: 1 }, "wonder is not known"],
    ["a context outside", { build: "../.." }, "context ../.. is not in the archive"],
    ["a context of another server", { build: "https://example.com/x.git" }, "is not in the archive"],
    ["a Dockerfile outside", { build: { context: ".", dockerfile: "../../x" } }, "dockerfile ../../x"],
    ["a build on the machine's network", { build: { context: ".", network: "host" } }, "network is not taken"],
    ["secrets of a build", { build: { context: ".", secrets: ["x"] } }, "secrets is not taken"],
    ["further contexts", { build: { context: ".", additional_contexts: { x: "/" } } }, "additional_contexts"],
    ["options for an image", { image: "--privileged" }, "image"],
    ["a variable that is not allowed", { environment: { A: "${NONE}" } }, "no NONE"],
    ["a variable of whoever reads it", { environment: ["NONE"] }, "without a value"],
    ["variables of several lines", { environment: { A: "a\nB=c" } }, "more than one line"],
    ["several of itself", { deploy: { replicas: 2 } }, "replicas"],
    ["a dependency that is not there", { depends_on: ["x"] }, "depends_on x"],
    ["a quote without an end", { command: "a 'b" }, "quote"],
  ] as const)("refuses %s", ([, more, message]) => {
    expect(() => web(more)).toThrow(message);
  });

  test.for([
    ["a volume of others", { volumes: { data: { external: true } } }, "external"],
    ["a volume that is a folder", { volumes: { data: { driver_opts: { device: "/", o: "bind" } } } }, "driver_opts"],
    ["a network of others", { networks: { default: { external: true } } }, "external"],
    ["the machine's network", { networks: { default: { driver: "host" } } }, "driver host"],
    ["secrets", { secrets: { a: { file: "/etc/shadow" } } }, "secrets is not taken"],
    ["other files", { include: ["/x"] }, "include is not taken"],
  ] as const)("refuses %s among what services share", ([, more, message]) => {
    expect(() => plan({ web: { image: "x" } }, more)).toThrow(message);
  });

  test("refuses services that wait for each other, many of them, and networks that would have to be kept apart", () => {
    expect(() => plan({ a: waits("b"), b: waits("a") })).toThrow("wait for each other");
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`s${n}`, { image: "x" }]));
    expect(() => plan(many)).toThrow("at most 20");
    expect(() => plan({ a: { image: "x", networks: ["one"] }, b: { image: "x" } })).toThrow("several networks");
    expect(() => plan({ "a b": { image: "x" } })).toThrow("none of a host");
  });
});
