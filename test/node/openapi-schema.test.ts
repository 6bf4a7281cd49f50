import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { buildApp } from "../../src/app.ts";

test("the document at /openapi.json is valid OpenAPI 3.1", async () => {
  const response = await buildApp().request("/openapi.json", {}, {});
  const { valid, errors } = await new Validator().validate(await response.json());
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});
