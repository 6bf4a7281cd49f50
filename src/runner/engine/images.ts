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
import { type Composition, makeComposition, withMain } from "./composition.ts";
import { digestOf } from "./context-digest.ts";
import type { Engine } from "./engine.ts";
import { ImageStore } from "./image-store.ts";
import { IMAGE_PREFIX } from "./ownership.ts";
import { SharedWork, type Waiter } from "./shared-work.ts";

/** The folder of an archive in Harbor's format that is the build context, and no part of the task's files. */
const CONTEXT = "environment/";

/** Where tasks in Harbor's format have their tests, their logs and their solution; everyone inside may write there. */
const FOLDERS_FOR_ALL = ["tests", "solution", "logs", "logs/agent", "logs/verifier", "logs/artifacts"];
const FOR_ALL = 0o777;

/** Seconds for fetching an image that no task gives a time for, and for adding the task's files to one. */
const FETCH_SECONDS = 600;
const LAYER_SECONDS = 600;

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

/** What an environment of a task is made of. */
export interface TaskImages {
  /** The image that commands run in, with the task's files. */
  main: string;
  /** What the task asks of its container, with what its compose file says of it; null for one of task.yaml. */
  container: ContainerTask | null;
  /** What runs beside it; null where nothing does. */
  composition: Composition | null;
}

/** Who asked first has left before the archive had come; others may still want the image. */
class MakerLeft extends Error {}

/** An archive on this machine, of which images are made in a folder. */
interface Making {
  request: SandboxRequest;
  source: ZipSource;
  folder: string;
}

/** The images of tasks on this machine: each is made once, and found again by what it was made of. */
export class Images {
  readonly #settings: ImageSettings;
  readonly #tasks = new SharedWork<TaskImages>();
  readonly #store: ImageStore;

  constructor(settings: ImageSettings) {
    this.#settings = settings;
    this.#store = new ImageStore(settings.engine);
  }

  /** Whether the images of a task are known to be there. */
  isThere(request: SandboxRequest): boolean {
    return this.#tasks.isDone(keyOf(request));
  }

  /** Has the images looked for again: the engine has one of them no longer. */
  forget(request: SandboxRequest): void {
    this.#tasks.forget(keyOf(request));
  }

  /** The image with the task's files in it, and those of its services. Rejects with a reason for users. */
  async provide(request: SandboxRequest): Promise<TaskImages> {
    const waiter = { tell: request.log, signal: request.signal };
    for (;;) {
      try {
        return await this.#tasks.do(keyOf(request), waiter, (all) => this.#make(request, all));
      } catch (error) {
        if (!(error instanceof MakerLeft) || request.signal.aborted) throw error;
      }
    }
  }

  async #make(request: SandboxRequest, all: Waiter): Promise<TaskImages> {
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
        const making = { request, source: fileSource(file, request.archive.size), folder };
        return await this.#makeAll(making, all);
      } finally {
        await file.close();
      }
    } finally {
      await removeFolder(folder, say);
    }
  }

  async #makeAll(making: Making, all: Waiter): Promise<TaskImages> {
    const { services, container } = making.request;
    const isComposed = container?.image.kind === "compose" || services?.by === "compose";
    const composition = isComposed ? await this.#compose(making, all) : null;
    const settings = container && composition ? withMain(container, composition) : container;
    const base = composition?.mainImage ?? (await this.#base(making, all));
    const main = await this.#addFiles(making, base, settings, composition?.withheldPaths ?? [], all);
    return { main, container: settings, composition };
  }

  /** The image that the task names, or brings; the runner's where it does neither. */
  async #base(making: Making, all: Waiter): Promise<string> {
    const { container } = making.request;
    const seconds = container?.build_seconds ?? FETCH_SECONDS;
    const image = container?.image;
    if (image?.kind === "dockerfile") {
      const context = await this.#unpackContext(making, CONTEXT);
      const order = { context, dockerfile: "Dockerfile", args: {}, target: null, what: `${CONTEXT}Dockerfile` };
      return await this.#store.build(order, seconds, all);
    }
    return await this.#store.fetch(image?.kind === "image" ? image.name : this.#settings.defaultImage, seconds, all);
  }

  /** What the compose file starts: beside the Dockerfile in Harbor's format, else at the archive's root. */
  async #compose(making: Making, all: Waiter): Promise<Composition> {
    const { container, services, readVariable } = making.request;
    const prefix = container ? CONTEXT : "";
    return await makeComposition(
      {
        folder: await this.#unpackContext(making, prefix),
        scratch: making.folder,
        prefix,
        ports: services?.ports ?? null,
        defaultImage: this.#settings.defaultImage,
        seconds: container?.build_seconds ?? FETCH_SECONDS,
        readVariable,
      },
      this.#store,
      all,
    );
  }

  /** Unpacks what lies below `prefix`, all of the archive where it is empty, but for what is in no sandbox. */
  async #unpackContext({ request, source, folder }: Making, prefix: string): Promise<string> {
    const { archive, withheldPaths } = request;
    const context = path.join(folder, "context");
    await mkdir(context);
    await unpackArchive(source, context, {
      limits: { ...DEFAULT_CHECK_LIMITS, maxTotalBytes: this.#settings.maxUnpackedBytes },
      root: archive.root + prefix,
      withheldPaths: withheldPaths.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
    });
    return context;
  }

  /** The image with what the task has besides: so that an environment whose task is known starts with one call. */
  async #addFiles(
    { request: { archive, withheldPaths }, source, folder }: Making,
    base: string,
    container: ContainerTask | null,
    alsoWithheld: readonly string[],
    all: Waiter,
  ): Promise<string> {
    const { id, user: imageUser } = await this.#store.inspect(base);
    const user = container?.user ?? imageUser;
    if (user !== "" && !USER.test(user)) throw new Error(`The user ${JSON.stringify(user)} is no name and no number.`);
    const withheld = [...withheldPaths, ...(container ? [CONTEXT] : []), ...alsoWithheld];
    const tag = `${IMAGE_PREFIX}-task:${digestOf(id, archive.sha256, archive.root, withheld, user)}`;
    if (await this.#store.has(tag)) return tag;
    const layout = path.join(folder, "layout");
    await mkdir(path.join(layout, TASK_ROOT), { recursive: true, mode: 0o755 });
    for (const name of FOLDERS_FOR_ALL) {
      await mkdir(path.join(layout, name));
      await chmod(path.join(layout, name), FOR_ALL);
    }
    await unpackArchive(source, path.join(layout, TASK_ROOT), {
      limits: { ...DEFAULT_CHECK_LIMITS, maxTotalBytes: this.#settings.maxUnpackedBytes },
      root: archive.root,
      withheldPaths: withheld,
    });
    const owned = ROOT.test(user) ? "" : `--chown=${user} `;
    const recipe = path.join(folder, "Dockerfile");
    await writeFile(recipe, `FROM ${base}\nCOPY ${owned}. /\n`);
    await this.#store.addLayer(tag, recipe, layout, LAYER_SECONDS, all.signal);
    all.tell("The image is there.");
    return tag;
  }
}

/** What the images of a task are made of. */
function keyOf({ archive, withheldPaths, container, services }: SandboxRequest): string {
  return digestOf(archive.sha256, archive.root, withheldPaths, container, services);
}
