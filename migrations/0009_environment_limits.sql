ALTER TABLE `environments` ADD `limits` text;--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_streams` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`project_number` integer NOT NULL,
	`name` text NOT NULL,
	`content_type` text NOT NULL,
	`ttl_seconds` integer,
	`expires_at` integer,
	`closed` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_number`) REFERENCES `projects`(`number`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_streams`("id", "organization_id", "project_number", "name", "content_type", "ttl_seconds", "expires_at", "closed", "created_at") SELECT "id", "organization_id", "project_number", "name", "content_type", "ttl_seconds", "expires_at", "closed", "created_at" FROM `streams`;--> statement-breakpoint
DROP TABLE `streams`;--> statement-breakpoint
ALTER TABLE `__new_streams` RENAME TO `streams`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `streams_name` ON `streams` (`organization_id`,`project_number`,`name`);--> statement-breakpoint
CREATE INDEX `streams_project` ON `streams` (`organization_id`,`project_number`,`created_at`,`id`);