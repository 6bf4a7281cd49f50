import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { listTaskUploads } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskDetail } from "../../../../src/client/generated/types.gen.ts";
import { uploadArchive } from "../../../../src/client/uploads/upload-archive.ts";
import type { UploadState } from "../../../../src/client/uploads/upload-parts.ts";
import { usePlace } from "../../../session/place.tsx";
import { packFolder } from "./pack-folder.ts";
import type { Picked } from "./picked.ts";
import type { Names } from "./read-names.ts";

/** How far a publication is. */
export type Publishing =
  | { step: "idle" }
  | { step: "packing" | "sending"; done: number; total: number }
  | { step: "checking" }
  | { step: "published"; task: TaskDetail }
  /** It broke off, or was refused; `begin` with the same names goes on with what has arrived. */
  | { step: "failed"; error: unknown };

interface Publisher {
  state: Publishing;
  begin: (picked: Picked, names: Names) => void;
  /** Breaks off; what has arrived waits to be gone on with. */
  cancel: () => void;
  reset: () => void;
}

/** Packs a folder where there is one, sends the archive, in parts where it is large, and waits until it is checked. */
export function usePublishing(): Publisher {
  const { yard, org } = usePlace();
  const queries = useQueryClient();
  const [state, setState] = useState<Publishing>({ step: "idle" });
  const running = useRef<AbortController>(undefined);
  const packed = useRef<{ picked: Picked; archive: Blob }>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useWarning(state.step === "packing" || state.step === "sending");

  const publish = async (picked: Picked, names: Names, signal: AbortSignal) => {
    const show = (next: Publishing) => {
      if (!signal.aborted) setState(next);
    };
    try {
      show({ step: "published", task: await send(picked, names, signal, show) });
      await queries.invalidateQueries();
    } catch (error) {
      show({ step: "failed", error });
    }
  };

  const send = async (
    picked: Picked,
    { name, version }: Names,
    signal: AbortSignal,
    show: (next: Publishing) => void,
  ): Promise<TaskDetail> => {
    const path = { org, name, version };
    const archive = await archiveOf(picked, signal, (done, total) => show({ step: "packing", done, total }));
    show({ step: "sending", done: 0, total: archive.size });
    const begun = await findBegun(path, archive.size, signal);
    return await uploadArchive(yard, {
      path,
      source: archive,
      ...(begun && { state: begun }),
      signal,
      onProgress: ({ sent, total }) =>
        show(sent < total ? { step: "sending", done: sent, total } : { step: "checking" }),
    });
  };

  /** The archive; a folder is packed once, also where it is tried again. */
  const archiveOf = async (picked: Picked, signal: AbortSignal, onProgress: (done: number, total: number) => void) => {
    if (picked.kind === "zip") return picked.file;
    if (packed.current?.picked === picked) return packed.current.archive;
    const total = picked.files.reduce((sum, { file }) => sum + file.size, 0);
    onProgress(0, total);
    const archive = await packFolder(picked.files, signal, (done) => onProgress(done, total));
    packed.current = { picked, archive };
    return archive;
  };

  /** An upload of as many bytes that was begun, here or in a window that is closed: its parts are compared before they count. */
  const findBegun = async (
    path: { org: string; name: string; version: string },
    size: number,
    signal: AbortSignal,
  ): Promise<UploadState | undefined> => {
    const { uploads } = await listTaskUploads(yard, { path, signal });
    const begun = uploads.find((upload) => upload.state === "open" && upload.size === size);
    return begun && { uploadId: begun.id, size };
  };

  const begin = (picked: Picked, names: Names) => {
    const run = new AbortController();
    running.current?.abort();
    running.current = run;
    setState({ step: "sending", done: 0, total: 0 });
    void publish(picked, names, run.signal);
  };
  const cancel = () => {
    running.current?.abort();
    setState({
      step: "failed",
      error: new Error("You have stopped it. What has arrived waits for a while: go on whenever you like."),
    });
  };
  return { state, begin, cancel, reset: () => setState({ step: "idle" }) };
}

/** Lets the browser ask before the page is left while something is on its way. */
function useWarning(isBusy: boolean): void {
  useEffect(() => {
    if (!isBusy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isBusy]);
}
