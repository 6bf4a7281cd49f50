import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Clock, Trash2 } from "lucide-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { useParams, useSearchParams } from "wouter";
import {
  deleteEnvironment,
  extendEnvironment,
  getEnvironment,
  getEnvironmentLogs,
} from "../../../src/client/generated/operations.gen.ts";
import type { EnvironmentResponse } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Facts, Page } from "../../shell/page.tsx";
import { AnsiText } from "../../ui/ansi.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { MarkdownText } from "../../ui/markdown.tsx";
import { OutsideLink } from "../../ui/outside-link.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { type Tab, Tabs } from "../../ui/tabs.tsx";
import { Countdown, TimeAgo } from "../../ui/time.tsx";
import { complain, say } from "../../ui/toast.tsx";
import { CommandLine } from "./command-line.tsx";
import styles from "./environment-page.module.css";
import { Files } from "./files.tsx";
import { keepToken, tokenOf } from "./tokens.ts";

const TerminalView = lazy(async () => ({ default: (await import("./terminal-view.tsx")).TerminalView }));

const REFRESH_MS = 3_000;
const EXTENSION_SECONDS = 3_600;

/** An environment: what it is about, a terminal or a command line, its files, ports and logs. */
export function EnvironmentPage() {
  const { environment = "" } = useParams();
  const { yard, link } = usePlace();
  const found = useQuery({
    queryKey: ["environment", environment],
    queryFn: ({ signal }) => getEnvironment(yard, { path: { environment_id: environment }, signal }),
    refetchInterval: REFRESH_MS,
  });
  const above = [{ name: "Environments", href: link("environments") }];
  if (!found.data) {
    return (
      <Page title="Environment" above={above}>
        {found.isError ? <ErrorState error={found.error} retry={() => found.refetch()} /> : <LoadingState lines={10} />}
      </Page>
    );
  }
  return (
    <Page
      title={found.data.task_ref}
      above={above}
      badge={<StatusBadge status={found.data.state} />}
      actions={<Actions environment={found.data} />}
    >
      <Body environment={found.data} />
    </Page>
  );
}

function Body({ environment }: { environment: EnvironmentResponse }) {
  const { may } = usePlace();
  const [query, setQuery] = useSearchParams();
  const [token, setToken] = useState(() => tokenOf(environment.id));
  const { id, sandbox_provider: provider, service_urls: services, state } = environment;
  const isReady = state === "ready" && may("environment:write");
  const withToken = (use: (token: string) => React.ReactNode) => () => {
    if (!isReady)
      return <EmptyState title="The environment is not ready">Commands and files are there while it is.</EmptyState>;
    if (token !== undefined) return use(token);
    return <TokenForm onToken={(entered) => (keepToken(id, entered), setToken(entered))} />;
  };
  const tabs: Tab[] = [
    { id: "about", name: "About", content: () => <About environment={environment} /> },
    provider.terminals
      ? {
          id: "terminal",
          name: "Terminal",
          content: withToken((known) => (
            <Suspense fallback={<LoadingState />}>
              <TerminalView environment={id} token={known} />
            </Suspense>
          )),
        }
      : {
          id: "commands",
          name: "Commands",
          content: withToken((known) => <CommandLine environment={id} token={known} />),
        },
    { id: "files", name: "Files", content: withToken((known) => <Files environment={id} token={known} />) },
    {
      id: "ports",
      name: "Ports",
      count: Object.keys(services ?? {}).length,
      content: () => <Ports services={services} />,
    },
    { id: "logs", name: "Logs", content: () => <Logs environment={id} /> },
  ];
  return (
    <Tabs
      label="Parts of the environment"
      tabs={tabs}
      current={query.get("tab") ?? "about"}
      onChange={(tab) => setQuery(tab === "about" ? {} : { tab }, { replace: true })}
    />
  );
}

function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onToken(text.trim());
  };
  return (
    <form className={styles["token"]} onSubmit={submit}>
      <TextField
        label="Token of the environment"
        type="password"
        autoComplete="off"
        required
        placeholder="tye_…"
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint="Commands and files need it. It was shown once, to whoever made the environment; this tab keeps it until it is closed."
      />
      <Button type="submit" look="primary">
        Use it
      </Button>
    </form>
  );
}

function About({ environment }: { environment: EnvironmentResponse }) {
  const {
    id,
    created_at,
    expires_at,
    ended_at,
    end_reason,
    sandbox_provider: provider,
    error,
    warnings,
    waiting_for,
    instruction,
  } = environment;
  return (
    <div className={styles["about"]}>
      {error !== null && (
        <p className={styles["error"]} role="alert">
          {error}
        </p>
      )}
      {waiting_for && <p className={styles["waiting"]}>Waiting: {waiting_for.detail}</p>}
      <Facts
        facts={[
          ["Id", <code key="id">{id}</code>],
          ["Made", <TimeAgo key="made" time={created_at} />],
          ["Ends in", expires_at === null || ended_at !== null ? "–" : <Countdown key="left" to={expires_at} />],
          ...(ended_at === null
            ? []
            : [["Ended", <TimeAgo key="ended" time={ended_at} />] as const, ["Because", end_reason ?? "–"] as const]),
          ["Sandbox", `${provider.kind}: ${provider.description}`],
        ]}
      />
      {warnings.length > 0 && (
        <ul className={styles["waiting"]}>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {instruction !== null && (
        <section>
          <h2>Instruction</h2>
          <MarkdownText text={instruction} />
        </section>
      )}
    </div>
  );
}

function Ports({ services }: { services: EnvironmentResponse["service_urls"] }) {
  const entries = Object.entries(services ?? {});
  if (entries.length === 0)
    return <EmptyState title="No ports">The services of the task that can be reached stand here.</EmptyState>;
  return (
    <Facts
      facts={entries.map(([name, { url, port }]) => [
        `${name}, port ${port}`,
        <OutsideLink key={name} href={url}>
          {url}
        </OutsideLink>,
      ])}
    />
  );
}

function Logs({ environment }: { environment: string }) {
  const { yard } = usePlace();
  const logs = useQuery({
    queryKey: ["environment-logs", environment],
    queryFn: ({ signal }) => getEnvironmentLogs(yard, { path: { environment_id: environment }, signal }),
    refetchInterval: REFRESH_MS,
  });
  if (logs.isError) return <ErrorState error={logs.error} retry={() => logs.refetch()} />;
  if (!logs.data) return <LoadingState label="Loading the logs" />;
  if (logs.data.logs === "") return <EmptyState title="Nothing is logged" />;
  return (
    <pre className={styles["logs"]} tabIndex={0}>
      <AnsiText text={logs.data.logs} />
    </pre>
  );
}

function Actions({ environment }: { environment: EnvironmentResponse }) {
  const { yard, may } = usePlace();
  const queries = useQueryClient();
  const [asks, setAsks] = useState(false);
  const path = { environment_id: environment.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["environment", environment.id] });
  const extend = useMutation({
    mutationFn: () => extendEnvironment(yard, { path, body: { extend_seconds: EXTENSION_SECONDS } }),
    onSuccess: () => say("It lasts an hour from now at least"),
    onError: (error) => complain("It was not extended", error),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => deleteEnvironment(yard, { path }),
    onSuccess: () => say("The environment is deleted"),
    onError: (error) => complain("It was not deleted", error),
    onSettled: () => {
      setAsks(false);
      return refresh();
    },
  });
  if (!may("environment:write") || environment.ended_at !== null) return null;
  return (
    <>
      <Button busy={extend.isPending} onClick={() => extend.mutate()}>
        <Clock aria-hidden="true" /> Keep for an hour
      </Button>
      <Button look="danger" onClick={() => setAsks(true)}>
        <Trash2 aria-hidden="true" /> Delete
      </Button>
      <Dialog
        title="Delete this environment?"
        description="Its commands are ended, and its files go with it."
        isOpen={asks}
        onClose={() => setAsks(false)}
      >
        <DialogActions>
          <Button onClick={() => setAsks(false)}>Keep it</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
