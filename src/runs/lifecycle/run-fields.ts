import { z } from "@hono/zod-openapi";
import { RUN_STATUSES } from "../../db/agent-schema.ts";
import { choiceField, jsonField, listField, objectField, textField } from "../../http/agent-api/agent-fields.ts";
import { checkRuntime, runOptionFields, textItem, toInitialState } from "../model/run-options.ts";
import { ENVIRONMENTS } from "../model/run-schema.ts";
import type { RunChange } from "../model/run-change.ts";
import type { NewRun } from "../object/run-record.ts";

const STAGE_MAX_LENGTH = 100;
const BRANCH_MAX_LENGTH = 255;
/** Characters of a key of `state`, and keys in one request: far more than agents use. */
const STATE_KEY_MAX_LENGTH = 255;
const STATE_KEYS_MAX = 1000;

const runFields = {
  status: choiceField(RUN_STATUSES, {}),
  stage: textField({ max: STAGE_MAX_LENGTH, nullable: true }),
  branch: textField({ max: BRANCH_MAX_LENGTH, nullable: true }),
  error_message: textField({ nullable: true, blank: true }),
  output: jsonField({ nullable: true }),
  state: objectField({}),
};

/** Fields that only the later form of a new run has: with one of them it waits to be started (agent-tasks 4.1). */
const BOOTSTRAP_FIELDS = Object.keys(runOptionFields).filter((field) => field !== "branch");

/** The body of `POST …/runs` (4.1), in the seed's form or the later one. */
export const newRun = z
  .object({ ...runOptionFields, ...runFields, environment: choiceField(ENVIRONMENTS, {}) })
  .superRefine(checkRuntime)
  .openapi("NewAgentRun");

/**
 * What a run begins with. The seed's form makes a cloud run that is not started; the later form a local one that is
 * queued, with its options in `state`. What the request says of status, environment and state goes before both (4.1).
 */
export function toNewRun(body: z.output<typeof newRun>): Omit<NewRun, "id" | "artifacts" | "createdBy"> {
  const isBootstrap = BOOTSTRAP_FIELDS.some((field) => Reflect.get(body, field) !== undefined);
  return {
    status: body.status ?? (isBootstrap ? "queued" : "not_started"),
    environment: body.environment ?? (isBootstrap ? "local" : "cloud"),
    stage: body.stage ?? null,
    branch: body.branch ?? null,
    errorMessage: body.error_message ?? null,
    output: body.output ?? null,
    state: { ...(isBootstrap && toInitialState(body)), ...body.state },
  };
}

/** The body of `PATCH …/runs/{run_id}` (4.2); absent fields stay as they are. */
export const runPatch = z
  .object({
    ...runFields,
    state_remove_keys: listField(
      { empty: "This list may not be empty.", max: STATE_KEYS_MAX },
      textItem(STATE_KEY_MAX_LENGTH),
    ),
    environment: choiceField(["local"], {}),
  })
  .openapi("AgentRunChange");

export function toChange(body: z.output<typeof runPatch>): RunChange {
  const { error_message: errorMessage, state_remove_keys: stateRemoveKeys, ...fields } = body;
  return { ...fields, errorMessage, stateRemoveKeys };
}
