import { expect, test } from "vitest";
import { callConfigured } from "../configured.ts";
import { createEnvironmentClient } from "../environments/client.ts";
import { leftovers, NOTHING_LEFT, packTask } from "../registry/archives.ts";
import { createRunClient } from "../runs/run-client.ts";
import { pathOf, prepare } from "../runs/artifacts/run-uploads.ts";
import { createTenant } from "../tenant.ts";

const SLOW = { REQUEST_BODY_GRACE_SECONDS: 1, REQUEST_BODY_MIN_BYTES_PER_SECOND: 1_000_000 };

/** A body that stops coming after its first bytes. */
function stalled(first: Uint8Array): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    // As bodies are that come from a client.
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      if (sent) return new Promise<void>(() => undefined);
      sent = true;
      controller.enqueue(first);
      return undefined;
    },
  });
}

async function expectTooSlow(response: Response): Promise<void> {
  expect(response.status).toBe(408);
  expect(await response.text()).toContain("too slowly");
}

test("an archive that stops coming is 408, and nothing of it stays", async () => {
  const tenant = await createTenant();
  const archive = packTask();
  const headers = { Authorization: `Bearer ${tenant.adminKey}`, "Content-Length": String(archive.length) };
  const path = `/api/v1/org/${tenant.org}/tasks/sample/versions/1.0.0`;
  await expectTooSlow(
    await callConfigured(SLOW, path, { method: "PUT", headers, body: stalled(archive.slice(0, 50)) }),
  );
  expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
});

test("a form that stops coming is 408", async () => {
  const client = await createRunClient();
  const onArtifacts: typeof client.onRun = (path, request) => client.onRun(`/artifacts${path}`, request);
  const [prepared] = await prepare(onArtifacts, [{ name: "a.bin", type: "output", size: 9 }]);
  if (!prepared) throw new Error("No upload was prepared");
  const { url, fields } = prepared.presigned_post;
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const begin = `${parts.join("")}--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nabc`;
  const headers = { "Content-Type": "multipart/form-data; boundary=x" };
  const body = stalled(new TextEncoder().encode(begin));
  const response = await callConfigured(SLOW, pathOf(url), { method: "POST", headers, body });
  expect(response.status).toBe(408);
});

test("a file of an environment that stops coming is 408, and what was there stays", async () => {
  const { tenant, base, environment, token, onEnvironment } = await createEnvironmentClient();
  await onEnvironment("/files/task/a", { method: "PUT", body: "before", headers: { "Content-Length": "6" } });
  const headers = {
    Authorization: `Bearer ${tenant.adminKey}`,
    "X-Environment-Token": token,
    "Content-Length": "600000",
  };
  const body = stalled(new Uint8Array(300_000));
  const path = `/api/v1${base}/${environment.id}/files/task/a`;
  await expectTooSlow(await callConfigured(SLOW, path, { method: "PUT", headers, body }));
  expect(await (await onEnvironment("/files/task/a")).text()).toBe("before");
});
