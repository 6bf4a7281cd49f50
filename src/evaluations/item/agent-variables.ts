import { unwrap } from "../../environments/environment-access.ts";
import { environmentOf, type StepContext } from "./steps/step.ts";

/** Bytes of one variable: Linux starts no program with one of 128 KiB. All of a longer text is in the file. */
const MAX_VALUE_BYTES = 100_000;

/** Where an agent in the environment finds all of the instruction, and where it leaves what is to be kept. */
const INSTRUCTION_FILE = "/logs/agent/instruction.md";
const ARTIFACTS_FOLDER = "/logs/artifacts";

/** The variables of an agent that works in the environment itself (docs/evaluations.md); its own come last. */
export async function insideVariables(context: StepContext): Promise<Record<string, string>> {
  const { plan, state } = context.progress;
  const { access, open, machine } = environmentOf(context);
  const { instruction } = unwrap(await open().read(access)).row;
  const text = instruction ?? "";
  const bytes = new TextEncoder().encode(text);
  await machine.run({
    command: `mkdir -p /logs/agent ${ARTIFACTS_FOLDER}`,
    env: {},
    timeout_sec: 30,
    separate_output: false,
  });
  await machine.write(INSTRUCTION_FILE, new Blob([bytes]).stream(), bytes.length);
  return {
    TASKYARD_TITLE: plan.task.ref,
    TASKYARD_DESCRIPTION: cut(bytes),
    TASKYARD_MESSAGE: cut(bytes),
    TASKYARD_INSTRUCTION_FILE: INSTRUCTION_FILE,
    TASKYARD_OUTPUT_FOLDER: ARTIFACTS_FOLDER,
    TASKYARD_MODEL: plan.model,
    TASKYARD_TASK_REF: plan.task.ref,
    TASKYARD_RUN_ID: state.runId ?? "",
    TASKYARD_EVALUATION_ID: plan.evaluationId,
    ...(plan.agent.kind === "inside" ? plan.agent.env : {}),
  };
}

/** As much of a text as a variable holds, which ends at the first NUL; half a character at the end stays outside. */
function cut(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const kept = bytes.subarray(0, Math.min(end === -1 ? bytes.length : end, MAX_VALUE_BYTES));
  return new TextDecoder().decode(kept, { stream: true });
}
