/** `docker save`: images as one tar, sent from the stored layers without a copy on disk. */
import { finishing } from "../../base/async-iterator.ts";
import type { OutgoingBody } from "../../base/lent-socket.ts";
import { encodeHead, TAR_END, type TarHead } from "../../base/tar/encode.ts";
import { padding } from "../../base/tar/entry.ts";
import { readSlice, type Slice } from "../../files/compression.ts";
import type { Platform } from "../../wire/platform.ts";
import type { ImageContext } from "../context.ts";
import { type PlannedArchive, planArchive } from "./archive-plan.ts";
import { selectImages } from "./select.ts";

/** Throws for bad names. The layers stay where they are until the body is sent, or its `body` has ended or been returned. */
export async function saveImages(
  { catalog, layers, files, emit }: ImageContext,
  refs: readonly string[],
  platform: Platform | undefined,
): Promise<OutgoingBody> {
  const images = selectImages(catalog, refs, platform);
  await using held = new AsyncDisposableStack();
  // Images that are removed meanwhile leave their layers to us.
  held.defer(() => layers.collect(catalog.usedLayers()));
  held.defer(layers.pin(images.flatMap(({ image }) => image.parsed.rootfs.diff_ids)));
  const pieces = piecesOf(planArchive(images, (diffId) => layers.tar(diffId)));
  const tell = (): void => {
    for (const { image } of images) emit("save", image.id, image.id);
  };
  const lasting = held.move();
  return {
    body: finishing(bytesOf(pieces, tell), () => lasting.disposeAsync()),
    sendTo: async (socket) => {
      await files.send(pieces, socket);
      tell();
    },
  };
}

type Piece = Uint8Array<ArrayBuffer> | Slice;

async function* bytesOf(pieces: readonly Piece[], atEnd: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* readSlice(piece);
  }
  atEnd();
}

/** Layers as they lie in their files, and everything between two of them in one. */
function piecesOf({ directories, mtimeSec, files }: PlannedArchive): Piece[] {
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
