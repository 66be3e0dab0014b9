/**
 * A tree that comes entry by entry, into a directory of the user's own that may hold things already: directories are merged,
 * everything else is replaced. Nothing outside can be reached, whatever the sender says.
 */
import type { TarEntry } from "../base/tar/entry.ts";
import { openPath } from "../kernel/at.ts";
import type { FileStat, FileTransfer } from "../wire/file-transfer.ts";
import { TreeUnpacker } from "./unpack.ts";
import { TreeView } from "./view.ts";

/** Contents that are asked for ahead. */
const MAX_AHEAD = 16;

interface Coming {
  readonly stat: FileStat;
  /** Of a file that has content. */
  readonly content:
    | { readonly rest: AsyncIterator<Uint8Array>; readonly first: Promise<IteratorResult<Uint8Array>> }
    | undefined;
}

/** `directory` exists. What is unpacked belongs to who unpacks it. */
export async function receiveLocal(directory: string, transfer: FileTransfer): Promise<void> {
  using root = openPath(directory);
  const options = { path: "", owner: "unpacker", shownAs: directory } as const;
  using unpacker = new TreeUnpacker(new TreeView(root.fd), options);
  const ahead: Coming[] = [];
  let index = 0;
  for await (const stat of transfer.stats) {
    const content = isContent(stat) ? begin(transfer.read(index)) : undefined;
    index++;
    ahead.push({ stat, content });
    if (ahead.length >= MAX_AHEAD) await unpackFirst(unpacker, ahead);
  }
  while (ahead.length > 0) await unpackFirst(unpacker, ahead);
  unpacker.finish();
  await transfer.finish();
}

const isContent = ({ type, linkName }: FileStat): boolean => type === "file" && linkName === "";

/** Reading is what asks the sender. */
function begin(content: AsyncIterable<Uint8Array>): NonNullable<Coming["content"]> {
  const rest = content[Symbol.asyncIterator]();
  const first = rest.next();
  first.catch(() => undefined);
  return { rest, first };
}

async function unpackFirst(unpacker: TreeUnpacker, ahead: Coming[]): Promise<void> {
  const coming = ahead.shift();
  if (coming === undefined) return;
  unpacker.entry(toEntry(coming.stat));
  if (coming.content === undefined) return;
  const { rest, first } = coming.content;
  for (let piece = await first; piece.done !== true; piece = await rest.next()) unpacker.data(piece.value);
  unpacker.end();
}

function toEntry(stat: FileStat): TarEntry {
  const { type, mode, uid, gid, size, mtimeNs, major, minor, xattrs } = stat;
  const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
  return {
    type: type === "file" && stat.linkName !== "" ? "link" : type,
    name: latin1(stat.path),
    linkName: latin1(stat.linkName),
    mode,
    uid,
    gid,
    size,
    sparse: undefined,
    mtimeNs,
    major,
    minor,
    xattrs,
    offset: 0,
  };
}
