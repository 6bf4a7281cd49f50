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
export { Follow, type FollowSettings, type Transport } from "./live/follow.ts";
export { CommandOutput, followCommand, type FollowCommandOptions } from "./live/follow-command.ts";
export {
  type EvaluationCounts,
  type EvaluationEvent,
  type EvaluationItemOutline,
  type EvaluationOutline,
  followEvaluation,
  type FollowEvaluationOptions,
} from "./live/follow-evaluation.ts";
export { followRun, type FollowRunOptions, type RunEntry } from "./live/follow-run.ts";
export { openTerminal, Terminal } from "./live/terminal.ts";
export type { TerminalExit, TerminalOptions } from "./live/terminal-options.ts";
export { items, pages, type Row } from "./pages.ts";
export { uploadArchive, type UploadArchiveOptions } from "./uploads/upload-archive.ts";
export { uploadArtifact, type UploadArtifactOptions } from "./uploads/upload-artifact.ts";
export { uploadFile, type UploadFileOptions } from "./uploads/upload-file.ts";
export type { Progress, Source, UploadSettings, UploadState } from "./uploads/upload-parts.ts";
export { type Fetch, type OpenSocket, type Socket, Taskyard, type TaskyardOptions } from "./taskyard.ts";
