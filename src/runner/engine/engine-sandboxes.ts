import type { LocalSandbox, SandboxRequest, SandboxSource } from "../environment/local-sandbox.ts";
import { startComposed } from "./composed-sandbox.ts";
import { startContainer } from "./container.ts";
import type { ContainerSettings } from "./container-options.ts";
import { EngineError, type EngineKind } from "./engine.ts";
import type { Images } from "./images.ts";

/** The engine has the image no longer, in the words of both engines. */
const NO_IMAGE = /image not known|no such image|unable to find image|pull policy.*never/i;

/** Sandboxes that are containers of an engine of this machine, in the images of their tasks. */
export class EngineSandboxes implements SandboxSource {
  readonly kind: EngineKind;
  readonly capabilities = ["container", "compose"];
  // By the image's own perl, and where it has none the command says so.
  readonly terminals = true;
  readonly #settings: ContainerSettings;
  readonly #images: Images;
  readonly #workFolder: string;

  constructor(settings: ContainerSettings, images: Images, workFolder: string) {
    this.kind = settings.engine.kind;
    this.#settings = settings;
    this.#workFolder = workFolder;
    this.#images = images;
  }

  async open(request: SandboxRequest): Promise<LocalSandbox> {
    try {
      return await this.#start(request);
    } catch (error) {
      if (!(error instanceof EngineError) || !NO_IMAGE.test(error.message) || request.signal.aborted) throw error;
      // Somebody has removed it since it was made.
      this.#images.forget(request);
      return await this.#start(request);
    }
  }

  async #start(request: SandboxRequest): Promise<LocalSandbox> {
    const { engine, network } = this.#settings;
    const { environmentId, env, signal, log } = request;
    const isBuilding = !this.#images.isThere(request);
    if (isBuilding) request.building(true);
    const { main: image, container: task, composition } = await this.#images.provide(request);
    if (isBuilding) request.building(false);
    if (task?.network && !network) log("The task may reach a network; this runner's operator does not let it.");
    const wanted = { environmentId, image, task, env, signal };
    const sandbox = composition
      ? await startComposed(this.#settings, { ...wanted, composition, workFolder: this.#workFolder, log })
      : await startContainer(this.#settings, wanted);
    log(`A container of ${engine.kind} ${engine.version} runs.`);
    return sandbox;
  }
}
