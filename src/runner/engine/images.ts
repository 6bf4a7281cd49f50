import { chmod, mkdir, mkdtemp, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { TASK_ROOT } from "../../sandbox/port.ts";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import { DEFAULT_CHECK_LIMITS } from "../../zip/check/check-limits.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import { fileSource } from "../environment/file-source.ts";
import type { SandboxRequest } from "../environment/local-sandbox.ts";
import { unpackArchive } from "../environment/unpack.ts";
import { removeFolder } from "../process/remove-folder.ts";
import type { Say } from "../connection/held-work.ts";
import { digestOf, digestOfFolder } from "./context-digest.ts";
import { type Engine, EngineError } from "./engine.ts";
import { IMAGE_PREFIX, LABELS } from "./ownership.ts";
import { SharedWork, type Waiter } from "./shared-work.ts";

/** The folder of an archive in Harbor's format that is the build context, and no part of the task's files. */
const CONTEXT = "environment/";

/** Where tasks in Harbor's format have their tests, their logs and their solution; everyone inside may write there. */
const FOLDERS_FOR_ALL = ["tests", "solution", "logs", "logs/agent", "logs/verifier", "logs/artifacts"];
const FOR_ALL = 0o777;

/** Seconds for fetching an image that no task gives a time for, and for adding the task's files to one. */
const FETCH_SECONDS = 600;
const LAYER_SECONDS = 600;

/** Lines of a build that are told, and those of its end that stand in the reason for a failure. */
const TOLD_LINES = 1_000;
const LAST_LINES = 15;

/** Whom a task may name to own its files: a name or a number, with a group or without. */
const USER = /^[\w.-]+(:[\w.-]+)?$/;
const ROOT = /^(0|root)?(:(0|root))?$/;

export interface ImageSettings {
  engine: Engine;
  /** Below which images are made. */
  workFolder: string;
  /** What environments run in whose task has no image. */
  defaultImage: string;
  maxUnpackedBytes: number;
  say: Say;
}

/** Who asked first has left before the archive had come; others may still want the image. */
class MakerLeft extends Error {}

/** The images of tasks on this machine: each is made once, and found again by what it was made of. */
export class Images {
  readonly #settings: ImageSettings;
  readonly #tasks = new SharedWork<string>();
  readonly #bases = new SharedWork<string>();

  constructor(settings: ImageSettings) {
    this.#settings = settings;
  }

  /** Whether the image of a task is known to be there. */
  isThere(request: SandboxRequest): boolean {
    return this.#tasks.isDone(keyOf(request));
  }

  /** Has the image looked for again: the engine has it no longer. */
  forget(request: SandboxRequest): void {
    this.#tasks.forget(keyOf(request));
  }

  /** The image with the task's files in it. Rejects with a reason for users. */
  async provide(request: SandboxRequest): Promise<string> {
    const waiter = { tell: request.log, signal: request.signal };
    for (;;) {
      try {
        return await this.#tasks.do(keyOf(request), waiter, (all) => this.#make(request, all));
      } catch (error) {
        if (!(error instanceof MakerLeft) || request.signal.aborted) throw error;
      }
    }
  }

  async #make(request: SandboxRequest, all: Waiter): Promise<string> {
    const { workFolder, say } = this.#settings;
    const folder = await mkdtemp(path.join(workFolder, "image-"));
    try {
      const place = path.join(folder, "archive.zip");
      await request.download(place).catch((error: unknown) => {
        throw request.signal.aborted ? new MakerLeft() : error;
      });
      all.tell(`The archive has come, ${request.archive.size} bytes.`);
      const file = await open(place, "r");
      try {
        const source = fileSource(file, request.archive.size);
        const base = await this.#base(request, source, path.join(folder, "context"), all);
        return await this.#addFiles(request, source, base, folder, all);
      } finally {
        await file.close();
      }
    } finally {
      await removeFolder(folder, say);
    }
  }

  /** The image that the task names, or brings; the runner's where it does neither. */
  async #base(request: SandboxRequest, source: ZipSource, context: string, all: Waiter): Promise<string> {
    const { container } = request;
    const image = container?.image;
    if (container && image?.kind === "dockerfile") return await this.#build(request, container, source, context, all);
    const name = image?.kind === "image" ? image.name : this.#settings.defaultImage;
    return await this.#fetch(name, container?.build_seconds ?? FETCH_SECONDS, all);
  }

  async #fetch(name: string, seconds: number, all: Waiter): Promise<string> {
    return await this.#bases.do(name, all, async ({ tell, signal }) => {
      if (await this.#has(name)) return name;
      tell(`The image ${name} is fetched.`);
      await this.#call(["pull", name], `The image ${name} could not be fetched`, seconds, { tell, signal });
      return name;
    });
  }

  async #build(
    { archive, withheldPaths }: SandboxRequest,
    { build_seconds: seconds }: ContainerTask,
    source: ZipSource,
    context: string,
    all: Waiter,
  ): Promise<string> {
    await mkdir(context);
    const withheld = withheldPaths.flatMap((name) => (name.startsWith(CONTEXT) ? [name.slice(CONTEXT.length)] : []));
    await unpackArchive(source, context, {
      limits: { ...DEFAULT_CHECK_LIMITS, maxTotalBytes: this.#settings.maxUnpackedBytes },
      root: archive.root + CONTEXT,
      withheldPaths: withheld,
    });
    const tag = `${IMAGE_PREFIX}-built:${await digestOfFolder(context)}`;
    return await this.#bases.do(tag, all, async ({ tell, signal }) => {
      if (await this.#has(tag)) return tag;
      tell(`${CONTEXT}Dockerfile is built.`);
      const args = ["build", ...this.#buildOptions(tag, "built"), "--file", path.join(context, "Dockerfile"), context];
      await this.#call(args, `${CONTEXT}Dockerfile could not be built`, seconds, { tell, signal });
      return tag;
    });
  }

  /** The image with what the task has besides: so that an environment whose task is known starts with one call. */
  async #addFiles(
    { archive, withheldPaths, container }: SandboxRequest,
    source: ZipSource,
    base: string,
    folder: string,
    all: Waiter,
  ): Promise<string> {
    const { engine, maxUnpackedBytes } = this.#settings;
    const facts = await engine.call(["image", "inspect", "--format", "{{.Id}} {{.Config.User}}", base]);
    const [id = "", imageUser = ""] = facts.trim().split(" ");
    const user = container?.user ?? imageUser;
    if (user !== "" && !USER.test(user)) throw new Error(`The user ${JSON.stringify(user)} is no name and no number.`);
    const withheld = container ? [...withheldPaths, CONTEXT] : withheldPaths;
    const tag = `${IMAGE_PREFIX}-task:${digestOf(id, archive.sha256, archive.root, withheld, user)}`;
    if (await this.#has(tag)) return tag;
    const layout = path.join(folder, "layout");
    await mkdir(path.join(layout, TASK_ROOT), { recursive: true, mode: 0o755 });
    for (const name of FOLDERS_FOR_ALL) {
      await mkdir(path.join(layout, name));
      await chmod(path.join(layout, name), FOR_ALL);
    }
    await unpackArchive(source, path.join(layout, TASK_ROOT), {
      limits: { ...DEFAULT_CHECK_LIMITS, maxTotalBytes: maxUnpackedBytes },
      root: archive.root,
      withheldPaths: withheld,
    });
    const owned = ROOT.test(user) ? "" : `--chown=${user} `;
    const recipe = path.join(folder, "Dockerfile");
    await writeFile(recipe, `FROM ${base}\nCOPY ${owned}. /\n`);
    const args = ["build", ...this.#buildOptions(tag, "task"), "--file", recipe, layout];
    const { signal } = all;
    await this.#call(args, "The task's files could not be added to the image", LAYER_SECONDS, {
      tell: () => {},
      signal,
    });
    all.tell("The image is there.");
    return tag;
  }

  #buildOptions(tag: string, purpose: string): string[] {
    // Podman's own format leaves out what Dockerfiles may say.
    const format = this.#settings.engine.kind === "podman" ? ["--format", "docker"] : [];
    return ["--tag", tag, "--label", `${LABELS.image}=${purpose}`, ...format];
  }

  async #has(image: string): Promise<boolean> {
    return await this.#settings.engine.ask(["image", "inspect", "--format", "{{.Id}}", image]);
  }

  /** Calls the engine for something that may take long; its lines are told, and its last ones are the reason for a failure. */
  async #call(args: string[], failure: string, seconds: number, { tell, signal }: Waiter): Promise<void> {
    const last: string[] = [];
    let told = 0;
    const onLine = (line: string) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      told += 1;
      if (told <= TOLD_LINES) tell(`${args[0]}: ${line}`);
      if (told === TOLD_LINES) tell(`${args[0]}: what it says further is left out.`);
    };
    try {
      await this.#settings.engine.call(args, {
        signal,
        timeoutMs: seconds * 1000,
        clearsAway: args[0] === "build",
        onLine,
      });
    } catch (error) {
      if (!(error instanceof EngineError) || signal.aborted) throw error;
      const why = error.isTimeout
        ? ` in ${seconds} seconds (build_timeout_sec).`
        : `:\n${last.join("\n") || error.message}`;
      throw new Error(failure + why, { cause: error });
    }
  }
}

/** What the image of a task is made of. */
function keyOf({ archive, withheldPaths, container }: SandboxRequest): string {
  return digestOf(archive.sha256, archive.root, withheldPaths, container?.image, container?.user);
}
