import { LogOut, Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { removeAccount } from "../session/accounts.ts";
import { usePlace } from "../session/place.tsx";
import { IconButton } from "../ui/button.tsx";
import { PlaceName } from "./place-name.tsx";
import styles from "./top-bar.module.css";

// Menus and dialogs are loaded when they are first opened: most pages are read without them.
const PlaceSwitch = lazy(async () => ({ default: (await import("./place-switch.tsx")).PlaceSwitch }));
const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));

/** The bar above all pages: where one is, the command palette, and the way out. */
export function TopBar() {
  const { account, link } = usePlace();
  const [, navigate] = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const [isSwitching, setIsSwitching] = useState(false);
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      setIsOpen(true);
    };
    addEventListener("keydown", open);
    return () => removeEventListener("keydown", open);
  }, []);
  const leave = () => {
    removeAccount(account.org);
    navigate("/sign-in");
  };
  return (
    <header className={styles["bar"]}>
      <Link href={link("runs")} className={styles["brand"]}>
        <img src="/console/icon.svg" alt="" width="22" height="22" />
        <span>Taskyard</span>
      </Link>
      {isSwitching ? (
        <Suspense fallback={<PlaceName />}>
          <PlaceSwitch />
        </Suspense>
      ) : (
        <PlaceName aria-haspopup="menu" onClick={() => setIsSwitching(true)} />
      )}
      <button type="button" className={styles["find"]} aria-keyshortcuts="Control+K" onClick={() => setIsOpen(true)}>
        <Search aria-hidden="true" />
        <span>Find</span>
        <kbd>Ctrl K</kbd>
      </button>
      <span className={styles["user"]} title={`Signed in as ${account.username}`}>
        {account.username}
      </span>
      <IconButton label="Sign out" onClick={leave}>
        <LogOut aria-hidden="true" />
      </IconButton>
      {isOpen && (
        <Suspense>
          <Palette onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </header>
  );
}
