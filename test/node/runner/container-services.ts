import { expect, it } from "vitest";
import { plainTask, type TaskFolder } from "../../registry/harbor-tasks.ts";
import { begin, BUILD_SECONDS, publish, startWithPodman, unique } from "./container-world.ts";
import { until } from "./live.ts";
import { type LiveWorld, startEnvironment } from "./live-world.ts";
import { BASE_IMAGE, containers, podman } from "./podman.ts";

/** A server that answers each connection with a line, which it reads anew from a file. */
const SERVER = String.raw`use IO::Socket::INET; my ($port, $file) = @ARGV; $| = 1;
my $s = IO::Socket::INET->new(LocalPort => $port, Listen => 5, ReuseAddr => 1) or die "no port";
print "listens\n";
while (my $c = $s->accept) { open(my $f, "<", $file); print {$c} readline($f), $ENV{SUFFIX} // "", "\n"; close $c }
`;

/** Asks such a server. */
const ask = (host: string, port: number) => `exec 3<>/dev/tcp/${host}/${port} && cat <&3; exec 3>&-`;

/** The same for a healthcheck; compose files spell a `$` twice. */
const ASK = `perl -MIO::Socket::INET -e '$$c = IO::Socket::INET->new(PeerAddr => shift, PeerPort => shift) or exit 1; print <$$c>'`;

const taskYaml = (name: string, more: object) =>
  JSON.stringify({
    name,
    version: "1.0.0",
    instruction: "Ask {{web_url}} or {{web_url_8080}}, at {{web_host}}:{{web_port}}.",
    verification: { method: "flag", path: "/tmp/flag", value: "x" },
    ...more,
  });

const compose = (services: object, more: object = {}) => JSON.stringify({ services, ...more });

/** Two servers: one that is built, and one that it waits for, which has a file of the archive and a volume. */
const servicesTask = (name: string): TaskFolder => ({
  "task.yaml": taskYaml(name, { ports: { web: [8080], db: [5432] } }),
  "docker-compose.yaml": compose(
    {
      web: {
        build: { context: "challenge", args: { SAID: "built" } },
        command: "perl server.pl 80 said",
        environment: { SUFFIX: " with suffix" },
        ports: ["8080:80"],
        depends_on: { db: { condition: "service_healthy" }, once: { condition: "service_completed_successfully" } },
        volumes: ["data:/data"],
      },
      db: {
        image: BASE_IMAGE,
        command: ["perl", "/server.pl", "5432", "/etc/said"],
        expose: [5432],
        networks: { default: { aliases: ["database"] } },
        volumes: ["./challenge/server.pl:/server.pl:ro", "./db/said:/etc/said"],
        healthcheck: { test: ["CMD-SHELL", `${ASK} 127.0.0.1 5432 | grep db`], interval: "100ms" },
        cap_drop: ["ALL"],
      },
      once: { image: BASE_IMAGE, command: ["sh", "-c", "echo seeded > /data/seed"], volumes: ["data:/data"] },
    },
    { volumes: { data: {} } },
  ),
  "challenge/Dockerfile": `FROM ${BASE_IMAGE}\nARG SAID\nRUN echo "$SAID ${unique("web")}" > /said\nCOPY server.pl /\nWORKDIR /\n`,
  "challenge/server.pl": SERVER,
  "challenge/flag.txt": "of the service",
  "db/said": "db says",
  "data.txt": "of the agent",
});

/** What an environment has of an engine. */
const left = () =>
  [
    ...containers(),
    ...podman("network", "ls", "--filter", "label=taskyard.environment", "--format", "{{.Name}}").split("\n"),
    ...podman("volume", "ls", "--filter", "label=taskyard.environment", "--format", "{{.Name}}").split("\n"),
  ].filter((name) => name !== "");

/** Tests of tasks whose services are containers, for a file that has a world with Podman. */
export function testServices(world: LiveWorld): void {
  it("starts the services of a compose file, waits for them, says where they are, and removes all of it", async () => {
    const runner = await startWithPodman(world, ["--labels", "services", "--network"]);
    const name = unique("services");
    await publish(world, servicesTask(name), name);
    const { execute, place, token, read } = await startEnvironment(world, "services", name, {}, BUILD_SECONDS);
    expect(await read()).toMatchObject({
      service_urls: {
        web: { url: "http://web:80", port: 80, urls: { "8080": "http://web:80" } },
        db: { url: "http://db:5432", port: 5432 },
      },
      instruction: "Ask http://web:80 or http://web:80, at web:80.",
      warnings: [],
      sandbox_provider: { services: true },
    });
    const asked = await execute(`${ask("web", 80)}; ${ask("db", 5432)}; ${ask("database", 5432)}; ls -A; pwd`);
    expect(asked.body.output).toMatch(/^built web-\w+\n with suffix\ndb says\ndb says\ndata.txt\n\/task\n$/);
    const id = place.split("/").at(-1);
    const inService = (service: string, ...words: string[]) => podman("exec", `taskyard-${id}-${service}`, ...words);
    expect(inService("web", "cat", "/data/seed")).toBe("seeded");
    expect(inService("web", "bash", "-c", ask("db", 5432))).toBe("db says");
    // Neither rights nor folders, sockets or processes of the machine.
    expect(inService("db", "sh", "-c", "grep CapEff /proc/self/status")).toMatch(/CapEff:\s+0+$/);
    expect(
      inService("web", "sh", "-c", "ls -d /proc/[0-9]* | wc -l; ls /run/podman /var/run/docker.sock 2>&1; true"),
    ).toMatch(/^\d\n(?:ls: [^\n]*\n?){2}$/);
    expect(
      podman("inspect", "--format", "{{.HostConfig.Privileged}} {{.HostConfig.PidMode}}", `taskyard-${id}-web`),
    ).toBe("false private");
    expect(left()).toHaveLength(6);
    expect((await world.server.send("DELETE", place, undefined, token)).status).toBe(200);
    await until(
      async () => left(),
      (names) => names.length === 0,
    );
    await runner.kill("SIGTERM");
  });

  it("runs commands in the main service of a task in Harbor's format, and clears away after a runner that was killed", async () => {
    const runner = await startWithPodman(world, ["--labels", "main", "--network"]);
    const task: TaskFolder = {
      ...plainTask,
      "environment/Dockerfile": `FROM ${BASE_IMAGE}\nCOPY server.pl /\nRUN mkdir /app && echo ${unique("main")} > /app/own\nWORKDIR /app\n`,
      "environment/server.pl": SERVER,
      "environment/docker-compose.yaml": compose({
        main: {
          depends_on: { other: { condition: "service_healthy" } },
          command: "perl /server.pl 9000 /app/own",
          environment: { OWN: "of main" },
          volumes: ["kept:/kept"],
        },
        other: {
          build: ".",
          command: "perl /server.pl 7000 /app/own",
          expose: ["7000"],
          healthcheck: { test: `${ASK} 127.0.0.1 7000` },
        },
      }),
      "tests/test.sh": `[ "$(${ask("other", 7000)})" = "$(cat own)" ] && echo 1 > /logs/verifier/reward.txt\n`,
    };
    const name = await publish(world, task);
    const { execute, place, token, read } = await startEnvironment(world, "main", name, {}, BUILD_SECONDS);
    expect(await read()).toMatchObject({ service_urls: { other: { url: "http://other:7000", port: 7000 } } });
    const { body } = await execute(`pwd; echo $OWN; ${ask("127.0.0.1", 9000)}; ls -A /task`);
    expect(body.output).toMatch(/^\/app\nof main\nmain-\w+\n\ninstruction.md\nwords.txt\n$/);
    expect((await world.server.send("POST", `${place}/verify`, {}, token)).body).toMatchObject({
      passed: true,
      reward: 1,
    });
    expect(left()).toHaveLength(4);
    await runner.kill("SIGKILL");
    expect(left()).toHaveLength(4);
    const next = await startWithPodman(world, ["--labels", "after-main", "--network"], {}, runner.workFolder);
    await until(
      async () => next.said,
      (said) => said.includes("slots for"),
      BUILD_SECONDS,
    );
    expect(next.said).toContain("removed what a killed runner had left: 2 containers, 1 networks, 1 volumes");
    expect(left()).toEqual([]);
    await next.kill("SIGTERM");
  });

  it("says why services are not started, and leaves nothing of them", async () => {
    await startWithPodman(world, ["--labels", "open", "--slots", "6", "--network"]);
    await startWithPodman(world, ["--labels", "closed"]);
    const web = { image: BASE_IMAGE, command: "sleep 3004", expose: [80] };
    const failing: [label: string, service: object, error: string | RegExp][] = [
      ["open", { ...web, volumes: ["/etc:/host"] }, /service web: volumes: \/etc is a place of the machine/],
      [
        "open",
        { ...web, command: "sh -c 'echo last words >&2; exit 9'" },
        /web has ended with exit code 9[^]*last words/,
      ],
      ["open", { ...web, healthcheck: { test: "exit 1", interval: "1s", retries: 1 } }, /healthy in 31 seconds/],
      ["open", { ...web, image: "localhost/not-there:1" }, /could not be fetched/],
      ["open", { ...web, environment: { A: "${NOT_ALLOWED}" } }, /--allow-env NOT_ALLOWED/],
      ["closed", web, /need a network of their own[^]*--network/],
    ];
    await Promise.all(
      failing.map(async ([label, service, error]) => {
        const name = unique("failing");
        const task = {
          "task.yaml": taskYaml(name, { ports: { web: [80] } }),
          "docker-compose.yaml": compose({ web: service }),
        };
        await publish(world, task, name);
        const { read } = await begin(world, label, name);
        const failed = await until(read, ({ state }) => state === "failed" || state === "ready", BUILD_SECONDS);
        expect(failed).toMatchObject({ state: "failed", error: expect.stringMatching(error), service_urls: null });
      }),
    );
    expect(left()).toEqual([]);
  });
}
