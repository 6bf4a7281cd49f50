import { beforeAll, expect, test } from "vitest";
import { familyOfPath } from "../../src/http/errors/families.ts";
import { SCOPES } from "../../src/auth/scopes.ts";
import { call } from "../tenant.ts";
import { type Expected, expectedOf, EXCEPTIONS, REFUSALS } from "./expected-access.ts";
import { IDENTITIES, type IdentityName, type Scene, setScene } from "./identities.ts";
import { eachOperation, type Operation, PUBLIC_OPERATIONS, readDocument } from "./operations.ts";

const operations: Operation[] = [...eachOperation(await readDocument())];
const identities = Object.keys(IDENTITIES).filter((name): name is IdentityName => name in IDENTITIES);

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
});

/** The value of a path parameter: what is there, else the document's own example. */
function valueOf({ path, operation }: Operation, name: string): string {
  // Workflow clients know a task by its integer.
  if (name === "task_id" && path.startsWith("/tasks/")) return String(scene.client.taskId);
  const parameter = operation.parameters?.find((candidate) => candidate.in === "path" && candidate.name === name);
  return scene.named[name] ?? String(parameter?.example ?? parameter?.schema?.example);
}

/** What a query has to have, from the document's own examples. */
function requiredQuery({ parameters = [] }: Operation["operation"]): string {
  const required = parameters.filter((parameter) => parameter.in === "query" && parameter.required === true);
  const given = required.map(({ name, example, schema }) => [name, String(example ?? schema?.example)]);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** A request to the operation on what is there, made of the document's own examples; `other` replaces path parameters. */
function send(
  asked: Operation,
  headers: Record<string, string>,
  { other = {}, query = "" }: { other?: Record<string, string>; query?: string } = {},
): Promise<Response> {
  const { method, path, operation } = asked;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(other[name] ?? valueOf(asked, name)),
  );
  const json = operation.requestBody?.content?.["application/json"];
  const example = json?.example ?? Object.values(json?.examples ?? {})[0]?.value;
  const own = operation.operationId === "createOrganization" ? { key: `made-${crypto.randomUUID()}` } : {};
  const raw = operation.requestBody ? new Uint8Array(8) : undefined;
  const body = json ? JSON.stringify({ ...Object(example), ...own }) : raw;
  const type = json ? { "Content-Type": "application/json" } : {};
  return call(`${filled}${query === "" ? requiredQuery(operation) : query}`, {
    method,
    headers: { ...type, ...headers },
    ...(body !== undefined && { body }),
  });
}

/** The text of an answer, but of one that goes on. */
async function readText(response: Response): Promise<string> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response.text();
  await response.body?.cancel();
  return "";
}

/** What container tools read of a refusal; of what is not there, also which it is. */
const OCI_CODES: Record<number, string[] | undefined> = {
  401: ["UNAUTHORIZED"],
  403: ["DENIED"],
  404: ["NAME_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"],
};

/** What is wrong with a refusal's body, in its family's words; undefined for one that is right. */
function faultOf({ path }: Operation, text: string, refusal: keyof typeof REFUSALS): string | undefined {
  const body: Record<string, unknown> = JSON.parse(text);
  const { status, type, agentCode } = REFUSALS[refusal];
  const agentType = refusal === "not_found" ? "invalid_request" : "authentication_error";
  const [oci] = Array.isArray(body["errors"]) ? body["errors"] : [];
  const wanted = {
    oci: { errors: [{ code: OCI_CODES[status]?.find((code) => code === oci?.code), message: oci?.message }] },
    registry: { code: status, type, detail: body["detail"] },
    "agent-tasks": { type: agentType, code: agentCode, detail: body["detail"], attr: null },
    "agent-events": { error: body["error"] },
    "workflow-files": { detail: body["detail"] },
  }[path.endsWith("/event_stream") ? "agent-events" : familyOfPath(path)];
  const told = body["detail"] ?? body["error"] ?? oci?.message;
  const isRight = Object.entries({ ...body, ...wanted }).every(
    ([key, value]) => key in wanted && JSON.stringify(body[key]) === JSON.stringify(value),
  );
  return isRight && typeof told === "string" && told !== "" ? undefined : `body ${text}`;
}

async function findFault(
  identity: IdentityName,
  operation: Operation,
  expected: Expected,
): Promise<string | undefined> {
  const response = await send(operation, await IDENTITIES[identity](scene, operation));
  const { status } = response;
  const text = await readText(response);
  if (!(String(status) in operation.operation.responses)) return `${status} is not documented: ${text}`;
  if (expected === "as anyone") {
    const anyone = await send(operation, {});
    await readText(anyone);
    return status === anyone.status ? undefined : `${status}, where anyone gets ${anyone.status}`;
  }
  if ("refused" in expected) {
    const wanted = REFUSALS[expected.refused].status;
    if (status !== wanted) return `${status} in place of ${wanted} ${expected.refused}: ${text.slice(0, 300)}`;
    const scheme = familyOfPath(operation.path) === "oci" ? "Basic" : "Bearer";
    if (status === 401 && !response.headers.get("www-authenticate")?.startsWith(scheme)) {
      if (expected.refused !== "token_invalid") return "401 without WWW-Authenticate";
    }
    return faultOf(operation, text, expected.refused);
  }
  if (status >= 500 || status === 401) return `${status} though ${expected.admitted}: ${text.slice(0, 300)}`;
  const isForeign = identity === "another organization's key" || identity === "another project's key";
  const shown = isForeign && scene.secrets.find((secret) => text.includes(secret));
  return shown ? `shows ${shown}` : undefined;
}

test(
  "a value that a path or a query may not have is answered with a documented error",
  { timeout: 120_000 },
  async () => {
    const faults: string[] = [];
    const key = await scene.client.makeKey([...SCOPES]);
    for (const asked of operations) {
      for (const { name, in: place } of asked.operation.parameters ?? []) {
        if (place !== "path" && place !== "query") continue;
        const wrong = place === "path" ? { other: { [name]: "~ %" } } : { query: `?${name}=~%20%25` };
        const response = await send(asked, { Authorization: `Bearer ${key}` }, wrong);
        const text = await readText(response);
        if (response.status >= 500 || !(String(response.status) in asked.operation.responses)) {
          faults.push(
            `${asked.name} with a wrong ${name}: ${response.status} is not documented: ${text.slice(0, 200)}`,
          );
        }
      }
    }
    expect(faults).toEqual([]);
  },
);

test.each(identities)("every operation, asked with %s", { timeout: 120_000 }, async (identity) => {
  const faults: string[] = [];
  for (const operation of operations) {
    const fault = await findFault(identity, operation, expectedOf(identity, operation));
    if (fault !== undefined) faults.push(`${operation.name} with ${identity}: ${fault}`);
  }
  expect(faults).toEqual([]);
});

test("only what is meant to be public is public", () => {
  const open = operations.filter(({ operation }) => !operation["x-required-scope"]);
  expect(open.map(({ operation }) => operation.operationId).sort()).toEqual(Object.keys(PUBLIC_OPERATIONS).sort());
  expect(operations.length).toBeGreaterThan(130);
});

test("every exception is of an operation that there is", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(EXCEPTIONS.filter((id) => !ids.includes(id))).toEqual([]);
});
