import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { listEvaluationItems } from "../../../src/client/generated/operations.gen.ts";
import type { EvaluationItemResponse } from "../../../src/client/generated/types.gen.ts";
import { type EvaluationItemOutline, followEvaluation } from "../../../src/client/live/follow-evaluation.ts";
import { items as itemsOf } from "../../../src/client/pages.ts";
import { usePlace } from "../../session/place.tsx";

/** What a cell of the grid shows. */
export type Cell = Pick<
  EvaluationItemResponse,
  "id" | "position" | "task_ref" | "attempt" | "item_status" | "reward" | "error"
> & { end_reason: string | null };

/** Milliseconds for which events are gathered before the numbers are asked for again. */
const GATHER_MS = 500;

/** The items of an evaluation, kept up to date by its events while it goes on. */
export function useItems(evaluation: string, isOver: boolean) {
  const { yard } = usePlace();
  const queries = useQueryClient();
  const [changed, setChanged] = useState<ReadonlyMap<string, Cell>>(new Map());
  const [isLive, setIsLive] = useState(false);
  const listed = useQuery({
    queryKey: ["evaluation-items", evaluation],
    queryFn: async ({ signal }) => {
      const cells: Cell[] = [];
      const options = { path: { evaluation_id: evaluation }, query: { limit: 200 }, signal };
      for await (const item of itemsOf(yard, listEvaluationItems, options)) cells.push(item);
      return cells;
    },
  });
  useEffect(() => {
    if (isOver) return;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async () => {
      const stream = followEvaluation(yard, {
        path: { evaluation_id: evaluation },
        signal: left.signal,
        onOpen: () => setIsLive(true),
        onReconnect: () => setIsLive(false),
        onResync: () => void queries.invalidateQueries({ queryKey: ["evaluation-items", evaluation] }),
      });
      const gathered = new Map<string, EvaluationItemOutline>();
      for await (const event of stream) {
        if (event.type === "item") gathered.set(event.item.id, event.item);
        timer ??= setTimeout(() => {
          timer = undefined;
          setChanged(new Map(gathered));
          void queries.invalidateQueries({ queryKey: ["evaluation", evaluation] });
        }, GATHER_MS);
      }
      await queries.invalidateQueries({ queryKey: ["evaluation-items", evaluation] });
      await queries.invalidateQueries({ queryKey: ["evaluation", evaluation] });
    };
    follow().catch(() => {
      if (!left.signal.aborted) setIsLive(false);
    });
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [yard, queries, evaluation, isOver]);
  const cells = isOver ? listed.data : listed.data?.map((cell) => changed.get(cell.id) ?? cell);
  return { cells, isLive, error: listed.error, isPending: listed.isPending, refetch: listed.refetch };
}
