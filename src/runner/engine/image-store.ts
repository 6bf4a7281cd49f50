import path from "node:path";
import { digestOf, digestOfFolder } from "./context-digest.ts";
import { type Engine, EngineError } from "./engine.ts";
import { IMAGE_PREFIX, LABELS } from "./ownership.ts";
import { SharedWork, type Waiter } from "./shared-work.ts";

/** Lines of a build that are told, and those of its end that stand in the reason for a failure. */
const TOLD_LINES = 1_000;
const LAST_LINES = 15;

/** An image that is built of a folder of this machine. */
export interface BuildOrder {
  /** The folder, and in it the Dockerfile. */
  context: string;
  dockerfile: string;
  args: Readonly<Record<string, string>>;
  target: string | null;
  /** What is built, for people: `environment/Dockerfile`. */
  what: string;
}

/** The images of an engine: each is fetched or built once, and found again by what it was made of. */
export class ImageStore {
  readonly #engine: Engine;
  readonly #going = new SharedWork<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The image of this name, fetched unless it is there. Rejects with a reason for users. */
  async fetch(name: string, seconds: number, all: Waiter): Promise<string> {
    return await this.#going.do(name, all, async ({ tell, signal }) => {
      if (await this.has(name)) return name;
      tell(`The image ${name} is fetched.`);
      await this.#call(["pull", name], `The image ${name} could not be fetched`, seconds, { tell, signal });
      return name;
    });
  }

  /** The image of a folder, built unless it is there. Rejects with a reason for users. */
  async build({ context, dockerfile, args, target, what }: BuildOrder, seconds: number, all: Waiter): Promise<string> {
    const digest = digestOf(await digestOfFolder(context), dockerfile, args, target);
    const tag = `${IMAGE_PREFIX}-built:${digest}`;
    return await this.#going.do(tag, all, async ({ tell, signal }) => {
      if (await this.has(tag)) return tag;
      tell(`${what} is built.`);
      const options = [
        ...this.#buildOptions(tag, "built"),
        ...Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
        ...(target === null ? [] : ["--target", target]),
        "--file",
        path.join(context, dockerfile),
      ];
      await this.#call(["build", ...options, context], `${what} could not be built`, seconds, { tell, signal });
      return tag;
    });
  }

  /** Adds a layer to an image by a recipe, a file beside the folder that it copies from. Rejects with a reason for users. */
  async addLayer(tag: string, recipe: string, folder: string, seconds: number, signal: AbortSignal): Promise<void> {
    const args = ["build", ...this.#buildOptions(tag, "task"), "--file", recipe, folder];
    const waiter = { tell: () => {}, signal };
    await this.#call(args, "The task's files could not be added to the image", seconds, waiter);
  }

  async has(image: string): Promise<boolean> {
    return await this.#engine.ask(["image", "inspect", "--format", "{{.Id}}", image]);
  }

  /** The image's id and the user that it names; empty for root. */
  async inspect(image: string): Promise<{ id: string; user: string }> {
    const facts = await this.#engine.call(["image", "inspect", "--format", "{{.Id}} {{.Config.User}}", image]);
    const [id = "", user = ""] = facts.trim().split(" ");
    return { id, user };
  }

  #buildOptions(tag: string, purpose: string): string[] {
    // Podman's own format leaves out what Dockerfiles may say.
    const format = this.#engine.kind === "podman" ? ["--format", "docker"] : [];
    return ["--tag", tag, "--label", `${LABELS.image}=${purpose}`, ...format];
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
      await this.#engine.call(args, {
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
