import { describe, expect, test } from "vitest";
import { call } from "../tenant.ts";
import { eachOperation, PUBLIC_OPERATIONS, readDocument } from "./operations.ts";

/** Whether a body is one that the path's family sends: A7 of the registry's contract, 1.3 of the agent tasks' one, or OCI's. */
function isErrorBody(path: string, status: number, body: object): boolean {
  const keys = Object.keys(body).sort().join();
  if (/^\/(tasks|files|core)\//.test(path)) return keys === "detail";
  if (path.startsWith("/v2/")) return keys === "errors";
  const isAgent = path.startsWith("/api/") && !path.startsWith("/api/v1/");
  if (isAgent) return ["attr,code,detail,type", "error", "detail"].includes(keys);
  return keys === "code,detail,type" && "code" in body && body.code === status;
}

describe("the OpenAPI document", () => {
  test("is OpenAPI 3.1, cached, and built once", async () => {
    const response = await call("/openapi.json");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect((await readDocument()).openapi).toBe("3.1.0");
  });

  test("every operation has an id of its own, one known tag, a summary, and security unless it is public", async () => {
    const document = await readDocument();
    const tags = document.tags.map((tag) => tag.name);
    const ids = new Set<string>();
    for (const { operation, name } of eachOperation(document)) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/);
      expect(ids.has(operation.operationId), `${name}: operationId twice`).toBe(false);
      ids.add(operation.operationId);
      expect(operation.tags, name).toHaveLength(1);
      expect(tags, name).toContain(operation.tags[0]);
      expect(operation.summary, name).toBeTruthy();
      const ways = operation.security?.length ?? 0;
      expect(ways, name).toBe(operation.operationId in PUBLIC_OPERATIONS ? 0 : 3);
    }
    expect(ids.size).toBeGreaterThan(30);
  });

  test("every operation documents its errors with examples in its family's body", async () => {
    for (const { operation, name, path } of eachOperation(await readDocument())) {
      const wanted = operation["x-required-scope"] ? ["401", "426", "429", "500"] : ["426", "429", "500"];
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(wanted));
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        const media = response.content?.["application/json"];
        expect(Object.values(media?.examples ?? {}).length, `${name} ${status}`).toBeGreaterThan(0);
        for (const { value } of Object.values(media?.examples ?? {})) {
          expect(value, `${name} ${status}`).toSatisfy((body: object) => isErrorBody(path, Number(status), body));
        }
      }
    }
  });

  test("every operation of agent tasks that takes JSON says that bodies may be wrong, too large, or of another type", async () => {
    for (const { operation, name, path } of eachOperation(await readDocument())) {
      if (!path.startsWith("/api/projects/") || !operation.requestBody?.content?.["application/json"]) continue;
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(["400", "413", "415"]));
    }
  });

  test("every JSON body, request or answer, has an example, and every parameter", async () => {
    for (const { operation, name } of eachOperation(await readDocument())) {
      const media = [operation.requestBody, ...Object.values(operation.responses)].map(
        (part) => part?.content?.["application/json"],
      );
      for (const body of media.filter((part) => part !== undefined)) {
        expect(body.example ?? body.examples, name).toBeTruthy();
      }
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.example ?? parameter.schema?.example, `${name} ${parameter.name}`).toBeDefined();
      }
    }
  });
});
