import { JOURNAL_SCHEMA } from "../stream/journal.ts";
import { SOURCE_SCHEMA } from "../stream/numbered-source.ts";
import type { SchemaPart } from "../stream/object-schema.ts";
import { PRODUCER_SCHEMA } from "../stream/producers.ts";
import { TIMER_SCHEMA } from "../stream/timers.ts";
import { VOLUME_SCHEMA } from "../stream/volumes.ts";
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
];
