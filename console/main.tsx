import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { AuthenticationError, ForbiddenError, InvalidRequestError, NotFoundError } from "../src/client/errors.ts";
import { takeLinkKey } from "./session/link-key.ts";
import { App } from "./shell/app.tsx";
import { beginToLoad } from "./shell/place-pages.tsx";
import { Toasts } from "./ui/toast.tsx";
import "./theme/tokens.css";
import "./theme/base.css";

/** Where the console's pages are; `/` is the first of them. */
const BASE = "/console";

/** Milliseconds for which an answer is shown without asking again when another page needs it. */
const FRESH_MS = 5_000;

const LASTING = [AuthenticationError, ForbiddenError, InvalidRequestError, NotFoundError];

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // The client repeats what may pass.
      retry: (failures, error) => failures < 1 && !LASTING.some((Lasting) => error instanceof Lasting),
    },
  },
});

beginToLoad(location.pathname);
const linkKey = takeLinkKey();
if (location.pathname === "/") history.replaceState(null, "", `${BASE}/`);

const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the console");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Router base={BASE}>
        <App linkKey={linkKey} />
      </Router>
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
