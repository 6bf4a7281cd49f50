import { TaskyardError } from "../../src/client/errors.ts";
import styles from "./form-error.module.css";
import { messageOf } from "./states.tsx";

/** What the server says of one field, for its place in the form. */
export function problemOf(error: unknown, field: string): string | undefined {
  if (!(error instanceof TaskyardError)) return undefined;
  if (error.attr === field) return error.message;
  return error.problems.find(({ loc }) => loc.includes(field))?.msg;
}

/** Why a form was not taken, in the server's words; nothing where each of its problems stands at one of `fields`. */
export function FormError({ error, fields = [] }: { error: unknown; fields?: readonly string[] }) {
  if (error === null || error === undefined) return null;
  const others =
    error instanceof TaskyardError
      ? error.problems.filter(({ loc }) => !fields.some((name) => loc.includes(name)))
      : [];
  const isShown = others.length === 0 && fields.some((name) => problemOf(error, name) !== undefined);
  return (
    <div role="alert" className={styles["error"]}>
      {isShown ? "Some fields need another look." : messageOf(error)}
      {others.length > 0 && (
        <ul>
          {others.map(({ loc, msg }) => (
            <li key={`${loc.join(".")} ${msg}`}>
              <code>{loc.join(" › ")}</code> {msg}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
