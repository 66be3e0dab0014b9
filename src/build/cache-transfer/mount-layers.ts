/** Directories that RUN keeps between builds, as layers of a cache: packed for the way out, unpacked where there is none yet. */
import { invalidParameter } from "../../base/errors.ts";
import { readSlice } from "../../files/compression.ts";
import type { FileThreads } from "../../files/threads/threads.ts";
import type { BuiltImages } from "../../image/built.ts";
import type { Digest } from "../../image/reference.ts";
import { int64, string, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";
import type { Annotations } from "../export/image-json.ts";
import type { ExecMount, Vertex } from "../operation.ts";
import type { CacheMounts } from "../operations/exec/cache-mounts.ts";
import type { MountIds } from "./cache-options.ts";

/** JSON of a CacheMountFacts. */
const MOUNT_ANNOTATION = "io.tare.build.cache-mount";

export interface CacheMountFacts {
  readonly id: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface PackedMount {
  readonly diffId: Digest;
  readonly annotations: Annotations;
}

export interface MountLayersDeps {
  readonly caches: CacheMounts;
  readonly built: BuiltImages;
  readonly fileThreads: FileThreads;
}

const facts = struct("CacheMount", () => ({ id: "", mode: 0o755, uid: 0, gid: 0 }), {
  id: string,
  mode: int64,
  uid: int64,
  gid: int64,
});

/** Of a layer's annotations; undefined when it is no cache mount. Throws invalidParameter. */
export function parseMountFacts(annotations: Annotations): CacheMountFacts | undefined {
  const text = annotations[MOUNT_ANNOTATION];
  if (text === undefined) return undefined;
  const parsed = facts(parseJson(text) ?? {}, "CacheMount");
  if (parsed.id === "") throw invalidParameter("a cache mount without an id");
  return { ...parsed, mode: parsed.mode & 0o7777 };
}

export const isWanted = ({ id }: CacheMountFacts, wanted: MountIds): boolean => wanted === "all" || wanted.includes(id);

/** Packs the cache mounts that the vertices use. What is made is kept by `kept`. */
export async function packMounts(
  { caches, built, fileThreads }: MountLayersDeps,
  vertices: readonly Vertex[],
  { wanted, kept }: { readonly wanted: MountIds; readonly kept: AsyncDisposableStack },
): Promise<PackedMount[]> {
  const packed: PackedMount[] = [];
  for (const { id, mode, uid, gid } of mountsOf(vertices).values()) {
    const path = caches.existing(id);
    if (path === undefined || !isWanted({ id, mode, uid, gid }, wanted)) continue;
    const { blocks } = await fileThreads.pack({ root: path }, {});
    const layer = await built.addLayer(blocks);
    kept.defer(() => layer.release());
    packed.push({ diffId: layer.diffId, annotations: { [MOUNT_ANNOTATION]: JSON.stringify({ id, mode, uid, gid }) } });
  }
  return packed;
}

type CacheMount = Extract<ExecMount, { type: "cache" }>;

/** By id, of all vertices below. */
function mountsOf(vertices: readonly Vertex[]): Map<string, CacheMount> {
  const found = new Map<string, CacheMount>();
  const seen = new Set<string>();
  const visit = ({ digest, operation, inputs }: Vertex): void => {
    if (seen.has(digest)) return;
    seen.add(digest);
    if (operation.kind === "exec") {
      for (const mount of operation.mounts) if (mount.type === "cache") found.set(mount.id, mount);
    }
    for (const input of inputs) visit(input);
  };
  for (const vertex of vertices) visit(vertex);
  return found;
}

/** Makes a cache mount of a stored layer, unless there is one of the name. */
export async function unpackMount(
  { caches, built, fileThreads }: MountLayersDeps,
  mount: CacheMountFacts,
  { diffId, signal }: { readonly diffId: Digest; readonly signal: AbortSignal },
): Promise<void> {
  await caches.seed(mount, async (root) => {
    await using tar = await built.openBlob(diffId, { kind: "uncompressed" }, { signal });
    await fileThreads.unpack({ view: { root }, options: { path: "" }, archive: { body: readSlice(tar.slice) } });
  });
}
