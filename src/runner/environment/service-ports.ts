import type { ServiceAddress } from "../../sandbox/container-task.ts";
import { runCommand } from "../process/command.ts";
import type { LocalSandbox, StartedService } from "./local-sandbox.ts";

/** Seconds in which services take connections, once they run. */
const REACH_SECONDS = 120;
const OUTPUT_BYTES = 64 * 1024;
/** Characters of what a service wrote last that stand in the reason for a failure. */
const WORDS_LENGTH = 1_000;

/** What the script ends with where the sandbox has no program that makes connections. */
const NO_PROGRAM = 42;

/** Connects to each `HOST PORT` of its arguments until it is reached, and says which were. */
const REACH_SCRIPT = String.raw`reach() {
  if command -v bash; then bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"
  elif command -v perl; then perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => shift, PeerPort => shift, Timeout => 5) or exit 1' "$1" "$2"
  elif command -v python3; then python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$1" "$2"
  elif command -v nc; then nc -z -w 5 "$1" "$2"
  else exit ${NO_PROGRAM}; fi
} > /dev/null 2>&1
set -- $PLACES
while [ $# -gt 0 ]; do
  until reach "$1" "$2"; do sleep 0.2; done
  echo "$1 $2"
  shift 2
done`;

/** Services that are processes of the sandbox itself. */
export function scriptServices(ports: Readonly<Record<string, readonly number[]>>): StartedService[] {
  return Object.entries(ports).map(([name, numbers]) => ({
    name,
    host: "127.0.0.1",
    ports: numbers.map((port) => ({ declared: port, own: port, isTcp: true })),
  }));
}

/**
 * Waits until all ports of all services take connections from where commands run. Rejects with a reason for users. Where
 * nothing there makes connections, that is said, and nothing is waited for.
 */
export async function untilReached(
  sandbox: LocalSandbox,
  services: readonly StartedService[],
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const places = services.flatMap(({ name, host, ports }) =>
    ports.flatMap(({ own, isTcp }) => (isTcp ? [{ name, place: `${host} ${own}` }] : [])),
  );
  if (places.length === 0) return;
  let reached = "";
  const PLACES = places.map(({ place }) => place).join(" ");
  const ending = await runCommand({
    program: sandbox.command(REACH_SCRIPT, "/", { PLACES }, { joinsErrors: true }),
    limits: { seconds: REACH_SECONDS, outputBytes: OUTPUT_BYTES },
    output: (_stream, _offset, bytes) => {
      reached += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    signal,
  });
  if (ending.status === "exited" && ending.exitCode === 0) return log(`Services are reached: ${PLACES}.`);
  if (ending.status === "exited" && ending.exitCode === NO_PROGRAM) {
    return log("Whether services take connections is not known: the image has none of bash, perl, python3 and nc.");
  }
  const lines = reached.split("\n");
  const missing = places.find(({ place }) => !lines.includes(place));
  const said = missing ? (await sandbox.lastWords(missing.name)).slice(-WORDS_LENGTH) : "";
  const where = missing?.place.replace(" ", ":");
  throw new Error(
    `Service ${missing?.name} is not reached at ${where} in ${REACH_SECONDS} seconds.${said && ` It wrote:\n${said}`}`,
  );
}

/** As the environment is told. */
export function addressesOf(services: readonly StartedService[]): Record<string, ServiceAddress> {
  const addresses = services.flatMap(({ name, host, ports }) => {
    const [first] = ports;
    if (!first) return [];
    const urls = ports.map(({ declared, own }) => [String(declared), `http://${host}:${own}`]);
    return [[name, { url: `http://${host}:${first.own}`, port: first.own, urls: Object.fromEntries(urls) }] as const];
  });
  return Object.fromEntries(addresses);
}
