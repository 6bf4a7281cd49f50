import { useQuery } from "@tanstack/react-query";
import { useLocation, useParams } from "wouter";
import { getOrganization } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Page } from "../../shell/page.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { KeysPane } from "./keys/keys-pane.tsx";
import { ProjectsPane } from "./projects-pane.tsx";
import { RunnersPane } from "./runners-pane.tsx";
import { UsersPane } from "./users-pane.tsx";
import { WebhooksPane } from "./webhooks/webhooks-pane.tsx";

/** The organization: who is in it, by which keys, with what projects, and whom it tells of what happens. */
export function AdministrationPage() {
  const { part = "users" } = useParams();
  const { yard, org, account, may, link } = usePlace();
  const [, navigate] = useLocation();
  const organization = useQuery({
    queryKey: ["organization", org],
    queryFn: ({ signal }) => getOrganization(yard, { signal }),
  });
  if (!may("admin") || account.projectId !== null) {
    return (
      <Page title="Administration">
        <EmptyState title="Your key may not administer">
          It takes the scope admin, by a key that is bound to no project.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page title={`Administration of ${account.orgName}`}>
      <Tabs
        label="Parts of the administration"
        current={part}
        onChange={(id) => navigate(link(`administration/${id}`))}
        tabs={[
          {
            id: "users",
            name: "Users",
            count: organization.data?.member_count,
            content: () => <UsersPane most={organization.data?.max_members} />,
          },
          { id: "keys", name: "API keys", content: () => <KeysPane /> },
          { id: "projects", name: "Projects", content: () => <ProjectsPane /> },
          { id: "webhooks", name: "Webhooks", content: () => <WebhooksPane /> },
          { id: "runners", name: "Runners", content: () => <RunnersPane /> },
        ]}
      />
    </Page>
  );
}
