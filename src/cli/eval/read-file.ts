import { readFile } from "node:fs/promises";
import path from "node:path";
import { usageFailure } from "../base/failure.ts";

/** Read where nothing else is named. */
export const DEFAULT_FILE = "evaluation.yaml";

/** The fields of an evaluation's file: YAML, as the API has them. `dataset` may name a file beside it. */
export async function readEvaluationFile(file: string): Promise<Record<string, unknown>> {
  const fields = await readYaml(file, await readFile(file, "utf8"));
  const { dataset } = fields;
  if (typeof dataset !== "string") return fields;
  const place = path.resolve(path.dirname(file), dataset);
  return { ...fields, dataset: await readRows(place, await readFile(place, "utf8")) };
}

async function readYaml(file: string, text: string): Promise<Record<string, unknown>> {
  const { parseYaml } = await import("../base/yaml.ts");
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw usageFailure(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw usageFailure(
      `${file} has no fields.`,
      "It looks like: `task_names: [my-task]` and `agent: oracle`, a line each.",
    );
  }
  return Object.fromEntries(Object.entries(value));
}

/** Rows of a data set: JSON, a line of JSON each (.jsonl), or YAML. */
async function readRows(file: string, text: string): Promise<unknown> {
  if (!file.endsWith(".jsonl")) {
    const { parseYaml } = await import("../base/yaml.ts");
    return parseYaml(text);
  }
  return text
    .split("\n")
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }): unknown => {
      try {
        return JSON.parse(line);
      } catch {
        throw usageFailure(`${file}: line ${number} is no JSON.`);
      }
    });
}
