/** Archives of the user's own files, made and unpacked where the command line runs, in its own thread. */
import { TarReader } from "../base/tar/reader.ts";
import { openPath } from "../kernel/at.ts";
import type { Block } from "./blocks.ts";
import { packTree } from "./pack.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "./unpack.ts";
import { TreeView } from "./view.ts";
import { viewPath } from "./view-request.ts";

/** The tar of an absolute path, whose names begin with `name`. */
export function* packPath(path: string, name: string): Generator<Block, void, undefined> {
  using root = openPath("/");
  yield* packTree(new TreeView(root.fd), { path: viewPath(path), name: viewPath(name) });
}

export interface Unpacking extends Disposable {
  push(chunk: Uint8Array): void;
  /** After the last chunk. Throws TarError when the archive was cut off. */
  finish(): void;
}

/** Unpacks into a directory, as the user's own. `rename` is given every name in the archive. */
export function unpackInto(directory: string, rename: (name: string) => string): Unpacking {
  const root = openPath(directory);
  const unpacker = new TreeUnpacker(new TreeView(root.fd), { path: "", owner: "unpacker", keepKinds: true, rename });
  const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
  return {
    push: (chunk) => reader.push(chunk),
    finish: () => {
      reader.close();
      unpacker.finish();
    },
    [Symbol.dispose]: () => {
      unpacker[Symbol.dispose]();
      root.close();
    },
  };
}
