import type { EnvironmentRow } from "./object/environment-record.ts";

/** A placeholder of an instruction (A5, "Template variables"). */
const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g;

export type Inputs = Readonly<Record<string, unknown>>;
export type Services = Readonly<NonNullable<EnvironmentRow["serviceUrls"]>>;

/** What placeholders stand for: services' addresses, and the creator's inputs, which win. */
export function templateVariables(services: Services, inputs: Inputs): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [name, { url, port, urls = { [port]: url } }] of Object.entries(services)) {
    variables.set(`${name}_url`, url);
    for (const [declared, address] of Object.entries(urls)) variables.set(`${name}_url_${declared}`, address);
    variables.set(`${name}_host`, new URL(url).hostname);
    variables.set(`${name}_port`, String(port));
  }
  for (const [name, value] of Object.entries(inputs)) {
    variables.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return variables;
}

/** Fills placeholders in; those that nothing is known of are left as they are. */
export function resolveInstruction(instruction: string, variables: ReadonlyMap<string, string>): string {
  return instruction.replaceAll(PLACEHOLDER, (text, name: string) => variables.get(name) ?? text);
}

/** How many characters `resolveInstruction` would make: a large input may stand in many places. */
export function resolvedLength(instruction: string, variables: ReadonlyMap<string, string>): number {
  let length = instruction.length;
  for (const [text, name = ""] of instruction.matchAll(PLACEHOLDER)) {
    length += (variables.get(name) ?? text).length - text.length;
  }
  return length;
}

/** Services that task.yaml declares and nobody has an address of: what users are warned of. */
export function missingServices(
  ports: Readonly<Record<string, readonly number[]>> | null,
  services: Services,
  inputs: Inputs,
): string[] {
  const known = templateVariables(services, inputs);
  return Object.keys(ports ?? {}).filter((name) => !known.has(`${name}_url`));
}
