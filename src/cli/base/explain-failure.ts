import { safeText } from "../output/safe-text.ts";
import { EXIT, Failure } from "./failure.ts";

/** Problems of an archive or a request that are shown one by one. */
const SHOWN_PROBLEMS = 20;

/** Where to look for what is not there, by its path. */
const LISTS: readonly (readonly [RegExp, string])[] = [
  [/\/environments\/[^/]+\/files/, "taskyard env exec ENVIRONMENT ls"],
  [/\/environments\//, "taskyard env list"],
  [/\/evaluation\//, "taskyard eval list"],
  [/\/task-sets\//, "taskyard task-set list"],
  [/\/webhooks\//, "taskyard webhook list"],
  [/\/org\/[^/]+\/tasks\//, "taskyard task list --all"],
  [/\/projects\/.*\/tasks\//, "taskyard run list"],
];

/** Faults of files, in words. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "this is no folder",
  EISDIR: "this is a folder",
  EEXIST: "this is there already",
  EACCES: "you may not do that there",
  EPERM: "you may not do that there",
  ENOSPC: "the disk is full",
  EROFS: "nothing can be written there",
};

/** Any error as one that says what went wrong and what to do next. */
export async function explainFailure(error: unknown): Promise<Failure> {
  if (error instanceof Failure) return error;
  if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code in FILE_FAULTS) {
    const place = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
    const code = error.code === "ENOENT" || error.code === "ENOTDIR" ? EXIT.usage : EXIT.failure;
    return new Failure(code, `${place}${FILE_FAULTS[error.code]}.`);
  }
  const client = await import("../../client/index.ts");
  if (error instanceof client.TaskyardError) return explainAnswer(error, client);
  if (error instanceof TypeError && error.message.startsWith("path.")) {
    return new Failure(EXIT.usage, error.message.slice("path.".length));
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(EXIT.failure, safeText(message), "TASKYARD_DEBUG=1 shows where it happened.");
}

type ErrorClasses = typeof import("../../client/index.ts");

function explainAnswer(error: InstanceType<ErrorClasses["TaskyardError"]>, classes: ErrorClasses): Failure {
  // An answer about one field says the same twice.
  const told = error.problems.filter(({ msg }) => msg !== error.message);
  const problems = told.slice(0, SHOWN_PROBLEMS).map(({ loc, msg }) => `  ${loc.slice(1).join(".")}: ${msg}`);
  const left = told.length - problems.length;
  const more = left > 0 ? [`  and ${left} more`] : [];
  const about = error.attr === undefined ? "" : `${error.attr}: `;
  const message = safeText([`${about}${error.message}`, ...problems, ...more].join("\n"));
  if (error instanceof classes.NetworkError) {
    return new Failure(EXIT.network, message, "Is the server there? `taskyard whoami` shows which one is meant.");
  }
  if (error instanceof classes.AuthenticationError) {
    const hint =
      error.code === "token_error"
        ? "The environment was made somewhere else, or its token was replaced. Make one here: taskyard env create TASK"
        : "Log in again: taskyard login";
    return new Failure(EXIT.refused, message, hint);
  }
  if (error instanceof classes.ForbiddenError) {
    return new Failure(
      EXIT.refused,
      message,
      "`taskyard whoami` shows what the key may do; an administrator makes others: taskyard key create NAME --scope SCOPE",
    );
  }
  if (error instanceof classes.NotFoundError) return new Failure(EXIT.notFound, message, whereToLook(error.request));
  if (error instanceof classes.LimitError) {
    const hint = error.retryAfter === undefined ? undefined : `Try again in ${Math.ceil(error.retryAfter)} seconds.`;
    return new Failure(EXIT.refused, message, hint);
  }
  if (error instanceof classes.ServerError) {
    const hint = error.requestId === undefined ? undefined : `The server's log has it under ${error.requestId}.`;
    return new Failure(EXIT.failure, message, hint);
  }
  return new Failure(EXIT.refused, message);
}

function whereToLook(request: string | undefined): string | undefined {
  const list = LISTS.find(([path]) => request !== undefined && path.test(request));
  return list && `See what there is: ${list[1]}`;
}
