CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`user_id` text NOT NULL,
	`project_id` text,
	`name` text NOT NULL,
	`lookup` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`suspended_at` integer,
	`last_used_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_lookup_unique` ON `api_keys` (`lookup`);--> statement-breakpoint
CREATE INDEX `api_keys_organization` ON `api_keys` (`organization_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `discarded_archives` (
	`archive_key` text PRIMARY KEY NOT NULL,
	`multipart_id` text,
	`discarded_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `environments` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`project_id` text,
	`workspace_key` text NOT NULL,
	`state` text NOT NULL,
	`task_ref` text NOT NULL,
	`task_organization_id` text NOT NULL,
	`task_organization_key` text NOT NULL,
	`task_name` text NOT NULL,
	`task_version` text NOT NULL,
	`provider` text NOT NULL,
	`verification` text,
	`instruction` text,
	`service_urls` text,
	`model_overrides` text,
	`warnings` text NOT NULL,
	`error` text,
	`end_reason` text,
	`created_by` text NOT NULL,
	`idempotency_key` text,
	`request_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`revision` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `environments_idempotency` ON `environments` (`workspace_id`,`idempotency_key`) WHERE idempotency_key IS NOT NULL;--> statement-breakpoint
CREATE INDEX `environments_workspace` ON `environments` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `environments_alive` ON `environments` (`organization_id`,`expires_at`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `organizations_key_unique` ON `organizations` (`key`);--> statement-breakpoint
CREATE TABLE `projects` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organization_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`is_default` integer DEFAULT false NOT NULL,
	`next_task_number` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `projects_id_unique` ON `projects` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `projects_workspace_key` ON `projects` (`workspace_id`,`key`);--> statement-breakpoint
CREATE INDEX `projects_organization` ON `projects` (`organization_id`);--> statement-breakpoint
CREATE TABLE `registry_tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`is_public` integer DEFAULT false NOT NULL,
	`latest_version_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `registry_tasks_organization_name` ON `registry_tasks` (`organization_id`,`name`);--> statement-breakpoint
CREATE INDEX `registry_tasks_public` ON `registry_tasks` (`is_public`,`name`) WHERE is_public = 1;--> statement-breakpoint
CREATE TABLE `registry_versions` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`version` text NOT NULL,
	`major` integer NOT NULL,
	`minor` integer NOT NULL,
	`patch` integer NOT NULL,
	`archive_key` text NOT NULL,
	`archive_etag` text NOT NULL,
	`sha256` text NOT NULL,
	`file_size` integer NOT NULL,
	`directory_offset` integer NOT NULL,
	`directory_size` integer NOT NULL,
	`entry_count` integer NOT NULL,
	`file_count` integer NOT NULL,
	`description` text,
	`difficulty` text,
	`author` text,
	`license` text,
	`source` text,
	`repository` text,
	`instruction` text,
	`readme_path` text,
	`tags` text,
	`ports` text,
	`provision` text,
	`teardown` text,
	`solution` text,
	`verification` text,
	`withheld_paths` text NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `registry_tasks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `registry_versions_archive_key_unique` ON `registry_versions` (`archive_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `registry_versions_task_version` ON `registry_versions` (`task_id`,`version`);--> statement-breakpoint
CREATE INDEX `registry_versions_order` ON `registry_versions` (`task_id`,`major`,`minor`,`patch`);--> statement-breakpoint
CREATE TABLE `upload_parts` (
	`upload_id` text NOT NULL,
	`part_number` integer NOT NULL,
	`size` integer NOT NULL,
	`sha256` text NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`upload_id`, `part_number`),
	FOREIGN KEY (`upload_id`) REFERENCES `uploads`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`task_name` text NOT NULL,
	`version` text NOT NULL,
	`state` text NOT NULL,
	`archive_key` text NOT NULL,
	`multipart_id` text,
	`size` integer NOT NULL,
	`part_size` integer,
	`sha256` text,
	`problems` text,
	`warnings` text,
	`created_by` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `uploads_archive_key_unique` ON `uploads` (`archive_key`);--> statement-breakpoint
CREATE INDEX `uploads_expiry` ON `uploads` (`state`,`expires_at`);--> statement-breakpoint
CREATE INDEX `uploads_version` ON `uploads` (`organization_id`,`task_name`,`version`);--> statement-breakpoint
CREATE TABLE `users` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organization_id` text NOT NULL,
	`username` text NOT NULL,
	`email` text NOT NULL,
	`name` text,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_id_unique` ON `users` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_organization_email` ON `users` (`organization_id`,`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_organization_username` ON `users` (`organization_id`,`username`);--> statement-breakpoint
CREATE TABLE `workspaces` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`is_default` integer DEFAULT false NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_organization_key` ON `workspaces` (`organization_id`,`key`);--> statement-breakpoint
CREATE TABLE `agent_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`project_number` integer NOT NULL,
	`status` text NOT NULL,
	`environment` text NOT NULL,
	`stage` text,
	`branch` text,
	`error_message` text,
	`output` text,
	`state` text NOT NULL,
	`artifacts` text NOT NULL,
	`created_by` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer,
	FOREIGN KEY (`task_id`) REFERENCES `agent_tasks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `agent_runs_task` ON `agent_runs` (`task_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `agent_runs_stage` ON `agent_runs` (`project_number`,`stage`,`task_id`) WHERE stage IS NOT NULL;--> statement-breakpoint
CREATE TABLE `agent_tasks` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organization_id` text NOT NULL,
	`project_number` integer NOT NULL,
	`task_number` integer NOT NULL,
	`title` text NOT NULL,
	`title_manually_set` integer NOT NULL,
	`description` text NOT NULL,
	`origin_product` text NOT NULL,
	`repository` text,
	`json_schema` text,
	`internal` integer DEFAULT false NOT NULL,
	`archived_at` integer,
	`ci_prompt` text,
	`created_by` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`last_activity_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_number`) REFERENCES `projects`(`number`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `agent_tasks_id_unique` ON `agent_tasks` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `agent_tasks_project_number` ON `agent_tasks` (`project_number`,`task_number`);--> statement-breakpoint
CREATE INDEX `agent_tasks_newest` ON `agent_tasks` (`project_number`,`deleted_at`,`internal`,`archived_at`,`created_at`);--> statement-breakpoint
CREATE INDEX `agent_tasks_active` ON `agent_tasks` (`project_number`,`deleted_at`,`internal`,`archived_at`,`last_activity_at`);--> statement-breakpoint
CREATE INDEX `agent_tasks_creator` ON `agent_tasks` (`project_number`,`created_by`,`deleted_at`,`internal`,`archived_at`,`created_at`);--> statement-breakpoint
CREATE INDEX `agent_tasks_origin` ON `agent_tasks` (`project_number`,`origin_product`,`deleted_at`,`internal`,`archived_at`,`created_at`);--> statement-breakpoint
CREATE INDEX `agent_tasks_repository` ON `agent_tasks` (`project_number`,`repository`,`deleted_at`,`internal`,`archived_at`,`created_at`);--> statement-breakpoint
CREATE TABLE `kept_run_logs` (
	`run_id` text PRIMARY KEY NOT NULL,
	`since` integer NOT NULL,
	FOREIGN KEY (`run_id`) REFERENCES `agent_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `kept_run_logs_since` ON `kept_run_logs` (`since`);--> statement-breakpoint
CREATE TABLE `slack_threads` (
	`task_id` text NOT NULL,
	`run_id` text DEFAULT '' NOT NULL,
	`channel` text NOT NULL,
	`thread_ts` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `run_id`),
	FOREIGN KEY (`task_id`) REFERENCES `agent_tasks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `task_files` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organization_id` text NOT NULL,
	`project_number` integer NOT NULL,
	`task_id` text,
	`run_id` text,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`source` text,
	`content_type` text NOT NULL,
	`size` integer NOT NULL,
	`storage_path` text NOT NULL,
	`metadata` text,
	`attributes` text,
	`variable_id` text,
	`step_id` text,
	`uploaded_by` integer,
	`created_at` integer NOT NULL,
	`finalized_at` integer,
	`expires_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`task_id`) REFERENCES `agent_tasks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_files_id_unique` ON `task_files` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `task_files_storage_path_unique` ON `task_files` (`storage_path`);--> statement-breakpoint
CREATE INDEX `task_files_task` ON `task_files` (`task_id`,`number`) WHERE finalized_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `task_files_expiry` ON `task_files` (`expires_at`) WHERE expires_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`endpoint_id` text NOT NULL,
	`event` text NOT NULL,
	`event_id` text NOT NULL,
	`body` text NOT NULL,
	`replay_of` text,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`last_status` integer,
	`last_error` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_deliveries_event` ON `webhook_deliveries` (`endpoint_id`,`event_id`) WHERE replay_of IS NULL;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_endpoint` ON `webhook_deliveries` (`organization_id`,`endpoint_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_state` ON `webhook_deliveries` (`organization_id`,`endpoint_id`,`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`state`,`due_at`);--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`enabled` integer DEFAULT true NOT NULL,
	`sealed_secret` text NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `webhook_endpoints_organization` ON `webhook_endpoints` (`organization_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `file_accesses` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`file_number` integer NOT NULL,
	`key_id` text NOT NULL,
	`user_id` text NOT NULL,
	`user_email` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `file_accesses_file` ON `file_accesses` (`organization_id`,`file_number`,`number`);--> statement-breakpoint
CREATE INDEX `file_accesses_age` ON `file_accesses` (`created_at`);