/** What is followed: the path of its stream, with the values for it. */
export interface LiveTarget {
  /** As in the OpenAPI document, with names in braces. */
  path: string;
  values: object;
  query: Record<string, string | number | undefined>;
}

/** Where a reader begins: strictly after an offset that it has, at what is new, or else at the beginning. */
export interface Start {
  offset: string | undefined;
  isLatest: boolean;
}

/** What a transport reads of a stream. */
export type LiveEvent =
  /** The connection is there. */
  | { type: "open" }
  /** Entries in their order. `offset` is behind the last of them; `accept` tells the server that they were taken. */
  | { type: "entries"; entries: unknown[]; offset: string | undefined; accept?: () => void }
  /** Everything was sent. */
  | { type: "end" }
  /** The offset is unknown to the server, or what follows it is gone: the stream now begins at this one. */
  | { type: "resync"; offset: string }
  /** The connection has lasted as long as it may: connect again. */
  | { type: "rotated" };

/** The query by which a reader says where it begins. */
export function startQuery({ offset, isLatest }: Start): Record<string, string | undefined> {
  return { offset, start: offset === undefined && isLatest ? "latest" : undefined };
}
