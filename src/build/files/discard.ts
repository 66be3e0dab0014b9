/** Deletes a directory so that nobody ever finds a part of it, whenever the engine dies: it is first moved to where all goes at the next start. */
import { renameSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import { removeTree } from "../../files/remove-tree.ts";

/** At once it is not there any more. `sweptDir` is on its file system. One that is not there is deleted already. */
export async function discard(path: string, sweptDir: string): Promise<void> {
  const name = `discarded-${createId()}`;
  try {
    renameSync(path, `${sweptDir}/${name}`);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  await removeTree(sweptDir, name);
}
