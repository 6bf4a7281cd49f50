import { type RouteConfig, z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { NO_STORE } from "../../admin/access.ts";
import { callerOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { START_FOLDER } from "../../sandbox/port.ts";
import { ACCESS_ERRORS, nameSandbox, tokenHeader, unwrap } from "../environment-access.ts";
import { collectForKey } from "../commands/collect.ts";
import { startCommand } from "../commands/execute-routes.ts";
import { ENVIRONMENT_PATH, environmentPath } from "../environment-schemas.ts";
import { answerSlowly } from "../commands/slow-answer.ts";
import type { CheckCommand, Machine } from "./check.ts";
import { planCheck } from "./verify.ts";

const verdict = z
  .object({
    passed: z.boolean().openapi({
      description: "Whether the script ended with 0, the flag is the right one, or the reward is 1 at least",
    }),
    reward: z.number().nullable().openapi({
      description: "1 or 0; of a task in Harbor's format what it wrote, null where that is no number",
    }),
    rewards: z
      .record(z.string(), z.number())
      .nullable()
      .openapi({ description: "All numbers of a task in Harbor's format that wrote several" }),
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
        reward: 1,
        rewards: null,
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
    "there. Of a task in Harbor's format `tests` is copied to `/tests` and run, and gives a reward. What only a judge can say, or is verified where the agent is, is 400. Slow answers begin as those of execute do.",
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
    const context = {
      env: c.env,
      caller: callerOf(c),
      waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
    };
    const check = await planCheck(context, unwrap(await handle.inspect(access)).row);
    const start = (command: CheckCommand) => startCommand(c, path, { ...command, cwd: START_FOLDER, stdin: "" }, false);
    const machine: Machine = {
      run: async (command) => collectForKey(c, (await start(command)).followed),
      write: async (place, content, size) => {
        unwrap(await handle.writeFile(access, place, content, size));
      },
    };
    await check.prepare?.(machine);
    const { followed } = await start(check.command);
    const judge = async (): Promise<z.output<typeof verdict>> => {
      const result = await collectForKey(c, followed);
      const { exit_code, timed_out, command_id, duration_ms } = result;
      const output = check.method.startsWith("flag") ? "" : result.output;
      const needs_judge = check.method.endsWith("_and_judge");
      const judgement = await check.judge(result, machine);
      return { ...judgement, method: check.method, needs_judge, exit_code, timed_out, output, command_id, duration_ms };
    };
    return answerSlowly(c, judge(), { ...NO_STORE, "X-Command-Id": followed.commandId });
  });
  return routes;
}
