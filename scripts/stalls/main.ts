/**
 * `npm run check:stalls`: sends every operation its worst allowed bodies, and requests that once held the server; fails
 * where one request holds `/health` longer than a second. On a server of its own, whose state is thrown away.
 */
import { callApi, jsonOf } from "../api-client.ts";
import { PlainError, runCommand } from "../command.ts";
import { createFirstOrganization } from "../first-organization.ts";
import { withThrowAwayServer } from "../throw-away-server.ts";
import { archiveAttacks } from "./archives.ts";
import { type Attack, attacksOn } from "./attacks.ts";
import { type Health, HealthWatch } from "./health-watch.ts";
import { makeSubjects } from "./subjects.ts";
import { documentSchema, worstRequests } from "./worst-requests.ts";

/** Milliseconds that the server may hold `/health` for any one request. */
const MAX_HELD_MS = 1_000;
/** How often a request is sent that seems to hold the server: the least counts, since a machine may be busy otherwise. */
const MAX_ATTEMPTS = 3;
/** Milliseconds until a request is given up. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Rows of the table at the end. */
const SHOWN_ROWS = 20;
/** Requests between two lines that say how far the check is. */
const PROGRESS_ROWS = 250;

interface Row extends Health {
  title: string;
  /** The status, or `none` where no answer came. */
  status: number | "none";
  milliseconds: number;
}

await runCommand(async (signal) => {
  const only = process.argv[2];
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    const access = { baseUrl: server.baseUrl, key: connection.api_key, signal };
    const subjects = await makeSubjects(access, connection);
    const document = documentSchema.parse(
      jsonOf(await callApi(access, { method: "GET", path: "/openapi.json", expect: 200 })),
    );
    const attacks = [...attacksOn(subjects), ...archiveAttacks(subjects), ...worstRequests(document, subjects)];
    const health = new HealthWatch(server.baseUrl, server.processes.pid ?? 0);
    const rows: Row[] = [];
    const tooLarge = new Set<string>();
    try {
      for (const attack of attacks) {
        if (only !== undefined && !attack.title.includes(only)) continue;
        if (attack.kind !== undefined && tooLarge.has(attack.kind)) continue;
        signal.throwIfAborted();
        const row = await measure(server.baseUrl, connection.api_key, attack, health);
        if (attack.kind !== undefined && row.status === 413) tooLarge.add(attack.kind);
        rows.push(row);
        if (row.held > MAX_HELD_MS) console.log(lineOf(row));
        if (rows.length % PROGRESS_ROWS === 0) console.log(`${rows.length} requests sent`);
      }
    } finally {
      await health.stop();
    }
    report(rows);
  });
});

/** Sends a request, again where it seems to hold the server, and says what was least. */
async function measure(baseUrl: string, key: string, attack: Attack, health: HealthWatch): Promise<Row> {
  let least: Row | undefined;
  const body = attack.body();
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    await health.sinceLast();
    const sent = await send(baseUrl, key, attack, body);
    const row = { title: attack.title, ...sent, ...(await health.sinceLast()) };
    if (least === undefined || row.held < least.held) least = row;
    if (least.held <= MAX_HELD_MS) return least;
  }
  if (least === undefined) throw new Error("No attempt was made");
  return least;
}

async function send(
  baseUrl: string,
  key: string,
  { method, path, headers }: Attack,
  body: ReturnType<Attack["body"]>,
): Promise<Pick<Row, "status" | "milliseconds">> {
  const started = performance.now();
  let status: Row["status"] = "none";
  try {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": typeof body === "string" ? "application/json" : "application/octet-stream",
        ...headers,
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    ({ status } = response);
  } catch {
    // A refusal may cut the connection while the body is still on its way; what `/health` says is what counts.
  }
  return { status, milliseconds: performance.now() - started };
}

function lineOf({ title, status, milliseconds, waited, held }: Row): string {
  const times = [held, waited, milliseconds].map((time) => String(Math.round(time)).padStart(8)).join("");
  return `${times}  ${status}  ${title}`;
}

function report(rows: Row[]): void {
  const worst = rows.toSorted((a, b) => b.held - a.held);
  console.log(`${rows.length} requests. In milliseconds: how long the server held /health, how long /health waited,`);
  console.log("and the request itself.\n");
  for (const row of worst.slice(0, SHOWN_ROWS)) console.log(lineOf(row));
  const stalls = worst.filter(({ held }) => held > MAX_HELD_MS);
  if (stalls.length > 0)
    throw new PlainError(`${stalls.length} requests held the server longer than ${MAX_HELD_MS} ms.`);
  console.log("\nNo request held the server longer than a second.");
}
