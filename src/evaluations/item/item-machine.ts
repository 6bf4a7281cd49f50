import { v7 as uuid } from "uuid";
import type { CheckCommand, Machine } from "../../environments/verification/check.ts";
import { collect } from "../../environments/commands/collect.ts";
import type { FollowedCommand } from "../../environments/commands/command-following.ts";
import type { ExecuteResponse } from "../../environments/commands/command-schemas.ts";
import { refusalOf, unwrap } from "../../environments/environment-access.ts";
import { openEnvironment } from "../../environments/object/environment-handle.ts";
import type { EnvironmentAccess, Refused } from "../../environments/object/environment-outcome.ts";
import { toObjectRequest } from "../../environments/object-request.ts";
import { readConfig } from "../../config.ts";
import { askAgain } from "../../objects/ask-again.ts";
import { START_FOLDER } from "../../sandbox/port.ts";

/** The environment of an item, as whoever has its token works in it. Calls throw ApiError for what is refused. */
export class ItemMachine implements Machine {
  readonly #env: Cloudflare.Env;
  readonly #environmentId: string;
  readonly #access: EnvironmentAccess;

  constructor(env: Cloudflare.Env, environmentId: string, access: EnvironmentAccess) {
    this.#env = env;
    this.#environmentId = environmentId;
    this.#access = access;
  }

  /** Runs a command to its end. */
  async run(command: CheckCommand): Promise<ExecuteResponse> {
    return collect(await this.start(uuid(), command));
  }

  /** Starts a command, once for each id, and says how to follow it. */
  async start(id: string, checked: CheckCommand): Promise<FollowedCommand> {
    const { command, env, machine_env: machineEnv, user, timeout_sec, separate_output } = checked;
    const asked = {
      id,
      command,
      cwd: START_FOLDER,
      env,
      ...(machineEnv && { machineEnv }),
      ...(user !== undefined && { user }),
      stdin: new Uint8Array(0),
      keepsInput: false,
      tty: null,
      separateOutput: separate_output,
      limits: { seconds: timeout_sec, outputBytes: readConfig(this.#env).SANDBOX_OUTPUT_MAX_BYTES },
    };
    const open = () => openEnvironment(this.#env, this.#environmentId);
    unwrap(await askAgain(() => open().execute(this.#access, asked, true)));
    return { open, access: this.#access, commandId: id };
  }

  async write(path: string, content: ReadableStream<Uint8Array>, size: number): Promise<void> {
    unwrap(await openEnvironment(this.#env, this.#environmentId).writeFile(this.#access, path, content, size));
  }

  /** What lies below a folder; nothing where there is none. */
  async list(folder: string, depth: number, limit: number) {
    const outcome = await openEnvironment(this.#env, this.#environmentId).listFiles(this.#access, folder, depth, limit);
    if (outcome.ok) return { entries: outcome.entries, more: outcome.more };
    if (outcome.reason === "file" && outcome.fault === "not_found") return { entries: [], more: false };
    throw refusalOf(outcome);
  }

  /** The bytes of a file of this size. */
  async read(path: string, size: number): Promise<ReadableStream<Uint8Array>> {
    const request = toObjectRequest({
      kind: "file",
      access: this.#access,
      path,
      range: { offset: 0, length: size },
    });
    const answer = await openEnvironment(this.#env, this.#environmentId).fetch(request);
    if (!answer.ok) throw refusalOf(await answer.json<Refused>());
    return answer.body ?? new Blob([]).stream();
  }
}
