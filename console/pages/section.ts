import type { ComponentType } from "react";
import type { Place } from "../session/place.tsx";

/** A page of a section. Its code is loaded when it is first opened. */
export interface PageRoute {
  /** Below the place, with parameters as `:name`; `/runs/:task/:run`. */
  path: string;
  load: () => Promise<ComponentType>;
}

/** Something that the command palette offers. */
export interface Finding {
  name: string;
  /** What it is, and what tells it from others of its name. */
  detail: string;
  /** Below the place, as `Place.link` takes it. */
  path: string;
}

/** One part of the console. Its folder has everything of it; nothing else imports from there but `sections.ts`. */
export interface Section {
  /** The first word of its paths. */
  id: string;
  name: string;
  icon: ComponentType<{ "aria-hidden": "true" }>;
  /** Without this scope it is not shown in the navigation. */
  scope?: string;
  routes: readonly PageRoute[];
  /** What the section knows by this text, for the command palette. */
  find?: (place: Place, text: string, signal: AbortSignal) => Promise<Finding[]>;
}
