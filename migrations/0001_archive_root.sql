ALTER TABLE `registry_versions` ADD `archive_root` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `uploads` ADD `strip` integer DEFAULT true NOT NULL;