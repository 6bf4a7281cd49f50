/** Where objects lie in ARTIFACTS: the one place that makes their keys (agent-tasks 5.2, 7.1 `storage_path`). None is used twice. */

/** Bytes of a name in a key: with what stands before it a key stays below R2's 1,024 and the wire's 500 characters. */
const NAME_MAX_BYTES = 255;

/** Control characters, which R2's S3 interface cannot list. */
const CONTROL = /\p{Cc}/gu;

/** Whose file it is; a document of a project has no task, what is staged or attached to a task has no run. */
export interface FileOwner {
  projectNumber: number;
  taskId: string | null;
  runId: string | null;
}

/** A new file's id: a UUID in 32 hex digits. */
export function newFileId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** A name as the end of a key: well-formed, without control characters or folders, cut at a character. */
function keyName(name: string): string {
  const plain = name.toWellFormed().replaceAll(CONTROL, "_").replaceAll(/[/\\]/g, "_");
  let bytes = 0;
  let kept = "";
  for (const character of plain) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > NAME_MAX_BYTES) break;
    kept += character;
  }
  return kept;
}

/** The key of a file's bytes. A run's has the first 8 digits of its id, as agent clients know it, others all of them. */
export function storagePathOf({ projectNumber, taskId, runId }: FileOwner, id: string, name: string): string {
  const folders = [`tasks/artifacts/team_${projectNumber}`];
  if (taskId !== null) folders.push(`task_${taskId}`);
  if (runId !== null) folders.push(`run_${runId}`);
  return `${folders.join("/")}/${runId === null ? id : id.slice(0, 8)}_${keyName(name)}`;
}

/** What the keys of an archived stream's entries begin with; each goes on with a name of its own. */
export function streamPrefix({ projectNumber, id }: { projectNumber: number; id: string }): string {
  return `streams/team_${projectNumber}/stream_${id}`;
}

/** What the keys of a run's archived log begin with; each goes on with a name of its own. */
export function logPrefix(run: { projectNumber: number; taskId: string; id: string }): string {
  return `tasks/logs/team_${run.projectNumber}/task_${run.taskId}/run_${run.id}`;
}
