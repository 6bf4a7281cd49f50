import { MACHINE_VARIABLE } from "../../sandbox/container-task.ts";

/** A task asks for a variable of the runner that it may not have, or that is not there. */
export class VariableRefused extends Error {
  override readonly name = "VariableRefused";
}

/** Variables of the runner's environment that tasks may have: those that its operator has named. */
export class MachineVariables {
  readonly #allowed: ReadonlyMap<string, string | undefined>;

  constructor(names: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#allowed = new Map(names.map((name) => [name, environment[name]]));
  }

  /** The values of those that are set: what is masked in output. */
  get values(): string[] {
    return [...this.#allowed.values()].filter((value) => value !== undefined);
  }

  /** Fills `${NAME}` and `${NAME:-otherwise}` in the values in. Throws VariableRefused, which names what is missing. */
  fillIn(values: Readonly<Record<string, string>>): Record<string, string> {
    const filled = Object.entries(values).map(([key, value]) => [
      key,
      value.replaceAll(MACHINE_VARIABLE, (_, name: string, otherwise?: string) =>
        this.read(`The task's variable ${key}`, name, otherwise),
      ),
    ]);
    return Object.fromEntries(filled);
  }

  /** The value for `whom`, who is named in the reason. Throws VariableRefused. */
  read(whom: string, name: string, otherwise: string | undefined): string {
    const value = this.#allowed.get(name);
    if (value !== undefined && (value !== "" || otherwise === undefined)) return value;
    if (otherwise !== undefined) return otherwise;
    const why = this.#allowed.has(name)
      ? "which is not set there"
      : `which its operator has not allowed (--allow-env ${name})`;
    throw new VariableRefused(`${whom} needs \${${name}} of the runner, ${why}.`);
  }
}
