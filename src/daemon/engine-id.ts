/** The engine's own id, made once per root: networks' ids and `info` come from it. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../base/errors.ts";
import { writeFileAtomic } from "../state/atomic-file.ts";

export function readEngineId(root: string): string {
  const path = join(root, "engine-id");
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const id = randomUUID();
    writeFileAtomic(path, `${id}\n`);
    return id;
  }
}
