/** Half downloads and half uploads that nobody goes on with. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** Deletes what was not written to for a week. Nothing of it is in use: the engine has just begun with registries. */
export function sweepStale(dir: string): void {
  const oldest = Date.now() - KEPT_MS;
  removeFiles(dir, (name) => statSync(`${dir}/${name}`).mtimeMs >= oldest);
}

/** Deletes the files that nobody wants to keep. How many bytes they took. */
export function removeFiles(dir: string, isKept: (name: string) => boolean): number {
  let bytes = 0;
  for (const name of listOf(dir).filter((each) => !isKept(each))) {
    bytes += statSync(`${dir}/${name}`).size;
    rmSync(`${dir}/${name}`, { force: true });
  }
  return bytes;
}

function listOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
