import { useQuery } from "@tanstack/react-query";
import { Box, Download } from "lucide-react";
import { useParams } from "wouter";
import {
  downloadTaskArchive,
  getTaskVersion,
  listTaskVersions,
} from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Page } from "../../../shell/page.tsx";
import { useFilters } from "../../../shell/use-filters.ts";
import { Button, LinkButton } from "../../../ui/button.tsx";
import { FilterSelect } from "../../../ui/fields.tsx";
import { MarkdownText } from "../../../ui/markdown.tsx";
import { saveFile } from "../../../ui/save-file.ts";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge } from "../../../ui/status.tsx";
import { Tabs } from "../../../ui/tabs.tsx";
import { complain } from "../../../ui/toast.tsx";
import { ComparePane } from "../files/compare-pane.tsx";
import { FilesPane } from "../files/files-pane.tsx";
import { ManifestPane } from "./manifest-pane.tsx";
import { ReadmePane } from "./readme-pane.tsx";
import { TaskActions } from "./task-actions.tsx";
import { VersionsPane } from "./versions-pane.tsx";

/** Versions that the choice above offers. */
const OFFERED_VERSIONS = 100;

/** One version of a task: what it says, what it holds, and how it differs from others. */
export function TaskPage() {
  const { name = "" } = useParams();
  const { yard, link, org: own, may } = usePlace();
  const { get, change } = useFilters();
  const org = get("org") === "" ? own : get("org");
  const wanted = get("version") === "" ? "latest" : get("version");
  const task = useQuery({
    queryKey: ["task-version", org, name, wanted],
    queryFn: ({ signal }) => getTaskVersion(yard, { path: { org, name, version: wanted }, signal }),
  });
  const versions = useQuery({
    queryKey: ["task-versions", org, name, "offered"],
    queryFn: ({ signal }) =>
      listTaskVersions(yard, { path: { org, name }, query: { limit: OFFERED_VERSIONS }, signal }),
  });
  const above = [{ name: "Tasks", href: link("tasks") }];
  if (task.isError) {
    return (
      <Page title={name} above={above}>
        <ErrorState error={task.error} retry={() => task.refetch()} />
      </Page>
    );
  }
  if (!task.data) {
    return (
      <Page title={name} above={above}>
        <LoadingState label="Loading the task" />
      </Page>
    );
  }
  const { version, instruction } = task.data;
  const path = { org, name, version };
  const offered = versions.data?.versions ?? [];
  const save = async () => {
    try {
      saveFile(await (await downloadTaskArchive(yard, { path })).blob(), `${name}-${version}.zip`);
    } catch (error) {
      complain("The archive cannot be downloaded", error);
    }
  };
  return (
    <Page
      title={name}
      above={above}
      badge={<StatusBadge status={task.data.is_public ? "public" : "private"} tone="idle" />}
      actions={
        <>
          <FilterSelect label="Version" value={version} onChange={(event) => change("version", event.target.value)}>
            {!offered.some((each) => each.version === version) && <option value={version}>{version}</option>}
            {offered.map((each) => (
              <option key={each.id} value={each.version}>
                {each.version}
              </option>
            ))}
          </FilterSelect>
          {may("environment:write") && (
            <LinkButton
              href={link(
                `environments?task=${encodeURIComponent(org === own ? `${name}@${version}` : `${org}/${name}@${version}`)}`,
              )}
            >
              <Box aria-hidden="true" /> Provision
            </LinkButton>
          )}
          <Button onClick={() => void save()}>
            <Download aria-hidden="true" /> Download
          </Button>
          {org === own && <TaskActions task={task.data} />}
        </>
      }
    >
      <Tabs
        label="Parts of the task"
        current={get("tab") === "" ? "readme" : get("tab")}
        onChange={(tab) => change("tab", tab)}
        tabs={[
          { id: "readme", name: "Readme", content: () => <ReadmePane key={version} path={path} /> },
          {
            id: "instruction",
            name: "Instruction",
            content: () =>
              instruction === null ? (
                <EmptyState title="No instruction">The manifest does not say what an agent is to do.</EmptyState>
              ) : (
                <MarkdownText text={instruction} />
              ),
          },
          { id: "files", name: "Files", content: () => <FilesPane key={version} path={path} /> },
          {
            id: "manifest",
            name: "Manifest",
            content: () => <ManifestPane key={version} task={task.data} path={path} />,
          },
          {
            id: "versions",
            name: "Versions",
            count: versions.data?.total,
            content: () => <VersionsPane org={org} name={name} current={version} />,
          },
          {
            id: "compare",
            name: "Compare",
            content: () => <ComparePane path={path} size={task.data.file_size} versions={offered} />,
          },
        ]}
      />
    </Page>
  );
}
