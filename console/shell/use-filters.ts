import { useSearchParams } from "wouter";

interface Filters {
  /** What the address has of this name; empty where it has nothing. */
  get: (name: string) => string;
  /** The page of a list, from 1. */
  page: number;
  /** Keeps a value in the address; another page is begun anew. Empty ones are left out. */
  change: (name: string, value: string) => void;
}

/** Filters of a list, which the address keeps: so that they can be linked to, and back works. */
export function useFilters(): Filters {
  const [query, setQuery] = useSearchParams();
  const change = (name: string, value: string) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (value === "") next.delete(name);
        else next.set(name, value);
        if (name !== "page") next.delete("page");
        return next;
      },
      // A letter more in a search is no step to go back.
      { replace: name === "search" },
    );
  return { get: (name) => query.get(name) ?? "", page: Math.max(1, Number(query.get("page")) || 1), change };
}
