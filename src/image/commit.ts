/** `docker commit`: an image made of another one and what a container has changed (moby image/image.go, NewChildImage). */
import { nowRfc3339 } from "../base/clock.ts";
import { notFound } from "../base/errors.ts";
import type { ImageConfig } from "../wire/image.ts";
import { type Image, NEVER } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { stageStream } from "./growing-file.ts";
import type { StagedLayer } from "./layers/layer-store.ts";
import type { LayerRecord } from "./records.ts";
import { type Digest, familiar, type Reference } from "./reference.ts";

export interface CommitRequest {
  /** The image the container was made from. */
  readonly parentId: string;
  readonly config: ImageConfig;
  readonly author: string;
  readonly comment: string;
  /** What the history says it was made by. */
  readonly createdBy: string;
  /** Undefined leaves it without a name. */
  readonly name: Reference | undefined;
  /** The container's changes as the tar of a layer. */
  readonly layer: AsyncIterable<Uint8Array>;
}

/** The tar of nothing at all: such a layer is not kept. */
const EMPTY_LAYER = digestOf(new Uint8Array(1024));

/** The id of the new image. Throws notFound when the parent is gone. */
export async function commitImage(context: ImageContext, request: CommitRequest): Promise<Digest> {
  const parent = context.catalog.get(request.parentId);
  if (parent === undefined) throw notFound(`No such image: ${request.parentId}`);
  await using undo = new AsyncDisposableStack();
  undo.defer(context.layers.pin(parent.parsed.rootfs.diff_ids));
  const staged = await stageStream(context, { body: request.layer });
  undo.defer(() => context.layers.discard([staged]));
  const added = staged.diffId === EMPTY_LAYER ? undefined : staged;
  if (added !== undefined) {
    undo.defer(context.layers.pin([added.diffId]));
    await context.layers.commit([added]);
    await context.layers.complete([...parent.parsed.rootfs.diff_ids, added.diffId]);
  }
  return record(context, parent, added, request);
}

function record(
  { catalog, emit }: ImageContext,
  parent: Image,
  added: StagedLayer | undefined,
  request: CommitRequest,
): Digest {
  const own: LayerRecord[] = added === undefined ? [] : [{ diffId: added.diffId, sizeBytes: added.sizeBytes }];
  const layers = [...parent.layers, ...own];
  const document = writeDocument(parent, layers, request);
  const id = digestOf(document);
  const names = request.name === undefined ? [] : [request.name];
  catalog.add({ id, document, layers, parent: parent.id, lastTaggedAt: NEVER }, names);
  emit("create", id, id);
  if (request.name !== undefined) emit("tag", id, familiar(request.name));
  return id;
}

function writeDocument({ parsed }: Image, layers: readonly LayerRecord[], request: CommitRequest): string {
  const { author, comment, createdBy, config } = request;
  const created = nowRfc3339();
  const isEmpty = layers.length === parsed.rootfs.diff_ids.length;
  const step = { created, created_by: createdBy, author, comment, empty_layer: isEmpty };
  return JSON.stringify({
    architecture: parsed.architecture,
    ...stated({ author, variant: parsed.variant }),
    config,
    created,
    history: [...parsed.history, step].map(stated),
    os: parsed.os,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
}

/** Without what is empty or false. */
function stated(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Boolean(value)));
}
