/**
 * A Durable Object as its callers reach it: some of its RPC methods, which answer expected failures as values, and its
 * `fetch`. Written out, because the stub's own type turns answers that hold any JSON into `never`.
 */
export type Handle<DurableClass, Calls extends keyof DurableClass> = {
  [Call in Calls]: DurableClass[Call] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
} & {
  fetch: (request: Request) => Promise<Response>;
};
