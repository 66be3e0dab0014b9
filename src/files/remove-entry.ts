/** Removes what an entry of a layer replaces, at once: nothing but the layer itself put it there, so it is small or shallow. */
import { readdirSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { openat, unlinkat } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";

/** Deeper trees come from hostile archives only: a path of PATH_MAX bytes has at most 2,048 components. */
const MAX_DEPTH = 256;

export function removeEntry(parent: number, name: Buffer, depth = 0): void {
  try {
    unlinkat(parent, name);
  } catch (error) {
    if (!hasCode(error, "EISDIR")) throw error;
    if (depth > MAX_DEPTH) throw new Error("directory tree is too deep to be replaced", { cause: error });
    removeDirectory(parent, name, depth);
  }
}

function removeDirectory(parent: number, name: Buffer, depth: number): void {
  {
    using directory = openat(parent, name, O.RDONLY | O.DIRECTORY);
    for (const entry of readdirSync(directory.procPath, { encoding: "buffer" })) {
      removeEntry(directory.fd, entry, depth + 1);
    }
  }
  unlinkat(parent, name, { directory: true });
}
