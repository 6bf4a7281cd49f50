import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useMemo } from "react";
import type { Project } from "../../src/client/generated/types.gen.ts";
import { Taskyard } from "../../src/client/taskyard.ts";
import { ErrorState, LoadingState } from "../ui/states.tsx";
import type { Account } from "./accounts.ts";
import { projectsQuery } from "./projects-query.ts";

/** Where the page is: everything that it shows is of this organization, workspace and project. */
export interface Place {
  account: Account;
  org: string;
  workspace: string;
  /** The project's key in paths of the console, its number in those of agent tasks. */
  project: Project;
  /** The client, which fills these three in. */
  yard: Taskyard;
  /** The console's path of a page of this place: `link("runs")`. */
  link: (path: string) => string;
  /** Whether the key may do what this scope lets it do. */
  may: (scope: string) => boolean;
}

const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = use(PlaceContext);
  if (!place) throw new Error("There is no place outside of an organization's pages");
  return place;
}

interface PlaceProviderProps {
  account: Account;
  workspace: string;
  project: string;
  children: ReactNode;
}

/** Finds the project that the path names, and then shows what is in it. */
export function PlaceProvider({ account, workspace, project: key, children }: PlaceProviderProps) {
  const { org } = account;
  const base = useMemo(
    () => new Taskyard({ url: location.origin, apiKey: account.key, organization: org, workspace, retries: 2 }),
    [account.key, org, workspace],
  );
  const projects = useQuery(projectsQuery(base, org, workspace));
  const project = projects.data?.find((candidate) => candidate.key === key);
  const place = useMemo<Place | null>(
    () =>
      project
        ? {
            account,
            org,
            workspace,
            project,
            yard: new Taskyard({
              url: location.origin,
              apiKey: account.key,
              organization: org,
              workspace,
              project: String(project.number),
              retries: 2,
            }),
            link: (path) => `/${org}/${workspace}/${project.key}/${path}`,
            may: (scope) => mayDo(account.scopes, scope),
          }
        : null,
    [account, org, workspace, project],
  );
  if (projects.isError) return <ErrorState error={projects.error} retry={() => projects.refetch()} />;
  if (projects.isPending) return <LoadingState label="Loading the project" />;
  if (!place) {
    return (
      <ErrorState
        error={new Error(`There is no project ${key} in the workspace ${workspace}, or your key may not see it.`)}
      />
    );
  }
  return <PlaceContext value={place}>{children}</PlaceContext>;
}

/** `admin` grants everything but being a runner; writing implies reading. */
function mayDo(scopes: readonly string[], wanted: string): boolean {
  return scopes.includes(wanted) || scopes.includes("admin") || scopes.includes(wanted.replace(/:read$/, ":write"));
}
