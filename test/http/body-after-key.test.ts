import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { SCOPES } from "../../src/auth/scopes.ts";
import { buildApp } from "../../src/app.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { type DocumentedOperation, eachOperation, readDocument } from "./operations.ts";

const app = buildApp();
const withBody = [...eachOperation(await readDocument())].filter(({ operation }) => operation.requestBody);
/** Its permission stands in the form itself. */
const guarded = withBody.filter(({ operation }) => operation.operationId !== "postArtifactUpload");
const ofOrganization = guarded.filter(({ path }) => path.includes("{org}"));
const ofJson = guarded.filter(
  ({ operation }) =>
    operation.requestBody?.content?.["application/json"] && operation.operationId !== "sendAgentRunEvents",
);

let tenant: Tenant;
let key: string;

beforeAll(async () => {
  tenant = await createTenant();
  key = await tenant.makeKey([...SCOPES]);
});

/** A body without an announced length that counts what is taken of it; `next` makes a chunk, undefined waits for ever. */
function countedBody(next: () => Uint8Array | undefined) {
  const counts = { pulls: 0, bytes: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        counts.pulls += 1;
        const chunk = next();
        if (!chunk) return new Promise<void>(() => undefined);
        counts.bytes += chunk.byteLength;
        controller.enqueue(chunk);
        return undefined;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, counts };
}

interface Sent {
  path: string;
  method: string;
  operation: DocumentedOperation;
}

async function send(
  { path, method, operation }: Sent,
  headers: Record<string, string>,
  body: ReadableStream<Uint8Array>,
  settings: Record<string, unknown> = {},
): Promise<Response> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((candidate) => candidate.in === "path" && candidate.name === name);
    const own = { org: tenant.org, project_id: tenant.projectId }[name];
    return encodeURIComponent(own ?? String(parameter?.example ?? parameter?.schema?.example));
  });
  const [type = "application/json"] = Object.keys(operation.requestBody?.content ?? {});
  const context = createExecutionContext();
  const request = new Request(`https://taskyard.test${filled}`, {
    method,
    headers: { "Content-Type": type, ...headers },
    body,
  });
  const response = await app.fetch(request, { ...env, ...settings }, context);
  await waitOnExecutionContext(context);
  return response;
}

const KILOBYTE = new Uint8Array(1024).fill(0x20);

describe("of a request without a right to it, nothing of the body is read", () => {
  test("the document has operations to try", () => {
    expect(guarded.length).toBeGreaterThan(40);
    expect(ofOrganization.length).toBeGreaterThan(15);
  });

  test.for(guarded)("$name without a key", async (operation) => {
    const { stream, counts } = countedBody(() => KILOBYTE);
    const response = await send(operation, {}, stream);
    expect(response.status).toBe(401);
    expect(counts.pulls).toBe(0);
  });

  test.for(ofOrganization)("$name with another organization's key", async (operation) => {
    const stranger = await createTenant();
    const { stream, counts } = countedBody(() => KILOBYTE);
    const headers = { Authorization: `Bearer ${await stranger.makeKey([...SCOPES])}` };
    expect((await send(operation, headers, stream)).status).toBe(404);
    expect(counts.pulls).toBe(0);
  });
});

describe("with a key, a body that has no announced length has its limits", () => {
  const small = {
    JSON_BODY_MAX_BYTES: 4096,
    RUN_LOG_BODY_MAX_BYTES: 4096,
    RUN_ARTIFACTS_BODY_MAX_BYTES: 4096,
    EVALUATION_BODY_MAX_BYTES: 4096,
  };

  test.for(ofJson)("$name: 413, and little more than the limit is read", async (operation) => {
    const { stream, counts } = countedBody(() => KILOBYTE);
    const response = await send(operation, { Authorization: `Bearer ${key}` }, stream, small);
    expect(response.status).toBe(413);
    expect(Object.keys(await response.json<object>()).length).toBeGreaterThan(0);
    expect(counts.bytes).toBeLessThanOrEqual(4096 + 2048);
  });

  // One of each family: the limit is the same code for all of them, and each waits for a second.
  const families = ["/api/v1/", "/api/projects/", "/tasks/", "/core/"];
  const ofFamilies = families.flatMap((family) => ofJson.find(({ path }) => path.startsWith(family)) ?? []);

  test.for(ofFamilies)("$name: 408 for one that stops coming", async (operation) => {
    let sent = 0;
    const { stream } = countedBody(() => (sent++ === 0 ? KILOBYTE : undefined));
    const slow = { REQUEST_BODY_GRACE_SECONDS: 1, REQUEST_BODY_MIN_BYTES_PER_SECOND: 1_000_000 };
    const response = await send(operation, { Authorization: `Bearer ${key}` }, stream, slow);
    expect(response.status).toBe(408);
  });
});
