CREATE TABLE `oci_blobs` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`digest` text NOT NULL,
	`size` integer NOT NULL,
	`object_key` text NOT NULL,
	`created_at` integer NOT NULL,
	`idle_since` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `oci_blobs_object_key_unique` ON `oci_blobs` (`object_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `oci_blobs_digest` ON `oci_blobs` (`organization_id`,`digest`);--> statement-breakpoint
CREATE INDEX `oci_blobs_idle` ON `oci_blobs` (`idle_since`) WHERE idle_since IS NOT NULL;--> statement-breakpoint
CREATE TABLE `oci_manifests` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`task_name` text NOT NULL,
	`version` text NOT NULL,
	`digest` text NOT NULL,
	`media_type` text NOT NULL,
	`content` text NOT NULL,
	`layer_blob_id` text NOT NULL,
	`config_blob_id` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`layer_blob_id`) REFERENCES `oci_blobs`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`config_blob_id`) REFERENCES `oci_blobs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `oci_manifests_version` ON `oci_manifests` (`organization_id`,`task_name`,`version`,`digest`);--> statement-breakpoint
CREATE INDEX `oci_manifests_layer` ON `oci_manifests` (`layer_blob_id`);--> statement-breakpoint
CREATE INDEX `oci_manifests_config` ON `oci_manifests` (`config_blob_id`);--> statement-breakpoint
CREATE TABLE `oci_segments` (
	`upload_id` text NOT NULL,
	`offset` integer NOT NULL,
	`size` integer NOT NULL,
	`sha256` text NOT NULL,
	`object_key` text NOT NULL,
	PRIMARY KEY(`upload_id`, `offset`),
	FOREIGN KEY (`upload_id`) REFERENCES `oci_uploads`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `oci_segments_object_key_unique` ON `oci_segments` (`object_key`);--> statement-breakpoint
CREATE TABLE `oci_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`task_name` text NOT NULL,
	`received` integer DEFAULT 0 NOT NULL,
	`chunks` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `oci_uploads_expiry` ON `oci_uploads` (`expires_at`);--> statement-breakpoint
ALTER TABLE `registry_versions` ADD `oci_digest` text;