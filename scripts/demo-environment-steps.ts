import { z } from "zod";
import { jsonOf, textOf } from "./api-client.ts";
import { demand, type DemoSession, type DemoStep } from "./demo-session.ts";

const environmentSchema = z.object({
  id: z.string(),
  state: z.string(),
  error: z.string().nullable(),
  execute_token: z.string().nullable(),
});
const commandSchema = z.object({ exit_code: z.int(), output: z.string() });
/** Milliseconds between two looks at an environment, and looks until it has to be ready. */
const LOOK_MS = 200;
const MAX_LOOKS = 600;

/** A task in the sandbox that needs nothing but Taskyard. */
export const ENVIRONMENT_STEPS: DemoStep[] = [
  {
    title: "Provision the example task, and execute a command in its environment",
    run: (session) => useEnvironment(session, "embedded", "ls; head -2 README.md"),
  },
];

/** Provisions the example task in a sandbox of this kind, executes a command that shows its files, and tears it down. */
export async function useEnvironment(session: DemoSession, provider: string, command: string): Promise<void> {
  const { org, workspace } = session.connection;
  const environments = `/api/v1/org/${org}/ws/${workspace}/environments`;
  const json = { task_ref: session.example.name, sandbox_provider: provider };
  const made = await session.send({ method: "POST", path: environments, json, expect: 201 });
  const environment = environmentSchema.parse(jsonOf(made));
  const place = `${environments}/${environment.id}`;
  for (let look = 0, { state, error } = environment; state !== "ready"; look += 1) {
    demand(state !== "failed" && look < MAX_LOOKS, `The environment is ${state}: ${error}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await session.send({ method: "GET", path: place, expect: 200 });
    ({ state, error } = environmentSchema.parse(jsonOf(now)));
  }
  const executed = await session.send({
    method: "POST",
    path: `${place}/execute`,
    headers: { "X-Environment-Token": environment.execute_token ?? "" },
    json: { command },
    expect: 200,
  });
  const { exit_code, output } = commandSchema.parse(jsonOf(executed));
  session.say(`exit code ${exit_code}\n${output}`);
  demand(exit_code === 0 && output.includes("task.yaml"), "The command should have shown the task's files.");
  const gone = await session.send({ method: "DELETE", path: place, expect: 200 });
  demand(textOf(gone).includes("torn_down"), "The environment should be torn down.");
}
