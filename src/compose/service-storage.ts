import { asMapping } from "../yaml/parse-yaml.ts";
import { resolveInside } from "./archive-path.ts";
import { readBoolean, readList, readOptionalText, readText, refuse } from "./values.ts";

/** What a service has beside its image. */
export interface ServiceStorage {
  /** Folders that outlive nothing: of one service where `volume` is null, else shared by all that name it. */
  volumes: { volume: string | null; target: string; isReadOnly: boolean }[];
  /** Files and folders of the archive, beside the compose file: the service has a copy of each. */
  files: { source: string; target: string }[];
  /** Folders in memory. */
  memory: string[];
  /** Whether it writes nowhere else. */
  isReadOnly: boolean;
}

const VOLUME_NAME = /^[A-Za-z0-9][\w.-]{0,60}$/;
/** A place in a container, of which nothing is read as an option. */
const TARGET = /^\/[^,:\0\n]*$/;

/** Reads `volumes`, `tmpfs` and `read_only`. Throws ComposeRefused for what is a place of the machine. */
export function readStorage(service: Readonly<Record<string, unknown>>, place: string): ServiceStorage {
  const storage: ServiceStorage = {
    volumes: [],
    files: [],
    memory: readList(service["tmpfs"], `${place} tmpfs`).map((folder) => readTarget(folder.split(":")[0], place)),
    isReadOnly: readBoolean(service["read_only"], `${place} read_only`),
  };
  const { volumes = [] } = service;
  if (!Array.isArray(volumes)) return refuse(place, "volumes are no list.");
  for (const volume of volumes) addVolume(volume, storage, `${place} volumes:`);
  return storage;
}

function addVolume(given: unknown, storage: ServiceStorage, place: string): void {
  const { type, source, target, isReadOnly } = spellOut(given, place);
  if (type === "tmpfs") storage.memory.push(target);
  else if (source === null) storage.volumes.push({ volume: null, target, isReadOnly });
  else if (type === "volume") {
    if (!VOLUME_NAME.test(source)) refuse(place, `${source} is no name of a volume.`);
    storage.volumes.push({ volume: source, target, isReadOnly });
  } else {
    const inside = resolveInside("", source);
    if (inside === undefined) return refuse(place, `${source} is a place of the machine, or not in the archive.`);
    storage.files.push({ source: inside, target });
  }
}

function spellOut(given: unknown, place: string) {
  const long = asMapping(given);
  if (long) {
    const { type, source, target, read_only: readOnly } = long;
    const kind = readText(type ?? "volume", place);
    if (kind !== "volume" && kind !== "bind" && kind !== "tmpfs") refuse(place, `type ${kind} is not taken.`);
    const isReadOnly = readBoolean(readOnly, place);
    return { type: kind, source: readOptionalText(source, place), target: readTarget(target, place), isReadOnly };
  }
  const parts = readText(given, place).split(":");
  const [source = null, target = "", mode = ""] = parts.length === 1 ? [null, ...parts] : parts;
  // What begins like a path is one; everything else is the name of a volume.
  const type = source !== null && /^[./~\\]/.test(source) ? "bind" : "volume";
  return { type, source, target: readTarget(target, place), isReadOnly: (mode ?? "").split(",").includes("ro") };
}

function readTarget(value: unknown, place: string): string {
  const target = readText(value, place);
  return TARGET.test(target) ? target : refuse(place, `${target} is no place in a container.`);
}
