import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
test("x", async () => { expect((await exports.default.fetch("https://x/")).status).toBe(200); });
