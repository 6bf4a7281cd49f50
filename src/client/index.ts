/** The typed client, `taskyard/client`: docs/client.md. */
export { type Bytes, type CallOptions, type CallSettings, type Result } from "./call.ts";
export {
  AuthenticationError,
  ConflictError,
  type FailureDetails,
  ForbiddenError,
  InvalidRequestError,
  LimitError,
  NetworkError,
  NotFoundError,
  type Problem,
  ServerError,
  TaskyardError,
} from "./errors.ts";
export * from "./generated/operations.gen.ts";
export type * from "./generated/types.gen.ts";
export { items, pages, type Row } from "./pages.ts";
export { type Fetch, type OpenSocket, type Socket, Taskyard, type TaskyardOptions } from "./taskyard.ts";
