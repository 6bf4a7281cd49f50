CREATE TABLE `idempotency_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`seed` text NOT NULL,
	`request_hash` text NOT NULL,
	`status` integer,
	`body` text,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_expiry` ON `idempotency_keys` (`expires_at`);