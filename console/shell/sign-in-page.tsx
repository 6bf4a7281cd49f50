import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { findHome, signIn } from "../session/sign-in.ts";
import { Button } from "../ui/button.tsx";
import { Checkbox, TextField } from "../ui/fields.tsx";
import { messageOf } from "../ui/states.tsx";
import styles from "./sign-in-page.module.css";
import { usePageTitle } from "./page.tsx";

/** Asks for an API key, and goes on to where somebody wanted to go. */
export function SignInPage({ reason }: { reason?: string }) {
  usePageTitle("Sign in");
  const [, navigate] = useLocation();
  const [query] = useSearchParams();
  const queries = useQueryClient();
  const [key, setKey] = useState("");
  const [remembered, setRemembered] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>(reason);
  const wanted = query.get("to");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const account = await signIn(key.trim(), remembered);
      const leads = wanted !== null && wanted.startsWith(`/${account.org}/`);
      navigate(leads ? wanted : await findHome(account, queries), { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };

  return (
    <main className={styles["page"]}>
      <form className={styles["card"]} onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="/console/icon.svg" alt="" width="28" height="28" /> Taskyard
        </h1>
        <p className={styles["note"]}>
          {wanted === null
            ? "Sign in with an API key."
            : `Sign in with an API key of the organization ${wanted.split("/")[1]}.`}
        </p>
        <TextField
          label="API key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="ty_…"
          required
          value={key}
          error={error}
          onChange={(event) => setKey(event.target.value)}
        />
        <Checkbox
          label="Remember it in this browser"
          hint="Otherwise it is forgotten when you close this tab."
          checked={remembered}
          onChange={(event) => setRemembered(event.target.checked)}
        />
        <Button type="submit" look="primary" busy={busy} disabled={key.trim() === ""}>
          {busy ? "Signing in …" : "Sign in"}
        </Button>
        <p className={styles["note"]}>
          An administrator makes keys under Administration, or with the <a href="/docs">API</a>.
        </p>
      </form>
    </main>
  );
}
