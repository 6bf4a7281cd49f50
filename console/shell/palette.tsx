import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { useLocation } from "wouter";
import type { Finding } from "../pages/section.ts";
import { SECTIONS } from "../pages/sections.ts";
import { projectsQuery } from "../session/projects-query.ts";
import { usePlace } from "../session/place.tsx";
import styles from "./palette.module.css";

interface Choice {
  name: string;
  detail: string;
  href: string;
}

/** Letters from which on the server is asked. */
const LEAST_LETTERS = 2;
/** Milliseconds without a key stroke after which the server is asked. */
const PAUSE_MS = 200;

/** The command palette: sections, projects, and what the sections find by a text. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const wanted = usePause(useDeferredValue(text.trim()));
  const choices = useChoices(text.trim(), wanted);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles["scrim"]} />
        <Dialog.Popup className={styles["popup"]} aria-label="Find anything">
          <Autocomplete.Root
            inline
            open
            items={choices}
            mode="none"
            autoHighlight="always"
            value={text}
            onValueChange={setText}
            itemToStringValue={(choice: Choice) => choice.name}
          >
            <Autocomplete.Input
              className={styles["input"]}
              placeholder="Go to a page, a run, a task …"
              aria-label="Find"
            />
            <Autocomplete.Empty className={styles["empty"]}>Nothing of this name.</Autocomplete.Empty>
            <Autocomplete.List className={styles["list"]}>
              {(choice: Choice) => (
                <Autocomplete.Item
                  key={choice.href}
                  value={choice}
                  className={styles["item"]}
                  onClick={() => {
                    onClose();
                    navigate(choice.href);
                  }}
                >
                  <span>{choice.name}</span>
                  <span className={styles["detail"]}>{choice.detail}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What fits the text: pages and projects as one types, the rest when the server has answered. */
function useChoices(text: string, asked: string): Choice[] {
  const place = usePlace();
  const { org, workspace, yard, link, may } = place;
  const sections = SECTIONS.filter(({ scope }) => scope === undefined || may(scope));
  const projects = useQuery(projectsQuery(yard, org, workspace));
  const found = useQueries({
    queries: sections.flatMap(({ id, find }) =>
      find
        ? [
            {
              queryKey: ["find", link(id), asked],
              queryFn: ({ signal }: { signal: AbortSignal }) => find(place, asked, signal),
              enabled: asked.length >= LEAST_LETTERS,
            },
          ]
        : [],
    ),
  });
  const findings: Finding[] = asked === text ? found.flatMap(({ data }) => data ?? []) : [];
  const own: Choice[] = [
    ...sections.map(({ id, name }) => ({ name, detail: "Page", href: link(id) })),
    ...(projects.data ?? []).map(({ key, name }) => ({
      name,
      detail: `Project in ${workspace}`,
      href: `/${org}/${workspace}/${key}/runs`,
    })),
  ];
  const letters = text.toLowerCase();
  return [
    ...own.filter(({ name }) => name.toLowerCase().includes(letters)),
    ...findings.map(({ name, detail, path }) => ({ name, detail, href: link(path) })),
  ];
}

/** The value, once it has not changed for a moment. */
function usePause(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
