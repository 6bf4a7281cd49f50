import { z } from "@hono/zod-openapi";
import { importRunTokenKeys } from "../../auth/run-token-keys.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";

/** Five minutes: a new key is known to everyone soon after it is set. */
const CACHE_CONTROL = "public, max-age=300";

const KID_EXAMPLE = "3f9a1c0b7d2e4856";

const jsonWebKey = z
  .object({
    kty: z.literal("RSA"),
    use: z.literal("sig"),
    alg: z.literal("RS256"),
    kid: z.string(),
    n: z.string(),
    e: z.string(),
  })
  .openapi("RunTokenKey");

const getKeySet = operation({
  method: "get",
  path: "/.well-known/jwks.json",
  operationId: "listRunTokenKeys",
  tags: ["Agent runs"],
  summary: "The public keys of run tokens, newest first",
  scope: "none",
  errors: [],
  responses: {
    200: {
      description: "A JSON Web Key Set; empty while no key is configured",
      content: {
        "application/json": {
          schema: z.object({ keys: z.array(jsonWebKey) }).openapi("RunTokenKeySet"),
          example: { keys: [{ kty: "RSA", use: "sig", alg: "RS256", kid: KID_EXAMPLE, n: "u1SU1LfV", e: "AQAB" }] },
        },
      },
    },
  },
});

const getPem = operation({
  method: "get",
  path: "/.well-known/run-token-key.pem",
  operationId: "getRunTokenKey",
  tags: ["Agent runs"],
  summary: "The public key that run tokens are signed with, as agents' servers take it",
  scope: "none",
  errors: ["not_found"],
  responses: {
    200: {
      description: "SPKI PEM",
      content: { "text/plain": { schema: z.string().openapi({ example: "-----BEGIN PUBLIC KEY-----" }) } },
    },
  },
});

const keysOf = (c: AppContext) => importRunTokenKeys(configOf(c).RUN_TOKEN_PRIVATE_KEY);

/** The public halves of the keys that run tokens are signed with (agent-tasks 8.2). */
export function tokenKeyRoutes(): Router {
  const routes = newRouter();

  routes.openapi(getKeySet, async (c) => {
    const keys = await keysOf(c);
    return c.json({ keys: keys.map(({ jwk }) => jwk) }, 200, { "Cache-Control": CACHE_CONTROL });
  });

  routes.openapi(getPem, async (c) => {
    const [key] = await keysOf(c);
    if (!key) throw new ApiError("not_found", "No RUN_TOKEN_PRIVATE_KEY is configured.");
    return c.text(key.pem, 200, { "Cache-Control": CACHE_CONTROL });
  });

  return routes;
}
