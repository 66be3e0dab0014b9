/** A planned archive as tar: its small parts from memory, its layers as they lie in their files. */
import { encodeHead, TAR_END, type TarHead } from "../../base/tar/encode.ts";
import { padding } from "../../base/tar/entry.ts";
import { readSlice, type Slice } from "../../files/compression.ts";
import type { PlannedArchive } from "./archive-plan.ts";

export type Piece = Uint8Array<ArrayBuffer> | Slice;

export async function* bytesOf(pieces: readonly Piece[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* readSlice(piece);
  }
}

/** Layers as they lie in their files, and everything between two of them in one. */
export function piecesOf({ directories, mtimeSec, files }: PlannedArchive): Piece[] {
  const pieces: Piece[] = [];
  let between = directories.map((name) => head({ type: "directory", name, mode: 0o755, size: 0, mtimeSec }));
  for (const { name, content, ...file } of files) {
    between.push(head({ type: "file", name, mode: 0o644, size: content.length, mtimeSec: file.mtimeSec }));
    if (content instanceof Uint8Array) between.push(Buffer.from(content));
    else {
      pieces.push(Buffer.concat(between), content);
      between = [];
    }
    between.push(Buffer.alloc(padding(content.length)));
  }
  return [...pieces, Buffer.concat([...between, TAR_END])];
}

type Head = Pick<TarHead, "type" | "name" | "mode" | "size" | "mtimeSec">;

const head = (own: Head): Buffer => encodeHead({ linkName: "", uid: 0, gid: 0, major: 0, minor: 0, pax: {}, ...own });
