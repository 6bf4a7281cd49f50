import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type AgentRunArtifact, downloadAgentRunArtifact } from "../../client/index.ts";
import { saveBody } from "../base/bodies.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge, formatBytes, plural } from "../output/units.ts";
import { findRun } from "./find-run.ts";

interface ArtifactsOptions extends CommonOptions {
  output?: string | undefined;
}

/** `taskyard run artifacts` */
export async function run(context: Context, reference: string, options: ArtifactsOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const { run: found, path: place } = await findRun(session, reference, signal);
  const { artifacts } = found;
  if (options.output === undefined) {
    return out.list(artifacts, {
      head: ["FILE", "SIZE", "TYPE", "UPLOADED", "ARTIFACT"],
      cells: (artifact) => [
        safeLine(pathOf(artifact)),
        formatBytes(artifact.size),
        artifact.type,
        formatAge(artifact.uploaded_at),
        artifact.id,
      ],
      short: (artifact) => artifact.id,
      none: "The run has no artifacts.",
    });
  }
  const root = path.resolve(options.output);
  const targets = artifacts.map((artifact) => ({ artifact, file: placeBelow(root, pathOf(artifact)) }));
  const progress = out.progress(
    "Downloading",
    artifacts.reduce((sum, { size }) => sum + size, 0),
  );
  let done = 0;
  try {
    for (const { artifact, file } of targets) {
      await mkdir(path.dirname(file), { recursive: true });
      const body = { storage_path: artifact.storage_path };
      const answer = await downloadAgentRunArtifact(session.client, { path: place, body, signal });
      await saveBody(answer, file, { signal });
      progress.at((done += artifact.size));
    }
  } finally {
    progress.end();
  }
  out.result(
    targets.map(({ artifact, file }) => ({ ...artifact, file })),
    () => `${out.paint("green", "✓")} ${plural(targets.length, "file")} in ${options.output ?? "."}`,
    () => targets.map(({ file }) => file).join("\n"),
  );
}

/** Where an artifact lay, as far as its agent has said so. */
function pathOf({ name, metadata }: AgentRunArtifact): string {
  const told = metadata?.["path"];
  return typeof told === "string" && told !== "" ? told : name;
}

/** A file below a folder, whatever an agent has called it. */
function placeBelow(root: string, name: string): string {
  const place = path.resolve(root, name.replaceAll("\0", ""));
  if (place.startsWith(root + path.sep)) return place;
  throw usageFailure(`An artifact is called ${safeLine(name)}, which leads out of the folder; nothing was downloaded.`);
}
