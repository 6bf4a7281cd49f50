CREATE TABLE `streams` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`project_number` integer NOT NULL,
	`name` text NOT NULL,
	`content_type` text NOT NULL,
	`ttl_seconds` integer,
	`expires_at` integer,
	`closed` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `streams_name` ON `streams` (`organization_id`,`project_number`,`name`);--> statement-breakpoint
CREATE INDEX `streams_project` ON `streams` (`organization_id`,`project_number`,`created_at`,`id`);