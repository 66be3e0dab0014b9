/** Archives of the user's own files, made and unpacked where the command line runs, in its own thread. */
import type { IncomingBody, LentSocket, OutgoingBody } from "../base/lent-socket.ts";
import { TarReader } from "../base/tar/reader.ts";
import { openPath } from "../kernel/at.ts";
import { packPieces, packTree } from "./pack.ts";
import { Readiness } from "./readiness.ts";
import { Shortcut } from "./shortcut.ts";
import { receiveBody, sendChunk } from "./socket-body.ts";
import { ARCHIVE_LIMITS, TreeUnpacker } from "./unpack.ts";
import { TreeView } from "./view.ts";
import { viewPath } from "./view-request.ts";

/** Hears how many bytes have passed, in all. */
type Listener = (bytes: number) => void;

const UNINTERRUPTED = { readiness: new Readiness(), check: () => undefined };

/** The tar of an absolute path, whose names begin with `name`. */
export function packLocal(path: string, name: string, onProgress: Listener): OutgoingBody {
  const options = { path: viewPath(path), name: viewPath(name) };
  return {
    body: {
      async *[Symbol.asyncIterator]() {
        using root = openPath("/");
        let total = 0;
        for (const block of packTree(new TreeView(root.fd), options)) {
          total += block.length;
          yield block;
          onProgress(total);
        }
      },
    },
    sendTo: async ({ fd }: LentSocket) => {
      using root = openPath("/");
      const view = new TreeView(root.fd);
      using top = view.locate(options.path, { follow: false });
      let total = 0;
      for (const piece of packPieces(view, top, options)) {
        await sendChunk(fd, piece, UNINTERRUPTED);
        total += "file" in piece ? piece.end - piece.start : piece.length;
        onProgress(total);
      }
    },
  };
}

export interface LocalUnpack {
  readonly archive: IncomingBody;
  /** It exists. */
  readonly directory: string;
  /** Given every name in the archive. */
  readonly rename: (name: string) => string;
  readonly onProgress: Listener;
}

/** Unpacks as the user's own. Throws TarError when the archive is damaged. */
export async function unpackLocal({ archive, directory, rename, onProgress }: LocalUnpack): Promise<void> {
  using root = openPath(directory);
  const options = { path: "", owner: "unpacker", keepKinds: true, shownAs: directory, rename } as const;
  using unpacker = new TreeUnpacker(new TreeView(root.fd), options);
  const reader = new TarReader(unpacker, ARCHIVE_LIMITS);
  using shortcut = new Shortcut(reader, unpacker);
  shortcut.open();
  for await (const piece of piecesOf(archive, shortcut)) {
    reader.push(piece);
    onProgress(reader.offset);
  }
  reader.close();
  unpacker.finish();
}

async function* piecesOf(archive: IncomingBody, shortcut: Shortcut): AsyncGenerator<Uint8Array, void, undefined> {
  const lent = await archive.lendBody?.();
  if (lent === undefined) return yield* archive.body;
  let rest: Uint8Array | "broken" = "broken";
  try {
    rest = yield* receiveBody(lent, UNINTERRUPTED, shortcut);
  } finally {
    lent.giveBack(rest);
  }
}
