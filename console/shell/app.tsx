import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { findHome, signIn } from "../session/sign-in.ts";
import { type Account, listAccounts, useAccounts } from "../session/accounts.ts";
import { PlaceProvider } from "../session/place.tsx";
import { ErrorState, LoadingState } from "../ui/states.tsx";
import { complain } from "../ui/toast.tsx";
import { PlacePages } from "./place-pages.tsx";
import { SignInPage } from "./sign-in-page.tsx";

/** What is shown at each path. `linkKey` is the key of the link that the console was opened with. */
export function App({ linkKey }: { linkKey: string | undefined }) {
  const [isSigningIn, setIsSigningIn] = useState(linkKey !== undefined);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  useEffect(() => {
    if (linkKey === undefined) return;
    const enter = async () => {
      try {
        const account = await signIn(linkKey, false);
        if (isHome()) navigate(await findHome(account, queries), { replace: true });
      } catch (error) {
        complain("The link does not sign in", error);
      } finally {
        setIsSigningIn(false);
      }
    };
    void enter();
    // Once: the link is gone from the address.
    // eslint-disable-next-line
  }, []);
  if (isSigningIn) return <LoadingState label="Signing in" />;
  return (
    <Switch>
      <Route path="/sign-in">
        <SignInPage />
      </Route>
      <Route path="/">
        <Home />
      </Route>
      <Route path="/:org">{({ org }) => <Home org={org} />}</Route>
      <Route path="/:org/:workspace/:project/*?">
        {({ org, workspace, project }) => <InPlace {...{ org, workspace, project }} />}
      </Route>
      <Route>
        <ErrorState error={new Error("The address leads to no page of the console.")} />
      </Route>
    </Switch>
  );
}

function isHome(): boolean {
  return /^\/console\/?(sign-in)?$/.test(location.pathname);
}

/** Leads to where the account begins. */
function Home({ org }: { org?: string }) {
  const accounts = useAccounts();
  const queries = useQueryClient();
  const account = org === undefined ? accounts[0] : accounts.find((candidate) => candidate.org === org);
  const [home, setHome] = useState<string>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (account) findHome(account, queries).then(setHome, setError);
  }, [account, queries]);
  if (!account) return <Redirect to={signInPath(org === undefined ? undefined : `/${org}`)} replace />;
  if (error !== undefined) return <HomeError account={account} error={error} />;
  if (home === undefined) return <LoadingState label="Opening" />;
  if (home === `/${account.org}`)
    return <ErrorState error={new Error("The organization has no project that this key may see.")} />;
  return <Redirect to={home} replace />;
}

function HomeError({ account, error }: { account: Account; error: unknown }) {
  return (
    <>
      <ErrorState error={error} />
      <SignInPage reason={`The key for ${account.orgName} does not work.`} />
    </>
  );
}

/** The pages of a project, for who is signed in to its organization. */
function InPlace({ org, workspace, project }: { org: string; workspace: string; project: string }) {
  const [location] = useLocation();
  useAccounts();
  const account = listAccounts().find((candidate) => candidate.org === org);
  if (!account) return <Redirect to={signInPath(location + window.location.search)} replace />;
  return (
    <PlaceProvider account={account} workspace={workspace} project={project} key={`${org}/${workspace}/${project}`}>
      <PlacePages />
    </PlaceProvider>
  );
}

function signInPath(to: string | undefined): string {
  return to === undefined ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`;
}
