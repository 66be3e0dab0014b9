/** The native programs as files that can be executed: the built ones beside the source, or the copies inside the single-file release. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import consoleSize from "../../native/build/tare-console-size" with { type: "file" };
import init from "../../native/build/tare-init" with { type: "file" };
import monitor from "../../native/build/tare-monitor" with { type: "file" };
import relay from "../../native/build/tare-relay" with { type: "file" };
import resolver from "../../native/build/tare-resolver" with { type: "file" };
import { hasCode } from "../base/errors.ts";

/** Where the single-file release keeps its embedded files; the kernel cannot execute them there. */
const VIRTUAL = "/$bunfs/";

export interface Programs {
  readonly monitor: string;
  readonly init: string;
  readonly resolver: string;
  readonly relay: string;
  /** A library to preload. */
  readonly consoleSize: string;
}

/**
 * Paths to execute. The release writes them below `root` (not `run`, which is often mounted noexec), unless the very same bytes
 * stand there already; programs that run keep the file they were started from.
 */
export function nativePrograms(root: string): Programs {
  return {
    monitor: materialise(monitor, join(root, "bin", "tare-monitor")),
    init: materialise(init, join(root, "bin", "tare-init")),
    resolver: materialise(resolver, join(root, "bin", "tare-resolver")),
    relay: materialise(relay, join(root, "bin", "tare-relay")),
    consoleSize: materialise(consoleSize, join(root, "bin", "tare-console-size")),
  };
}

function materialise(embedded: string, path: string): string {
  if (!embedded.startsWith(VIRTUAL)) return embedded;
  const wanted = readFileSync(embedded);
  if (contentOf(path)?.equals(wanted) === true) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = join(dirname(path), `.${basename(path)}.new`);
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
