/** The exit record that a monitor leaves in its directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../base/errors.ts";
import { type RuntimeFailure, toRuntimeFailure } from "./failure.ts";
import { parseStatus, type Status } from "./status.ts";
import type { ExitRecord } from "./types.ts";

/** Undefined while the process runs, when it never ran, and when its monitor was killed. */
export function readExitRecord(dir: string): ExitRecord | undefined {
  const status = readRecord(dir);
  return status?.at === "exited" ? status.record : undefined;
}

/** Why the process of this directory never ran, if that is how it went. */
export function readFailure(dir: string): RuntimeFailure | undefined {
  const status = readRecord(dir);
  return status?.at === "failed" ? toRuntimeFailure(status.message) : undefined;
}

function readRecord(dir: string): Status | undefined {
  try {
    return parseStatus(readFileSync(join(dir, "exit"), "utf8").trimEnd());
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
