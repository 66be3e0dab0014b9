/** Contexts that come as archives: unpacked in a file thread, into a directory of the build's own. */
import { mkdirSync } from "node:fs";
import { invalidParameter } from "../base/errors.ts";
import { createId } from "../base/ids.ts";
import { removeTree } from "../files/remove-tree.ts";
import { FileError } from "../files/threads/file-error.ts";
import type { FileThreads } from "../files/threads/threads.ts";

import type { Contexts } from "./operations/directory-source.ts";

export interface ReceiveDeps {
  readonly dir: string;
  readonly contexts: Contexts;
  readonly fileThreads: FileThreads;
}

/** Owners in the archive do not count: files of a context belong to nobody in particular. */
export async function receiveContext(
  { dir, contexts, fileThreads }: ReceiveDeps,
  archive: AsyncIterable<Uint8Array>,
): Promise<{ path: string; release: () => Promise<void> }> {
  const name = `context-${createId()}`;
  const path = `${dir}/${name}`;
  mkdirSync(path, { mode: 0o755 });
  const release = async (): Promise<void> => {
    await contexts.unread(path);
    await removeTree(dir, name);
  };
  try {
    await fileThreads.unpack({
      view: { root: path },
      options: { path: "", owner: { uid: 0, gid: 0 } },
      archive: { body: archive },
    });
    return { path, release };
  } catch (error) {
    await release();
    if (error instanceof FileError && error.isArchive) throw invalidParameter(error.message, { cause: error });
    throw error;
  }
}
