/** `docker save`: images as one tar, sent from the stored layers without a copy on disk. */
import { finishing } from "../../base/async-iterator.ts";
import type { OutgoingBody } from "../../base/lent-socket.ts";
import type { Platform } from "../../wire/platform.ts";
import type { ImageContext } from "../context.ts";
import { bytesOf, piecesOf } from "./archive-bytes.ts";
import { planArchive } from "./archive-plan.ts";
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
    body: finishing(toldAtEnd(bytesOf(pieces), tell), () => lasting.disposeAsync()),
    sendTo: async (socket) => {
      await files.send(pieces, socket);
      tell();
    },
  };
}

async function* toldAtEnd(
  bytes: AsyncIterable<Uint8Array>,
  tell: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes;
  tell();
}
