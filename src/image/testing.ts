/** For the tests of this room: a store of its own in a temporary directory, and small archives to put into it. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import { FileThreads } from "../files/threads/threads.ts";
import { openDatabase } from "../state/database.ts";
import type { ProgressLine } from "../wire/image.ts";
import type { ArchiveLimits } from "./archive/limits.ts";
import type { ImageUser } from "./context.ts";
import { createImages, type ImageStore } from "./images.ts";
import { DEFAULT_REGISTRY_SETTINGS, type RegistrySettings } from "./registry/settings.ts";
import { createRoots, type Roots } from "./roots.ts";

export interface TestStore extends Disposable {
  readonly dir: string;
  readonly images: ImageStore;
  readonly roots: Roots;
  /** "action name" of every event so far. */
  readonly events: string[];
  /** Containers by image id; filled by the test. */
  readonly users: Map<string, ImageUser[]>;
  /** Closes and opens everything again, as a new engine would. */
  reopen(registries?: RegistrySettings): TestStore;
}

export function openStore(
  limits: Partial<ArchiveLimits> = {},
  dir: string = mkdtempSync(join(tmpdir(), "tare-image-")),
  registries: RegistrySettings = DEFAULT_REGISTRY_SETTINGS,
): TestStore {
  const db = openDatabase(join(dir, "tare.db"));
  const events: string[] = [];
  const users = new Map<string, ImageUser[]>();
  const images = createImages({
    dir: join(dir, "images"),
    db,
    usedBy: (id) => users.get(id) ?? [],
    emit: (action, _id, { name, reclaimed }) => events.push(`${action} ${name ?? reclaimed}`),
    limits,
    registries,
    files: new FileThreads(),
  });
  const roots = createRoots({ dir: join(dir, "roots"), layers: images.rootLayers });
  return {
    dir,
    images,
    roots,
    events,
    users,
    reopen: (next = registries) => {
      db.close();
      return openStore(limits, dir, next);
    },
    [Symbol.dispose]: () => {
      db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

export interface TestImage {
  readonly layers: readonly (readonly TarMember[])[];
  readonly tags?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly top?: Readonly<Record<string, unknown>>;
  /** Applied to each layer's tar in the archive, such as a compression. */
  readonly pack?: (tar: Buffer) => Uint8Array;
}

/** The configuration that `dockerArchive` writes for it. */
export function configOf({ layers, config = {}, top = {} }: TestImage): Buffer {
  const diffIds = layers.map((members) => `sha256:${sha256(writeTar(members))}`);
  return Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      created: "2026-02-03T04:05:06.789Z",
      config,
      rootfs: { type: "layers", diff_ids: diffIds },
      history: diffIds.map((_id, at) => ({ created: "2026-02-03T04:05:06Z", created_by: `step ${at}` })),
      ...top,
    }),
  );
}

export const idOf = (image: TestImage): string => `sha256:${sha256(configOf(image))}`;

/** The files of a docker-archive, to be changed by a test before `writeTar`. */
export function dockerMembers(images: readonly TestImage[]): TarMember[] {
  const members: TarMember[] = [];
  const items = images.map((image) => {
    const { layers, tags = null, pack = (tar) => tar } = image;
    const config = configOf(image);
    const names = layers.map((entries) => {
      const data = pack(writeTar(entries));
      members.push({ type: "file", name: `blobs/sha256/${sha256(data)}`, data });
      return `blobs/sha256/${sha256(data)}`;
    });
    members.push({ type: "file", name: `blobs/sha256/${sha256(config)}`, data: config });
    return { Config: `blobs/sha256/${sha256(config)}`, RepoTags: tags, Layers: names };
  });
  return [...members, { type: "file", name: "manifest.json", data: Buffer.from(JSON.stringify(items)) }];
}

export const dockerArchive = (...images: TestImage[]): Buffer => writeTar(dockerMembers(images));

/** In pieces, as a body comes. */
export async function* chunks(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function loadAll(images: ImageStore, archive: Uint8Array): Promise<ProgressLine[]> {
  return Array.fromAsync(images.load({ body: chunks(archive) }, { quiet: true }));
}

/** The one image of an archive, loaded. Throws what the stream says. */
export async function loadImage(images: ImageStore, image: TestImage): Promise<string> {
  for (const { error } of await loadAll(images, dockerArchive(image))) {
    if (error !== undefined) throw new Error(error);
  }
  return idOf(image);
}
