import { ChevronsUpDown } from "lucide-react";
import type { ComponentProps } from "react";
import { usePlace } from "../session/place.tsx";
import styles from "./place-switch.module.css";

/** The button that says where one is. `PlaceSwitch` is what it opens. */
export function PlaceName(props: ComponentProps<"button">) {
  const { org, workspace, project } = usePlace();
  return (
    <button type="button" {...props} className={styles["trigger"]}>
      <span className={styles["above"]}>
        {org} <span aria-hidden="true">/</span> {workspace} <span aria-hidden="true">/</span>
      </span>
      <b>{project.name}</b>
      <span className="visually-hidden">: switch the place</span>
      <ChevronsUpDown aria-hidden="true" />
    </button>
  );
}
