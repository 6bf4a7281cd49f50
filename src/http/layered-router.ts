import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";

/** What a path is at one place: a fixed word, or the pattern of a parameter. */
type Segments = readonly string[];

interface Layer<T> {
  router: RegExpRouter<T>;
  /** What stands behind each beginning of a path, by method: words, or one parameter. */
  next: Map<string, { words: boolean; pattern: string | undefined }>;
  /** The path of each shape: two that differ in parameters' names alone are one to the router. */
  paths: Map<string, string>;
}

/**
 * Hono's fast router, in layers. It makes one regular expression of all paths, but takes no path that has a word where
 * another has a parameter (`tasks/facets`, `tasks/:name`): such a path goes to the next layer. Where several layers match,
 * the route that was added first counts, as in every router of Hono's; what was added for ALL methods is in each layer.
 */
export class LayeredRouter<T> implements Router<T> {
  readonly name = "LayeredRouter + RegExpRouter";
  readonly #layers: Layer<T>[] = [];
  readonly #shared: [path: string, handler: T][] = [];
  /** When a route's handler was added; those for ALL methods have no place in it. */
  readonly #order = new Map<T, number>();

  add(method: string, path: string, handler: T): void {
    if (method === "ALL") {
      this.#shared.push([path, handler]);
      for (const { router } of this.#layers) router.add(method, path, handler);
      return;
    }
    this.#order.set(handler, this.#order.size);
    const segments = path.split("/").map((segment) => (segment.startsWith(":") ? patternOf(segment) : segment));
    const layer = this.#layers.find((candidate) => hasPlaceFor(candidate, method, segments, path)) ?? this.#addLayer();
    note(layer, method, segments, path);
    layer.router.add(method, path, handler);
  }

  match(method: string, path: string): Result<T> {
    let best: Result<T> | undefined;
    let bestOrder = Number.POSITIVE_INFINITY;
    for (const { router } of this.#layers) {
      const result = router.match(method, path);
      best ??= result;
      const order = this.#orderOf(result);
      if (order < bestOrder) [best, bestOrder] = [result, order];
    }
    return best ?? [[]];
  }

  #orderOf([handlers]: Result<T>): number {
    for (const [handler] of handlers) {
      const order = this.#order.get(handler);
      if (order !== undefined) return order;
    }
    return Number.POSITIVE_INFINITY;
  }

  #addLayer(): Layer<T> {
    const layer: Layer<T> = { router: new RegExpRouter(), next: new Map(), paths: new Map() };
    for (const [path, handler] of this.#shared) layer.router.add("ALL", path, handler);
    this.#layers.push(layer);
    return layer;
  }
}

/** `{…}` of a parameter that has a pattern of its own. */
function patternOf(parameter: string): string {
  const brace = parameter.indexOf("{");
  return brace === -1 ? ":" : `:${parameter.slice(brace)}`;
}

function* beginnings(method: string, segments: Segments): Generator<[beginning: string, segment: string]> {
  let beginning = method;
  for (const segment of segments) {
    yield [beginning, segment];
    beginning += `/${segment}`;
  }
}

function hasPlaceFor<T>({ next, paths }: Layer<T>, method: string, segments: Segments, path: string): boolean {
  const known = paths.get(`${method}${segments.join("/")}`);
  if (known !== undefined) return known === path;
  for (const [beginning, segment] of beginnings(method, segments)) {
    const place = next.get(beginning);
    const isParameter = segment.startsWith(":");
    if (place === undefined) return true;
    if (isParameter ? place.words || place.pattern !== segment : place.pattern !== undefined) return false;
  }
  return true;
}

function note<T>({ next, paths }: Layer<T>, method: string, segments: Segments, path: string): void {
  paths.set(`${method}${segments.join("/")}`, path);
  for (const [beginning, segment] of beginnings(method, segments)) {
    const place = next.get(beginning) ?? { words: false, pattern: undefined };
    if (segment.startsWith(":")) place.pattern = segment;
    else place.words = true;
    next.set(beginning, place);
  }
}
