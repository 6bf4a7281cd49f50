import { describe, expect, it } from "vitest";
import { createTenant } from "../tenant.ts";
import { packTask, publish } from "./archives.ts";

describe("publish in one request", () => {
  it("publishes, and answers the same bytes with 200", async () => {
    const tenant = await createTenant();
    const created = await publish(tenant, packTask());
    expect(created.status).toBe(201);
    const again = await publish(tenant, packTask());
    expect(again.status).toBe(200);
  });
});
