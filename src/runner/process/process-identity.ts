import { readFile } from "node:fs/promises";

/** A process for as long as it lives: its id may be another's later. Rejects where there is none, or no /proc. */
export async function identifyProcess(pid: number): Promise<string> {
  if (process.platform !== "linux") {
    // Throws where there is no such process.
    process.kill(pid, 0);
    return String(pid);
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8");
  // After the name, which is in brackets and may hold anything: the twentieth field is the time of its start.
  return `${pid} ${status.slice(status.lastIndexOf(")") + 2).split(" ")[19]}`;
}
