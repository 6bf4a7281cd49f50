import { useCallback, useEffect, useState } from "react";
import { listTaskFiles } from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { complain } from "../../../ui/toast.tsx";
import type { VersionPath } from "../registry/task-path.ts";
import { FileTree } from "./file-tree.ts";

/** Files of the first page, which is there at once, of those after it, and of a folder that is opened before they are all there. */
const FIRST_PAGE = 1_000;
const NEXT_PAGES = 10_000;

interface LoadedTree {
  tree: FileTree;
  /** Changes when the tree has more. */
  change: number;
  /** Files of the archive; undefined before the first answer. */
  total: number | undefined;
  isComplete: boolean;
  error: unknown;
  retry: () => void;
  /** Asks for a folder now, if it may not all be there yet. */
  loadFolder: (folder: string) => void;
}

/** The files of a version: the first ones at once, the others page by page behind them, opened folders before their turn. */
export function useFileTree({ org, name, version }: VersionPath): LoadedTree {
  const { yard } = usePlace();
  const [tree] = useState(() => new FileTree());
  const [attempt, setAttempt] = useState(0);
  const [{ change, total, isComplete }, setProgress] = useState<{
    change: number;
    total: number | undefined;
    isComplete: boolean;
  }>({ change: 0, total: undefined, isComplete: false });
  const [error, setError] = useState<unknown>();

  const load = useCallback(
    async (query: { prefix?: string; limit: number; cursor?: string }, signal?: AbortSignal) => {
      const page = await listTaskFiles(yard, { path: { org, name }, query: { version, ...query }, signal });
      signal?.throwIfAborted();
      tree.add(page.files);
      return page;
    },
    [yard, org, name, version, tree],
  );

  useEffect(() => {
    const left = new AbortController();
    const loadAll = async () => {
      for (let next: { limit: number; cursor?: string } | undefined = { limit: FIRST_PAGE }; next;) {
        const { next_cursor: cursor, total_files: total } = await load(next, left.signal);
        next = typeof cursor === "string" ? { limit: NEXT_PAGES, cursor } : undefined;
        const isComplete = next === undefined;
        setProgress((old) => ({ change: old.change + 1, total, isComplete }));
      }
    };
    setError(undefined);
    loadAll().catch((failure: unknown) => {
      if (!left.signal.aborted) setError(failure);
    });
    return () => left.abort();
  }, [load, attempt]);

  const loadFolder = useCallback(
    (folder: string) => {
      if (isComplete) return;
      load({ prefix: `${folder}/`, limit: NEXT_PAGES }).then(
        () => setProgress((old) => ({ ...old, change: old.change + 1 })),
        (failure: unknown) => complain(`${folder} cannot be listed`, failure),
      );
    },
    [load, isComplete],
  );
  return { tree, change, total, isComplete, error, retry: () => setAttempt(attempt + 1), loadFolder };
}
