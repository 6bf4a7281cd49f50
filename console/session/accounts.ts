import { useSyncExternalStore } from "react";

/** One sign-in: an API key and whose it is, as far as the shell shows it. */
export interface Account {
  /** Key of the organization that the API key belongs to. */
  org: string;
  orgName: string;
  username: string;
  scopes: string[];
  /** UUID of the only project that the key acts in; null where it acts in all. */
  projectId: string | null;
  key: string;
  /** Kept when the tab is closed. */
  remembered: boolean;
}

/** Name of the entry in the tab's session storage, and in the browser's for accounts that are remembered. */
const ENTRY = "taskyard.accounts";

let accounts: readonly Account[] = [...read(sessionStorage), ...read(localStorage)];
const listeners = new Set<() => void>();

// Another tab has signed in or out.
addEventListener("storage", (event) => {
  if (event.key === ENTRY && event.storageArea === localStorage) {
    replace([...accounts.filter((account) => !account.remembered), ...read(localStorage)]);
  }
});

/** All sign-ins of this tab; the latest of an organization comes first. */
export function useAccounts(): readonly Account[] {
  return useSyncExternalStore(subscribe, () => accounts);
}

export function listAccounts(): readonly Account[] {
  return accounts;
}

/** Adds a sign-in in place of an earlier one to the same organization. */
export function addAccount(account: Account): void {
  store([account, ...accounts.filter(({ org }) => org !== account.org)]);
}

/** Forgets the key of an organization, here and where it is remembered. */
export function removeAccount(org: string): void {
  store(accounts.filter((account) => account.org !== org));
}

function store(next: readonly Account[]): void {
  write(
    sessionStorage,
    next.filter(({ remembered }) => !remembered),
  );
  write(
    localStorage,
    next.filter(({ remembered }) => remembered),
  );
  replace(next);
}

function replace(next: readonly Account[]): void {
  accounts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function write(storage: Storage, list: readonly Account[]): void {
  if (list.length === 0) storage.removeItem(ENTRY);
  else storage.setItem(ENTRY, JSON.stringify(list));
}

/** What is stored; what cannot be read counts as nothing. */
function read(storage: Storage): Account[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(ENTRY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isAccount) : [];
  } catch {
    return [];
  }
}

function isAccount(value: unknown): value is Account {
  return (
    typeof value === "object" &&
    value !== null &&
    "org" in value &&
    typeof value.org === "string" &&
    "key" in value &&
    typeof value.key === "string" &&
    "scopes" in value &&
    Array.isArray(value.scopes)
  );
}
