import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { followRun } from "../../../../src/client/live/follow-run.ts";
import { usePlace } from "../../../session/place.tsx";
import type { LogPath } from "./log-pages.ts";
import { LogStore } from "./log-store.ts";

/** How the console hears of what happens in a run. */
export type Connection = "connecting" | "live" | "reconnecting" | "ended" | "failed";

/** Milliseconds for which news are gathered before they are fetched together. */
const GATHER_MS = 80;

export interface LiveRun {
  log: LogStore;
  connection: Connection;
  /** Why it is no longer followed. */
  error: unknown;
  /** Follows it anew. */
  reconnect: () => void;
}

/**
 * The log of a run, as it grows. The run's stream tells over WebSocket that something has happened; the log itself is read by
 * position, so that a broken connection costs time and never an entry.
 */
export function useLiveRun(path: LogPath): LiveRun {
  const { yard } = usePlace();
  const queries = useQueryClient();
  const { task_id, run_id } = path;
  const [log] = useState(() => new LogStore(yard, path));
  const [connection, setConnection] = useState<Connection>("connecting");
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  useSyncExternalStore(log.subscribe, log.version);

  useEffect(() => {
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const news = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void log.refresh();
      }, GATHER_MS);
    };
    const follow = async () => {
      setConnection("connecting");
      setError(undefined);
      try {
        const stream = followRun(yard, {
          path: { task_id, run_id },
          from: "latest",
          signal: left.signal,
          transports: ["websocket", "sse"],
          onOpen: () => {
            setConnection("live");
            // What came before the stream began.
            news();
          },
          onReconnect: () => setConnection("reconnecting"),
          onResync: news,
        });
        await log.refresh();
        for await (const entry of stream) {
          if (entry["type"] === "task_run_state") void queries.invalidateQueries({ queryKey: ["run", run_id] });
          news();
        }
        await log.refresh();
        setConnection("ended");
      } catch (failure) {
        if (left.signal.aborted) return;
        setError(failure);
        setConnection("failed");
      }
    };
    // After sleep, or without a network, the log is behind until the connection is there again.
    addEventListener("online", news);
    document.addEventListener("visibilitychange", news);
    void follow();
    return () => {
      left.abort();
      clearTimeout(timer);
      removeEventListener("online", news);
      document.removeEventListener("visibilitychange", news);
    };
  }, [yard, log, queries, task_id, run_id, attempt]);

  return { log, connection, error, reconnect: () => setAttempt((count) => count + 1) };
}
