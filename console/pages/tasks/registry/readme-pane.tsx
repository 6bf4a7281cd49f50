import { useQuery } from "@tanstack/react-query";
import { NotFoundError } from "../../../../src/client/errors.ts";
import { readTaskReadme } from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { MarkdownText } from "../../../ui/markdown.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import type { VersionPath } from "./task-path.ts";

/** The readme at the root of the archive. */
export function ReadmePane({ path }: { path: VersionPath }) {
  const { yard } = usePlace();
  const { version, ...task } = path;
  const readme = useQuery({
    queryKey: ["readme", path],
    queryFn: ({ signal }) => readTaskReadme(yard, { path: task, query: { version }, signal }),
  });
  if (readme.error instanceof NotFoundError)
    return <EmptyState title="No readme">A README.md at the archive’s root would stand here.</EmptyState>;
  if (readme.isError) return <ErrorState error={readme.error} retry={() => readme.refetch()} />;
  if (!readme.data) return <LoadingState label="Loading the readme" />;
  return (
    <>
      <MarkdownText text={readme.data.content} />
      {readme.data.truncated && <p>The beginning is shown; the whole of it is among the files.</p>}
    </>
  );
}
