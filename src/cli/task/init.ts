import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { isTaskName } from "./identify.ts";
import { templateFiles } from "./templates.ts";
import type { TemplateName } from "./template-names.ts";

interface InitOptions extends CommonOptions {
  template: TemplateName;
}

/** `taskyard task init` */
export async function run({ out }: Context, folder: string, options: InitOptions): Promise<void> {
  const place = path.resolve(folder);
  const name = path.basename(place);
  if (!isTaskName(name)) {
    throw usageFailure(
      `${name} cannot be a task's name.`,
      "Names are of a-z, 0-9 and dashes, and begin with a letter or digit.",
    );
  }
  const files = templateFiles(options.template, name);
  for (const file of files) {
    if (await isThere(path.join(place, file.path))) {
      throw usageFailure(
        `${path.join(folder, file.path)} is there already; nothing was written.`,
        "Choose another folder.",
      );
    }
  }
  for (const file of files) {
    const target = path.join(place, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.text, { flag: "wx", mode: file.isProgram ? 0o755 : 0o644 });
  }
  out.result(
    { name, folder: place, files: files.map((file) => file.path) },
    () =>
      [`Made ${folder}, a task that works:`, ...files.map((file) => `  ${path.join(folder, file.path)}`)].join("\n"),
    () => place,
  );
  out.next(`taskyard task validate ${folder}`);
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
