import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Result } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { TrieRouter } from "hono/router/trie-router";
import { expect, test } from "vitest";
import { buildApp } from "../../src/app.ts";
import { LayeredRouter } from "../../src/http/layered-router.ts";

/** What a router gives for a path: each handler with its parameters. */
function readMatch<T>([handlers, stash]: Result<T>): [T, Record<string, string>][] {
  return handlers.map(([handler, params]) => [
    handler,
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, typeof value === "number" ? (stash?.[value] ?? "") : value]),
    ),
  ]);
}

test("the app's routes are matched by Hono's fast router, also after the first request", async () => {
  const app = buildApp();
  const answer = await app.fetch(new Request("https://taskyard.test/health"), env, createExecutionContext());
  expect(answer.status).toBe(200);
  expect(app.router).toBeInstanceOf(LayeredRouter);
  expect(app.router.name).toBe("LayeredRouter + RegExpRouter");
});

test("every route is found as the router finds it that takes all paths", () => {
  const { routes } = buildApp();
  const [layered, trie] = [new LayeredRouter<number>(), new TrieRouter<number>()];
  for (const [index, { method, path }] of routes.entries()) {
    layered.add(method, path, index);
    trie.add(method, path, index);
  }
  const paths = new Set(
    routes.filter(({ method }) => method !== "ALL").map(({ path }) => path.replaceAll(/:path\{\.\+\}|\*$/g, "a/b.txt")),
  );
  const filled = [...paths].flatMap((path) => [
    path.replaceAll(/:(\w+)/g, "some-$1"),
    // Words of other routes in the place of parameters.
    ...["facets", "files", "versions", "summaries", "repositories", "self"].map((word) =>
      path.replaceAll(/:\w+/g, word),
    ),
  ]);
  for (const path of filled) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const [found, expected] = [readMatch(layered.match(method, path)), readMatch(trie.match(method, path))];
      // Of routes that match the same path the first answers, and calls no other.
      const first = expected.find(([index]) => routes[index]?.method !== "ALL");
      const answering = expected.filter(
        ([index]) => routes[index]?.method === "ALL" || routes[index]?.path === routes[first?.[0] ?? -1]?.path,
      );
      expect(found, `${method} ${path}`).toEqual(answering);
    }
  }
});

test("the fast router alone would not take these paths", () => {
  const router = new RegExpRouter<number>();
  router.add("GET", "/tasks/facets/:field", 1);
  expect(() => router.add("GET", "/tasks/:name/:field", 2)).toThrow("/tasks/:name/:field");

  const layered = new LayeredRouter<number>();
  layered.add("ALL", "/*", 0);
  layered.add("GET", "/tasks/facets/:field", 1);
  layered.add("GET", "/tasks/:name/:field", 2);
  layered.add("GET", "/tasks/:other/:field", 3);
  expect(readMatch(layered.match("GET", "/tasks/facets/a"))).toEqual([
    [0, {}],
    [1, { field: "a" }],
  ]);
  expect(readMatch(layered.match("GET", "/tasks/b/a"))).toEqual([
    [0, {}],
    [2, { name: "b", field: "a" }],
  ]);
  expect(readMatch(layered.match("GET", "/nothing"))).toEqual([[0, {}]]);
});
