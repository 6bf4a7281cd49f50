import { Menu } from "@base-ui/react/menu";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { listWorkspaces } from "../../src/client/generated/operations.gen.ts";
import { useAccounts } from "../session/accounts.ts";
import { projectsQuery } from "../session/projects-query.ts";
import { usePlace } from "../session/place.tsx";
import { PlaceName } from "./place-name.tsx";
import styles from "./place-switch.module.css";

/** Where one is, and the way to other projects, workspaces, and organizations that one is signed in to. Open at first. */
export function PlaceSwitch() {
  const [isOpen, setIsOpen] = useState(true);
  return (
    <Menu.Root open={isOpen} onOpenChange={setIsOpen}>
      <Menu.Trigger render={<PlaceName />} />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="start" className={styles["positioner"]}>
          <Menu.Popup className={styles["popup"]}>{isOpen && <Places />}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Places() {
  const { org, workspace, project, yard } = usePlace();
  const accounts = useAccounts();
  const [, navigate] = useLocation();
  const workspaces = useQuery({
    queryKey: ["workspaces", org],
    queryFn: async ({ signal }) => (await listWorkspaces(yard, { query: { limit: 200 }, signal })).workspaces,
  });
  const projects = useQueries({
    queries: (workspaces.data ?? []).map(({ key }) => projectsQuery(yard, org, key)),
  });
  return (
    <>
      {workspaces.isPending && <p className={styles["note"]}>Loading …</p>}
      {workspaces.isError && <p className={styles["note"]}>{workspaces.error.message}</p>}
      {workspaces.data?.map(({ key, name }, index) => (
        <Menu.Group key={key}>
          <Menu.GroupLabel className={styles["label"]}>{name}</Menu.GroupLabel>
          {projects[index]?.data?.map((each) => (
            <Menu.Item
              key={each.id}
              className={styles["item"]}
              onClick={() => navigate(`/${org}/${key}/${each.key}/runs`)}
            >
              <span>{each.name}</span>
              {each.key === project.key && key === workspace && <Check aria-label="here" />}
            </Menu.Item>
          ))}
        </Menu.Group>
      ))}
      <Menu.Group>
        <Menu.GroupLabel className={styles["label"]}>Organizations</Menu.GroupLabel>
        {accounts.map((account) => (
          <Menu.Item key={account.org} className={styles["item"]} onClick={() => navigate(`/${account.org}`)}>
            <span>{account.orgName}</span>
            {account.org === org && <Check aria-label="here" />}
          </Menu.Item>
        ))}
        <Menu.Item className={styles["item"]} onClick={() => navigate("/sign-in")}>
          Sign in to another one …
        </Menu.Item>
      </Menu.Group>
    </>
  );
}
