/**
 * A variable in a value of a compose file: `$NAME`, `${NAME}`, `${NAME:-otherwise}`, `${NAME-otherwise}`,
 * `${NAME:?message}`; `$$` stands for `$`.
 */
const VARIABLE = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?])([^}]*))?\})/g;

/** The value of a variable, or what stands in its place; throws where there is neither. */
export type ReadVariable = (name: string, otherwise: string | undefined) => string;

/** Fills variables in everywhere in a document's values; keys stay as they are. */
export function interpolate(value: unknown, read: ReadVariable): unknown {
  if (typeof value === "string") {
    return value.replaceAll(VARIABLE, (_, plain?: string, name?: string, sign?: string, rest?: string) => {
      const asked = plain ?? name;
      if (asked === undefined) return "$";
      return read(asked, sign?.endsWith("-") === true ? rest : undefined);
    });
  }
  if (Array.isArray(value)) return value.map((item: unknown) => interpolate(item, read));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, interpolate(inner, read)]));
}
