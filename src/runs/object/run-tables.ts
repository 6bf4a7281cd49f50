import { JOURNAL_SCHEMA } from "../../stream/journal/journal.ts";
import { SOURCE_SCHEMA } from "../../stream/journal/numbered-source.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import { PRODUCER_SCHEMA } from "../../stream/journal/producers.ts";
import { TIMER_SCHEMA } from "../../objects/timers.ts";
import { VOLUME_SCHEMA } from "../../stream/journal/volumes.ts";
import { ATTEMPT_SCHEMA } from "./run-attempts.ts";
import { DISPATCH_SCHEMA } from "./run-dispatch.ts";
import { NOTICE_SCHEMA } from "./run-notices.ts";
import { RUN_SCHEMA } from "./run-record.ts";

/** The tables of a run's object. */
export const RUN_TABLES: readonly SchemaPart[] = [
  RUN_SCHEMA,
  JOURNAL_SCHEMA,
  VOLUME_SCHEMA,
  PRODUCER_SCHEMA,
  SOURCE_SCHEMA,
  TIMER_SCHEMA,
  NOTICE_SCHEMA,
  DISPATCH_SCHEMA,
  ATTEMPT_SCHEMA,
];
