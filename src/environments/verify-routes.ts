import { type RouteConfig, z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { NO_STORE } from "../admin/access.ts";
import { operation } from "../http/operation.ts";
import { TASK_ROOT } from "../sandbox/port.ts";
import { ACCESS_ERRORS, nameSandbox, tokenHeader, unwrap } from "./environment-access.ts";
import { collect, startCommand } from "./commands/execute-routes.ts";
import { ENVIRONMENT_PATH, environmentPath } from "./environment-schemas.ts";
import { answerSlowly } from "./commands/slow-answer.ts";
import { planCheck } from "./verify.ts";

const verdict = z
  .object({
    passed: z.boolean().openapi({ description: "Whether the script ended with 0, or the flag is the right one" }),
    method: z.string(),
    needs_judge: z.boolean().openapi({ description: "Whether the task asks for a judge's word besides" }),
    exit_code: z.int().nullable(),
    timed_out: z.boolean(),
    output: z.string().openapi({ description: "What the script wrote; empty for a flag" }),
    command_id: z.uuid(),
    duration_ms: z.int().nullable(),
  })
  .openapi("VerificationResult");

/** Written by hand where it takes long: this type lets the route answer with a plain Response. */
const answer: NonNullable<RouteConfig["responses"]>[string] = {
  description: "What came of it",
  content: {
    "application/json": {
      schema: verdict,
      example: {
        passed: true,
        method: "script",
        needs_judge: false,
        exit_code: 0,
        timed_out: false,
        output: "The flag is right.\n",
        command_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be301",
        duration_ms: 48,
      },
    },
  },
};

const verify = operation({
  method: "post",
  path: `${ENVIRONMENT_PATH}/verify`,
  operationId: "verifyEnvironment",
  tags: ["Environments"],
  summary: "Verify the task in an environment",
  description:
    "Runs the verification script of the task's archive in the sandbox, as it was published, or compares the flag that lies " +
    "there. What only a judge can say, or is verified where the agent is, is 400. Slow answers begin as those of execute do.",
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request", "sandbox_failed"],
  request: { params: environmentPath, headers: tokenHeader },
  responses: { 200: answer },
});

/** Verification of what was done in an environment (A5). */
export function verifyRoutes(): Router {
  const routes = newRouter();

  routes.openapi(verify, async (c) => {
    const path = c.req.valid("param");
    const { handle, access } = await nameSandbox(c, path);
    const check = await planCheck(c, unwrap(await handle.inspect(access)).row);
    const asked = { ...check.command, cwd: TASK_ROOT, stdin: "" };
    const { followed } = await startCommand(c, path, asked, false);
    const judge = async (): Promise<z.output<typeof verdict>> => {
      const result = await collect(followed);
      const { exit_code, timed_out, command_id, duration_ms } = result;
      const output = check.method.startsWith("flag") ? "" : result.output;
      const needs_judge = check.method.endsWith("_and_judge");
      const passed = await check.passes(result);
      return { passed, method: check.method, needs_judge, exit_code, timed_out, output, command_id, duration_ms };
    };
    return answerSlowly(c, judge(), { ...NO_STORE, "X-Command-Id": followed.commandId });
  });
  return routes;
}
