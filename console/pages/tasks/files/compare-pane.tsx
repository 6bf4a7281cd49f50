import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Virtuoso } from "react-virtuoso";
import { getTaskVersion } from "../../../../src/client/generated/operations.gen.ts";
import type { TaskSummary } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Bar } from "../../../shell/page.tsx";
import { useFilters } from "../../../shell/use-filters.ts";
import { FilterSelect } from "../../../ui/fields.tsx";
import { describeBytes, describeCount } from "../../../ui/numbers.ts";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { wordsOf } from "../../../ui/status.tsx";
import type { VersionPath } from "../registry/task-path.ts";
import { readDirectory } from "./archive-directory.ts";
import { type Change, compareDirectories } from "./compare.ts";
import { FileDifference } from "./file-difference.tsx";
import styles from "./files.module.css";

const ROW_PIXELS = 32;
const MOST_PIXELS = 320;

interface ComparePaneProps {
  /** The version that is shown, and bytes of its archive. */
  path: VersionPath;
  size: number;
  versions: readonly TaskSummary[];
}

/** How the version differs from another one: which files, and how their text. */
export function ComparePane({ path, size, versions }: ComparePaneProps) {
  const { yard } = usePlace();
  const { get, change } = useFilters();
  const others = versions.filter(({ version }) => version !== path.version);
  const older = versions[versions.findIndex(({ version }) => version === path.version) + 1];
  const version = get("with") || older?.version || others[0]?.version || "";
  const before = { ...path, version };
  const comparison = useQuery({
    queryKey: ["comparison", path, version],
    queryFn: async ({ signal }) => {
      const { file_size } = await getTaskVersion(yard, { path: before, signal });
      const [was, is] = await Promise.all([
        readDirectory(yard, before, file_size, signal),
        readDirectory(yard, path, size, signal),
      ]);
      return compareDirectories(was, is);
    },
    enabled: version !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [chosen, setChosen] = useState<Change>();
  if (version === "")
    return <EmptyState title="There is one version only">The next one can be compared with it.</EmptyState>;
  return (
    <div className={styles["compare"]}>
      <Bar>
        <span>From</span>
        <FilterSelect
          label="Compare with version"
          value={version}
          onChange={(event) => {
            setChosen(undefined);
            change("with", event.target.value);
          }}
        >
          {!others.some((each) => each.version === version) && <option value={version}>{version}</option>}
          {others.map((each) => (
            <option key={each.id} value={each.version}>
              {each.version}
            </option>
          ))}
        </FilterSelect>
        <span>to {path.version}</span>
      </Bar>
      {comparison.isError && <ErrorState error={comparison.error} retry={() => comparison.refetch()} />}
      {comparison.isPending && <LoadingState label="Comparing" />}
      {comparison.data && (
        <>
          <p aria-live="polite">{summarize(comparison.data.changes, comparison.data.same)}</p>
          {!comparison.data.isExact && (
            <p className={styles["note"]}>
              Your key may not read the whole archive, so files are compared by their sizes: a change that keeps them is
              not seen.
            </p>
          )}
          {comparison.data.changes.length > 0 && (
            <Changes changes={comparison.data.changes} chosen={chosen} onChoose={setChosen} />
          )}
          {chosen && <FileDifference key={`${version} ${chosen.path}`} change={chosen} before={before} after={path} />}
        </>
      )}
    </div>
  );
}

function Changes({
  changes,
  chosen,
  onChoose,
}: {
  changes: readonly Change[];
  chosen: Change | undefined;
  onChoose: (change: Change) => void;
}) {
  return (
    <Virtuoso
      className={styles["changes"]}
      role="group"
      aria-label="Changed files"
      style={{ height: Math.min(changes.length * ROW_PIXELS + 2, MOST_PIXELS) }}
      totalCount={changes.length}
      fixedItemHeight={ROW_PIXELS}
      itemContent={(index) => {
        const each = changes[index];
        if (!each) return null;
        return (
          <button
            type="button"
            className={styles["change"]}
            aria-pressed={each.path === chosen?.path}
            onClick={() => onChoose(each)}
          >
            <span className={styles["kind"]} data-kind={each.kind}>
              {wordsOf(each.kind)}
            </span>
            <span className={styles["name"]}>{each.path}</span>
            <span className={styles["size"]}>{describeSizes(each)}</span>
          </button>
        );
      }}
    />
  );
}

function describeSizes({ before, after }: Change): string {
  const sizes = [before, after].filter((size) => size !== null).map(describeBytes);
  return [...new Set(sizes)].join(" → ");
}

function summarize(changes: readonly Change[], same: number): string {
  const count = (kind: Change["kind"]) => describeCount(changes.filter((change) => change.kind === kind).length);
  if (changes.length === 0) return `All ${describeCount(same)} files are the same.`;
  return `${count("added")} added, ${count("removed")} removed, ${count("changed")} changed, ${describeCount(same)} the same.`;
}
