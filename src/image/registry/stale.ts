/** Half downloads and half uploads that nobody has gone on with for days. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** Deletes what was not written to for a week. Nothing of it is in use: the engine has just begun with registries. */
export function sweepStale(dir: string): void {
  const oldest = Date.now() - KEPT_MS;
  for (const name of listOf(dir)) {
    const path = `${dir}/${name}`;
    if (statSync(path).mtimeMs < oldest) rmSync(path, { force: true });
  }
}

function listOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
