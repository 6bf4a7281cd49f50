/**
 * `npm run check:stalls`: sends every operation its worst allowed bodies, and requests that once held the server; fails
 * where one request makes `/health` wait longer than a second. On a server of its own, whose state is thrown away.
 */
import { callApi, jsonOf } from "../api-client.ts";
import { PlainError, runCommand } from "../command.ts";
import { createFirstOrganization } from "../first-organization.ts";
import { withThrowAwayServer } from "../throw-away-server.ts";
import { type Attack, attacksOn } from "./attacks.ts";
import { HealthWatch } from "./health-watch.ts";
import { makeSubjects } from "./subjects.ts";
import { documentSchema, worstRequests } from "./worst-requests.ts";

/** Milliseconds that `/health` may wait for any one request. */
const MAX_WAIT_MS = 1_000;
/** Milliseconds until a request is given up. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Rows of the table at the end. */
const SHOWN_ROWS = 15;

interface Row {
  title: string;
  /** The status, or `none` where no answer came. */
  status: number | "none";
  milliseconds: number;
  healthMilliseconds: number;
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
    const attacks = [...attacksOn(subjects), ...worstRequests(document, subjects)];
    const health = new HealthWatch(server.baseUrl);
    const rows: Row[] = [];
    try {
      for (const attack of attacks) {
        if (only !== undefined && !attack.title.includes(only)) continue;
        signal.throwIfAborted();
        await health.sinceLast();
        const sent = await send(server.baseUrl, connection.api_key, attack);
        const { longest } = await health.sinceLast();
        rows.push({ title: attack.title, ...sent, healthMilliseconds: longest });
      }
    } finally {
      await health.stop();
    }
    report(rows);
  });
});

async function send(
  baseUrl: string,
  key: string,
  { method, path, headers, body: makeBody }: Attack,
): Promise<Omit<Row, "title" | "healthMilliseconds">> {
  const body = makeBody();
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

function report(rows: Row[]): void {
  const worst = rows.toSorted((a, b) => b.healthMilliseconds - a.healthMilliseconds);
  console.log(`${rows.length} requests. The longest that /health waited, in milliseconds:\n`);
  for (const { title, status, milliseconds, healthMilliseconds } of worst.slice(0, SHOWN_ROWS)) {
    const times = `${Math.round(healthMilliseconds)}`.padStart(7) + `${Math.round(milliseconds)}`.padStart(8);
    console.log(`${times}  ${status}  ${title}`);
  }
  const stalls = worst.filter(({ healthMilliseconds }) => healthMilliseconds > MAX_WAIT_MS);
  if (stalls.length > 0)
    throw new PlainError(`${stalls.length} requests held the server longer than ${MAX_WAIT_MS} ms.`);
  console.log("\nNo request held the server longer than a second.");
}
