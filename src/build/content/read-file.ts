/** One file of a tree, links followed inside of it. */
import { readFileSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { openView, viewPath } from "../../files/view-request.ts";

/** Undefined when there is no such file. Throws for one of more than `maxBytes`. */
export function readTreeFile(root: string, path: string, maxBytes: number): Uint8Array | undefined {
  using opened = openView({ root, readOnly: true });
  try {
    using place = opened.view.locate(viewPath(path));
    if (place.stat.type !== "file") return undefined;
    if (place.stat.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
    return readFileSync(`/proc/self/fd/${place.fd}`);
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
