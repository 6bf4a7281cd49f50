/**
 * `npm run dev`: Taskyard on this machine, with data that stays. The first start makes an organization with its
 * workspace, project, user and key; `dev.json` in the state folder tells tools how to reach them.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { callApi } from "./api-client.ts";
import { Interruption } from "../src/cli/base/interruption.ts";
import { aborted, PlainError, ROOT, runCommand } from "./command.ts";
import { packExample } from "./example-archive.ts";
import { createFirstOrganization } from "./first-organization.ts";
import { startLocalServer } from "./local-server.ts";
import { type Connection, openStateFolder, readConnection, type StateFolder, writeConnection } from "./state-folder.ts";

const DEFAULT_PORT = 8787;
/** Milliseconds in which a server that runs already says so. */
const ALREADY_RUNNING_TIMEOUT_MS = 2_000;

await runCommand(async (signal) => {
  try {
    await serve(signal);
  } catch (error) {
    // Ctrl-C is how this command ends.
    if (!(signal.reason instanceof Interruption)) throw error;
    console.log("\nTaskyard has stopped.");
  }
});

/** Runs the server until `signal` is aborted or the server ends. */
async function serve(signal: AbortSignal): Promise<void> {
  const port = readPort(process.env["PORT"]);
  const state = await openStateFolder(path.resolve(process.env["TASKYARD_STATE"] || path.join(ROOT, ".taskyard")));
  const known = await readConnection(state);
  if (known) await refuseSecondServer(known, state);
  console.log("Starting Taskyard …");
  const server = await startLocalServer({ state, port, signal });
  try {
    const connection = known
      ? await useKnownKey({ ...known, base_url: server.baseUrl }, state, signal)
      : await createFirstOrganization(server, state, signal);
    const file = await writeConnection(state, connection);
    await introduce(connection, file, state);
    server.processes.onLine((line) => console.log(line));
    await Promise.race([server.processes.ended, aborted(signal)]);
    throw new PlainError(`The server ended by itself:\n\n${server.processes.output()}`);
  } finally {
    await server.processes.stop();
  }
}

function readPort(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new PlainError(`PORT=${text} is not a port.`);
  return port;
}

/** Two servers over one state folder would write the same databases. */
async function refuseSecondServer(known: Connection, state: StateFolder): Promise<void> {
  const access = {
    baseUrl: known.base_url,
    key: known.api_key,
    signal: AbortSignal.timeout(ALREADY_RUNNING_TIMEOUT_MS),
  };
  const running = await callApi(access, { method: "GET", path: "/api/v1/user", expect: 200 }).then(
    () => true,
    () => false,
  );
  if (!running) return;
  throw new PlainError(
    `Taskyard runs already on ${known.base_url} with the state in ${state.folder}.\n` +
      "Stop it first, or give this one a folder of its own: TASKYARD_STATE=<folder> PORT=<port> npm run dev",
  );
}

/** The connection of an earlier start, once its key has been seen to work. */
async function useKnownKey(connection: Connection, state: StateFolder, signal: AbortSignal): Promise<Connection> {
  try {
    const access = { baseUrl: connection.base_url, key: connection.api_key, signal };
    await callApi(access, { method: "GET", path: "/api/v1/user", expect: 200 });
    return connection;
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    throw new PlainError(
      `${error.message}\n\nThe key in dev.json does not fit the data. Remove ${state.folder} to begin anew; its data goes with it.`,
    );
  }
}

/** Says where the server is, who one is there, and what to try. */
async function introduce(connection: Connection, file: string, state: StateFolder): Promise<void> {
  const { base_url, org, workspace, project_id, api_key } = connection;
  const example = await packExample();
  const archive = path.join(state.folder, `${example.name}-${example.version}.zip`);
  await writeFile(archive, example.bytes);
  const tasks = `${base_url}/api/v1/org/${org}/tasks`;
  const task = `${tasks}/${example.name}`;
  const curl = `curl -H 'Authorization: Bearer ${api_key}'`;
  console.log(`
Taskyard listens on ${base_url} (Ctrl-C ends it)

  Console       ${base_url}/#key=${api_key}
  API docs      ${base_url}/docs
  API key       ${api_key}
  acts in       organization ${org}, workspace ${workspace}, project ${project_id}
  for tools     ${file}

Paste into another terminal, line by line, to publish the example task, list tasks, and read a file out of the archive:

${curl} -T ${quote(archive)} ${task}/versions/${example.version}
${curl} ${tasks}
${curl} ${task}/files/README.md
`);
}

/** A word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
