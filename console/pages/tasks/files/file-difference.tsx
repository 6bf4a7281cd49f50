import { useQuery } from "@tanstack/react-query";
import { readTaskFile } from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { DiffView } from "../../../ui/diff.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import type { VersionPath } from "../registry/task-path.ts";
import type { Change } from "./compare.ts";
import styles from "./files.module.css";

/** Bytes of a file whose text is compared. */
const MOST_BYTES = 200_000;

/** One file in two versions, line by line where it is a text. */
export function FileDifference({ change, before, after }: { change: Change; before: VersionPath; after: VersionPath }) {
  const { yard } = usePlace();
  const isLarge = Math.max(change.before ?? 0, change.after ?? 0) > MOST_BYTES;
  const texts = useQuery({
    queryKey: ["difference", before, after, change.path],
    queryFn: async ({ signal }) => {
      const read = async ({ version, ...task }: VersionPath, size: number | null): Promise<string | null> => {
        if (size === null) return "";
        const options = { path: { ...task, path: change.path }, query: { version }, signal };
        return readText(await (await readTaskFile(yard, options)).arrayBuffer());
      };
      return await Promise.all([read(before, change.before), read(after, change.after)]);
    },
    enabled: !isLarge,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isLarge) return <p className={styles["note"]}>The file is too large to be compared here; download both.</p>;
  if (texts.isError) return <ErrorState error={texts.error} retry={() => texts.refetch()} />;
  if (!texts.data) return <LoadingState label={`Comparing ${change.path}`} />;
  const [was, is] = texts.data;
  if (typeof was !== "string" || typeof is !== "string")
    return <p className={styles["note"]}>{change.path} is no text.</p>;
  return <DiffView path={change.path} before={was} after={is} />;
}

/** Null where the bytes are no text. */
function readText(bytes: ArrayBuffer): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\u0000") ? null : text;
  } catch {
    return null;
  }
}
