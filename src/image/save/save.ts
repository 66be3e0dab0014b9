/** `docker save`: images as one tar, streamed from the stored layers without a copy on disk. */
import { encodeHead, TAR_END, type TarHead } from "../../base/tar/encode.ts";
import { padding } from "../../base/tar/entry.ts";
import { readSlice } from "../../files/compression.ts";
import type { Platform } from "../../wire/platform.ts";
import type { ImageContext } from "../context.ts";
import { type PlannedArchive, type PlannedFile, planArchive } from "./archive-plan.ts";
import { selectImages } from "./select.ts";

/** Bad names throw before the first byte. The layers stay where they are until the stream has ended or is left. */
export async function* saveImages(
  { catalog, layers, emit }: ImageContext,
  refs: readonly string[],
  platform: Platform | undefined,
): AsyncGenerator<Uint8Array> {
  const images = selectImages(catalog, refs, platform);
  await using undo = new AsyncDisposableStack();
  // Images that are removed meanwhile leave their layers to us.
  undo.defer(() => layers.collect(catalog.usedLayers()));
  undo.defer(layers.pin(images.flatMap(({ image }) => image.parsed.rootfs.diff_ids)));
  yield* archiveBytes(planArchive(images, (diffId) => layers.tar(diffId)));
  for (const { image } of images) emit("save", image.id, image.id);
}

async function* archiveBytes({ directories, mtimeSec, files }: PlannedArchive): AsyncGenerator<Uint8Array> {
  for (const name of directories) yield head({ type: "directory", name, mode: 0o755, size: 0, mtimeSec });
  for (const file of files) yield* fileBytes(file);
  yield TAR_END;
}

async function* fileBytes({ name, mtimeSec, content }: PlannedFile): AsyncGenerator<Uint8Array> {
  yield head({ type: "file", name, mode: 0o644, size: content.length, mtimeSec });
  if (content instanceof Uint8Array) yield content;
  else yield* readSlice(content);
  yield new Uint8Array(padding(content.length));
}

type Head = Pick<TarHead, "type" | "name" | "mode" | "size" | "mtimeSec">;

const head = (own: Head): Buffer => encodeHead({ linkName: "", uid: 0, gid: 0, major: 0, minor: 0, pax: {}, ...own });
