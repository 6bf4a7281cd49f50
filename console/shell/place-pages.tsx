import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { SECTIONS } from "../pages/sections.ts";
import { usePlace } from "../session/place.tsx";
import { ErrorState, LoadingState } from "../ui/states.tsx";
import { PageBoundary } from "./page-boundary.tsx";
import styles from "./place-pages.module.css";
import { TopBar } from "./top-bar.tsx";
import { Navigation } from "./navigation.tsx";

const ROUTES = SECTIONS.flatMap(({ routes }) =>
  routes.map(({ path, load }) => ({
    path: `/:org/:workspace/:project${path}`,
    Page: lazy(async (): Promise<{ default: ComponentType }> => ({ default: await load() })),
  })),
);

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
          <Suspense fallback={<LoadingState />}>
            <Switch>
              {ROUTES.map(({ path, Page }) => (
                <Route key={path} path={path}>
                  <Page />
                </Route>
              ))}
              <Route path="/:org/:workspace/:project">
                <Redirect to={link("runs")} replace />
              </Route>
              <Route>
                <ErrorState error={new Error("The address leads to no page of the console.")} />
              </Route>
            </Switch>
          </Suspense>
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
