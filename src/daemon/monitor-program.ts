/** The monitor as a file that can be executed: the built one beside the source, or the copy inside the single-file release. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import embedded from "../../native/build/tare-monitor" with { type: "file" };
import { hasCode } from "../base/errors.ts";

/** Where the single-file release keeps its embedded files; the kernel cannot execute them there. */
const VIRTUAL = "/$bunfs/";

/**
 * The path to execute. The release writes the monitor below `root` (not `run`, which is often mounted noexec), unless the very same
 * bytes stand there already; monitors that run keep the file they were started from.
 */
export function monitorProgram(root: string): string {
  if (!embedded.startsWith(VIRTUAL)) return embedded;
  const path = join(root, "bin", "tare-monitor");
  const wanted = readFileSync(embedded);
  if (contentOf(path)?.equals(wanted) === true) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  writeFileSync(temporary, wanted, { mode: 0o700 });
  chmodSync(temporary, 0o700);
  renameSync(temporary, path);
  return path;
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
