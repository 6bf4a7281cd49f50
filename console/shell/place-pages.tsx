import { useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { SECTIONS } from "../pages/sections.ts";
import { usePlace } from "../session/place.tsx";
import { ErrorState } from "../ui/states.tsx";
import { LoadedPage } from "./loaded-page.tsx";
import { PageBoundary } from "./page-boundary.tsx";
import styles from "./place-pages.module.css";
import { TopBar } from "./top-bar.tsx";
import { Navigation } from "./navigation.tsx";

const ROUTES = SECTIONS.flatMap(({ routes }) =>
  routes.map(({ path, load }) => ({ path: `/:org/:workspace/:project${path}`, load })),
);

/** Below `/console`, the address that one begins at. */
const HOME = /^\/console\/?$|^\/$/;

/** Begins to load the page that an address names, while it is still asked whose key it is and where the project is. */
export function beginToLoad(pathname: string): void {
  const route = SECTIONS.flatMap(({ routes }) => routes).find(({ path }) =>
    HOME.test(pathname)
      ? path === "/runs"
      : new RegExp(`^/console/[^/]+/[^/]+/[^/]+${path.replaceAll(/:\w+/g, "[^/]+")}/?$`).test(pathname),
  );
  // Who opens the page loads it again, and is told why it fails.
  route?.load().catch(() => undefined);
}

/** The bar, the navigation, and the page that the path names. */
export function PlacePages() {
  const { link } = usePlace();
  const [path] = useLocation();
  const main = useFocusOnNewPage(path);
  return (
    <div className={styles["frame"]}>
      <a href="#main" className={styles["skip"]} onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <TopBar />
      <Navigation />
      <main className={styles["main"]} id="main" tabIndex={-1} ref={main}>
        <PageBoundary key={path}>
          <Switch>
            {ROUTES.map(({ path, load }) => (
              <Route key={path} path={path}>
                <LoadedPage load={load} />
              </Route>
            ))}
            <Route path="/:org/:workspace/:project">
              <Redirect to={link("runs")} replace />
            </Route>
            <Route>
              <ErrorState error={new Error("The address leads to no page of the console.")} />
            </Route>
          </Switch>
        </PageBoundary>
      </main>
    </div>
  );
}

/** Where another page is shown, the focus goes to it, so that the keyboard and screen readers go on there. */
function useFocusOnNewPage(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);
  return main;
}
