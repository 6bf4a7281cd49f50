import { expect, test } from "vitest";
import { FileExchange } from "../../../src/sandbox/runner/file-exchange.ts";
import type { EnvironmentMessage } from "../../../src/sandbox/runner-protocol.ts";

test("an upload whose body breaks off is ended on the machine at once", async () => {
  const sent: EnvironmentMessage[] = [];
  const exchange = new FileExchange("id", (message) => sent.push(message));
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("The client has left")),
  });
  await expect(exchange.feed(body)).rejects.toThrow("The client has left");
  expect(sent).toEqual([{ type: "kill", id: "id" }]);
});
