/** `docker import`: a root file system's tar becomes an image of one layer. */
import { nowRfc3339 } from "../base/clock.ts";
import type { IncomingBody } from "../base/lent-socket.ts";
import type { ImageConfig, ProgressLine } from "../wire/image.ts";
import { NEVER } from "./catalog.ts";
import { applyChanges } from "./changes/changes.ts";
import type { ImageContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { emptyImageConfig } from "./document.ts";
import { stageStream } from "./growing-file.ts";
import type { StagedLayer } from "./layers/layer-store.ts";
import { type Platform, parsePlatform } from "./platform.ts";
import { type Digest, familiar, parseRepoTag, type Reference } from "./reference.ts";

export interface ImportOptions {
  /** "" leaves the image without a name. */
  readonly repo: string;
  readonly tag: string;
  readonly message: string;
  readonly changes: readonly string[];
  /** "" is this machine's. */
  readonly platform: string;
}

/** Bad options and bad archives throw before the first line; the only line names the image. */
export async function* importImage(
  context: ImageContext,
  tarball: IncomingBody,
  options: ImportOptions,
): AsyncGenerator<ProgressLine> {
  const name = parseRepoTag(options.repo, options.tag);
  const platform = parsePlatform(options.platform, context.architecture);
  const config = applyChanges(emptyImageConfig(), options.changes);
  const message = options.message || "Imported from -";
  const id = await store(context, tarball, { name, platform, config, message });
  if (name !== undefined) context.emit("tag", id, familiar(name));
  context.emit("import", id, id);
  yield { status: id };
}

interface NewImage {
  readonly name: Reference | undefined;
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly message: string;
}

async function store(context: ImageContext, tarball: IncomingBody, image: NewImage): Promise<Digest> {
  const staged = await stageStream(context, tarball);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => context.layers.discard([staged]));
  undo.defer(context.layers.pin([staged.diffId]));
  await context.layers.commit([staged]);
  await context.layers.complete([staged.diffId]);
  const document = writeDocument(image, staged);
  const id = digestOf(document);
  const { diffId, sizeBytes } = staged;
  const names = image.name === undefined ? [] : [image.name];
  context.catalog.add({ id, document, layers: [{ diffId, sizeBytes }], parent: "", lastTaggedAt: NEVER }, names);
  return id;
}

/** The configuration as Docker writes it. */
function writeDocument({ platform, config, message }: NewImage, { diffId }: StagedLayer): string {
  const created = nowRfc3339();
  return JSON.stringify({
    architecture: platform.architecture,
    ...(platform.variant === "" ? {} : { variant: platform.variant }),
    os: platform.os,
    created,
    comment: message,
    config,
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment: message }],
  });
}
