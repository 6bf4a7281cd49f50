import { describe, expect, test } from "vitest";
import { createTenant } from "../../tenant.ts";
import { digestOf, OciClient, taskLayer } from "./client.ts";

describe("a push by the steps of A4", () => {
  test("publishes", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const layer = taskLayer();
    const answer = await client.push(layer);
    expect([answer.status, await answer.text()]).toEqual([201, ""]);
    const detail = await (await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0`)).json();
    expect(detail).toMatchObject({ oci_digest: await digestOf(layer), version: "1.0.0" });
    const files = await (await tenant.api(`/org/${tenant.org}/tasks/sample/files`)).json();
    expect(files).toMatchObject({ total_files: 2 });
  });
});
