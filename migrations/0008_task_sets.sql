CREATE TABLE `task_set_versions` (
	`id` text PRIMARY KEY NOT NULL,
	`set_id` text NOT NULL,
	`version` integer NOT NULL,
	`tasks` text NOT NULL,
	`task_count` integer NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`set_id`) REFERENCES `task_sets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_set_versions_version` ON `task_set_versions` (`set_id`,`version`);--> statement-breakpoint
CREATE TABLE `task_sets` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`tags` text NOT NULL,
	`is_public` integer NOT NULL,
	`latest_version` integer NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_sets_organization_name` ON `task_sets` (`organization_id`,`name`);--> statement-breakpoint
CREATE INDEX `task_sets_public` ON `task_sets` (`is_public`,`name`) WHERE is_public = 1;