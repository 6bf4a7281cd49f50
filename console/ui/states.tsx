import { CircleAlert, Inbox } from "lucide-react";
import type { ReactNode } from "react";
import { TaskyardError } from "../../src/client/errors.ts";
import { Button } from "./button.tsx";
import styles from "./states.module.css";

/** What stands where there is nothing yet: what it would be, and how to get it. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles["state"]}>
      <Inbox aria-hidden="true" />
      <h2>{title}</h2>
      {children !== undefined && <div className={styles["text"]}>{children}</div>}
    </div>
  );
}

/** Lines of grey in the place of what is loading; they show after a moment, so that quick answers do not flicker. */
export function LoadingState({ label = "Loading", lines = 6 }: { label?: string; lines?: number }) {
  return (
    <div className={styles["loading"]} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/** A failure in the server's words, with the id under which its log has the request. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const known = error instanceof TaskyardError ? error : undefined;
  return (
    <div className={styles["state"]} role="alert">
      <CircleAlert aria-hidden="true" className={styles["bad"]} />
      <h2>{titleOf(known)}</h2>
      <p className={styles["text"]}>{messageOf(error)}</p>
      {known !== undefined && known.problems.length > 0 && (
        <ul className={styles["problems"]}>
          {known.problems.map((problem) => (
            <li key={`${problem.loc.join(".")} ${problem.msg}`}>
              <code>{problem.loc.join(" › ")}</code> {problem.msg}
            </li>
          ))}
        </ul>
      )}
      {known?.requestId !== undefined && <p className={styles["id"]}>Request {known.requestId}</p>}
      {retry && <Button onClick={() => void retry()}>Try again</Button>}
    </div>
  );
}

function titleOf(error: TaskyardError | undefined): string {
  switch (error?.status) {
    case 0:
      return "The server cannot be reached";
    case 401:
      return "The key is not accepted";
    case 403:
      return "Your key may not see this";
    case 404:
      return "There is nothing here";
    case undefined:
    default:
      return "This did not work";
  }
}

/** An error in words, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
