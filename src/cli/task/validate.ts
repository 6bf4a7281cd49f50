import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  createEvaluation,
  deleteTaskVersion,
  followEvaluation,
  items,
  listEvaluationItems,
  type EvaluationItemResponse,
} from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Outcome } from "../base/failure.ts";
import type { Session } from "../base/session.ts";
import { readCount } from "../base/words.ts";
import { take } from "../base/take.ts";
import { clearingSignal } from "../base/interruption.ts";
import { isEnded, paintItemStatus } from "../eval/item-view.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatDuration } from "../output/units.ts";
import { type FolderListing, listFolder } from "../packing/walk.ts";
import { identifyTask, type TaskIdentity } from "./identify.ts";
import { describeFiles, packTask } from "./pack-folder.ts";
import { findVersion } from "./publish.ts";
import { uploadTask, warnOf } from "./upload.ts";

interface ValidateOptions extends CommonOptions {
  attempts: string;
  sandbox?: "embedded" | "runner" | "container" | undefined;
  name?: string | undefined;
  keep?: true | undefined;
}

/** What each of the two has to come to. */
const AGENTS = [
  { agent: "oracle", wanted: true, says: "the task's own solution passes" },
  { agent: "nop", wanted: false, says: "doing nothing does not pass" },
] as const;

/** Longest name of a task that a name of its own can be made of. */
const NAME_MAX_LENGTH = 110;

/** `taskyard task validate` */
export async function run(context: Context, folder: string, options: ValidateOptions): Promise<void> {
  const { out } = context;
  const attempts = readCount(options.attempts, "--attempts");
  const identity = await identifyTask(folder, { name: options.name });
  const listing = await listFolder(folder);
  out.note(`${identity.name}@${identity.version}\n${describeFiles(listing)}`);
  const session = await context.session();
  const scratch = {
    ...identity,
    name: `${identity.name.slice(0, NAME_MAX_LENGTH)}-check-${randomBytes(4).toString("hex")}`,
    version: "0.0.1",
  };
  context.whenInterrupted("What it was checked with is removed.");
  try {
    await publishScratch(context, session, folder, listing, scratch);
    out.done("the archive is accepted");
    const results = await Promise.all(
      AGENTS.map((one) => check(context, session, scratch, { ...options, attempts }, one.agent)),
    );
    report(context, results);
  } finally {
    if (options.keep) out.note(`${scratch.name}@${scratch.version} was kept.`);
    else await removeScratch(session, scratch);
  }
}

/** Publishes the task under another name, so that the version itself stays free until it is published. */
async function publishScratch(
  context: Context,
  session: Session,
  folder: string,
  listing: FolderListing,
  scratch: TaskIdentity,
): Promise<void> {
  const files = scratch.manifest === "task.yaml" ? await renamed(folder, listing, scratch) : listing.files;
  const archive = await packTask(context, { ...listing, files });
  try {
    const published = await uploadTask(context, session, scratch, archive);
    warnOf(context, published, ["name_mismatch"]);
  } finally {
    await archive.dispose();
  }
}

/** The files with a task.yaml that says the other name; all else of it stays as it is. */
async function renamed(folder: string, { files }: FolderListing, { name, version }: TaskIdentity) {
  const { parseYamlDocument } = await import("../base/yaml.ts");
  const document = parseYamlDocument(await readFile(path.join(folder, "task.yaml"), "utf8"));
  document.set("name", name);
  document.set("version", version);
  const content = new TextEncoder().encode(document.toString());
  return files.map((file) => (file.path === "task.yaml" ? { ...file, content, size: content.byteLength } : file));
}

async function removeScratch(session: Session, scratch: TaskIdentity): Promise<void> {
  const signal = clearingSignal();
  if (!(await findVersion(session, scratch, signal))) return;
  await deleteTaskVersion(session.client, { path: { name: scratch.name, version: scratch.version }, signal });
}

interface Result {
  agent: "oracle" | "nop";
  id: string;
  items: EvaluationItemResponse[];
}

/** Evaluates the task with one of the two, and tells how each attempt ends. */
async function check(
  context: Context,
  session: Session,
  scratch: TaskIdentity,
  { attempts, sandbox }: { attempts: number; sandbox?: ValidateOptions["sandbox"] },
  agent: Result["agent"],
): Promise<Result> {
  const { out, signal } = context;
  const { id } = await createEvaluation(session.client, {
    body: {
      name: `Check of ${scratch.name} with ${agent}`,
      model: "none",
      task_names: [`${scratch.name}@${scratch.version}`],
      agent,
      attempts,
      concurrency: attempts,
      tags: ["validate"],
      ...(sandbox && { sandbox_provider: sandbox }),
    },
    signal,
  });
  let shown = "";
  for await (const event of followEvaluation(session.client, { path: { evaluation_id: id }, signal })) {
    if (event.type !== "item") continue;
    const { item } = event;
    const now = `${agent} ${attempts > 1 ? `#${item.attempt} ` : ""}${paintItemStatus(out.paint, item.item_status)}`;
    if (!isEnded(item.item_status) && now !== shown) out.note(`  ${(shown = now)} …`);
  }
  const path = { evaluation_id: id };
  return { agent, id, items: await take(items(session.client, listEvaluationItems, { path, signal }), attempts) };
}

/** Says whether the task is what it claims to be; fails where it is not. */
function report({ out }: Context, results: readonly Result[]): void {
  const verdicts = results.map(({ agent, id, items: tried }) => {
    const { wanted, says } = AGENTS.find((one) => one.agent === agent) ?? AGENTS[0];
    const wrong = tried.filter(({ passed }) => passed !== wanted);
    return { agent, evaluation_id: id, says, attempts: tried.length, ok: wrong.length === 0, wrong, tried };
  });
  out.result(
    verdicts.map(({ agent, evaluation_id, attempts, ok, wrong }) => ({
      agent,
      evaluation_id,
      attempts,
      ok,
      items: wrong,
    })),
    () => verdicts.map((verdict) => describeVerdict(out.paint, verdict)).join("\n"),
  );
  if (verdicts.every(({ ok }) => ok)) return out.next("taskyard task publish");
  throw new Outcome(EXIT.own);
}

function describeVerdict(
  paint: Context["out"]["paint"],
  {
    agent,
    says,
    ok,
    wrong,
    tried,
  }: { agent: string; says: string; ok: boolean; wrong: EvaluationItemResponse[]; tried: EvaluationItemResponse[] },
): string {
  const times = tried.map(
    ({ durations: { agent_ms: agentMs, verify_ms: verifyMs } }) => (agentMs ?? 0) + (verifyMs ?? 0),
  );
  const slowest = formatDuration(Math.max(0, ...times));
  if (ok) return `${paint("green", "✓")} ${agent}: ${says} (${slowest})`;
  const reasons = wrong.map(
    ({ item_status, end_reason, error, reward }) =>
      `    ${item_status}, ${end_reason ?? "no reason"}${reward === null ? "" : `, reward ${reward}`}${error === null ? "" : `: ${safeLine(error)}`}`,
  );
  const head =
    agent === "oracle"
      ? "the task's own solution does not pass"
      : "doing nothing passes: the verification proves nothing";
  return [`${paint("red", "✗")} ${agent}: ${head}`, ...new Set(reasons)].join("\n");
}
