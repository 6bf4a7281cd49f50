import type { Say } from "../connection/held-work.ts";
import type { Engine } from "./engine.ts";
import { IMAGE_PREFIX, isAbandoned, LABELS } from "./ownership.ts";

/** Removes the containers, networks and volumes of runners of this machine that are dead. Says how many there were. */
export async function removeLeftContainers(engine: Engine, say: Say): Promise<number> {
  const containers = await listLeft(
    engine,
    ["ps", "--all"],
    ["inspect", "--type", "container"],
    ".Id",
    ".Config.Labels",
  );
  for (const id of containers) await engine.call(["rm", "--force", "--volumes", id]);
  const networks = await listLeft(engine, ["network", "ls"], ["network", "inspect"], ".Name", ".Labels");
  for (const name of networks) await engine.call(["network", "rm", name]);
  const volumes = await listLeft(engine, ["volume", "ls"], ["volume", "inspect"], ".Name", ".Labels");
  for (const name of volumes) await engine.call(["volume", "rm", name]);
  const left = { containers, networks, volumes };
  const counts = Object.entries(left).map(([what, { length }]) => `${length} ${what}`);
  const count = containers.length + networks.length + volumes.length;
  if (count > 0) say(`removed what a killed runner had left: ${counts.join(", ")}`);
  return count;
}

/** Removes the images that were made here and that no container uses; they are made again when they are asked for. */
export async function removeImages(engine: Engine, say: Say): Promise<void> {
  const filter = ["--filter", `label=${LABELS.image}`];
  const listed = await engine.call(["images", ...filter, "--format", "{{.Repository}}:{{.Tag}}"]);
  const names = listed.split("\n").filter((name) => name.startsWith(IMAGE_PREFIX));
  let removed = 0;
  // Those of tasks before what they are made of.
  for (const name of names.toSorted().toReversed()) if (await engine.ask(["rmi", name])) removed += 1;
  say(`removed ${removed} of ${names.length} images`);
}

/** What an engine lists that belongs to a runner that is dead, by what its facts call its name and its labels. */
async function listLeft(
  engine: Engine,
  list: string[],
  inspect: string[],
  name: string,
  labels: string,
): Promise<string[]> {
  const listed = await engine.call([...list, "--quiet", "--filter", `label=${LABELS.runner}`]);
  const left: string[] = [];
  for (const id of listed.split("\n").filter((line) => line !== "")) {
    const format = `{{${name}}} {{index ${labels} "${LABELS.runner}"}}`;
    // What is gone by now is nobody's.
    const facts = await engine.call([...inspect, "--format", format, id]).catch(() => "");
    const [found = "", owner = ""] = facts.trim().split(" ");
    if (owner !== "" && (await isAbandoned(owner))) left.push(found);
  }
  return left;
}
