/** For tests: images put into a fake registry, and pulls from it. */
import { writeTar } from "../../base/tar/writer.ts";
import type { ProgressLine } from "../../wire/image.ts";
import { ANONYMOUS, type Credentials } from "../../wire/registry-auth.ts";
import { digestOf } from "../digest.ts";
import { DOCKER_MANIFEST_TYPE } from "../manifest.ts";
import type { Digest } from "../reference.ts";
import { configOf, openStore, type TestImage, type TestStore } from "../testing.ts";
import { DOCKER_CONFIG, DOCKER_LAYER } from "./media-types.ts";
import { DEFAULT_REGISTRY_SETTINGS, type RegistrySettings } from "./settings.ts";
import type { FakeRegistry } from "./testing.ts";

export interface PutImage {
  readonly digest: Digest;
  readonly configDigest: Digest;
  readonly blobs: readonly Digest[];
}

/** Under `tag`, each layer compressed with gzip unless it says otherwise. */
export function putImage(registry: FakeRegistry, repository: string, tag: string, image: TestImage): PutImage {
  const pack = image.pack ?? ((tar: Buffer) => Bun.gzipSync(Buffer.from(tar)));
  const layers = image.layers.map((members) => pack(writeTar(members)));
  const config = configOf(image);
  const describe = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: registry.putBlob(repository, bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST_TYPE,
    config: describe(DOCKER_CONFIG, config),
    layers: layers.map((bytes) => describe(DOCKER_LAYER, bytes)),
  };
  const digest = registry.putManifest(repository, tag, manifest, DOCKER_MANIFEST_TYPE);
  return { digest, configDigest: digestOf(config), blobs: manifest.layers.map((layer) => layer.digest) };
}

/** Bytes that no compression makes smaller, the same for the same seed. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    bytes[at] = state >> 16;
  }
  return bytes;
}

export interface PullStore extends Omit<TestStore, "reopen"> {
  pull(ref: string, options?: PullWords): Promise<ProgressLine[]>;
  /** As the next engine would, perhaps with other settings. */
  reopen(settings?: Partial<RegistrySettings>): PullStore;
}

interface PullWords {
  readonly tag?: string;
  readonly platform?: string;
  readonly credentials?: Partial<Credentials>;
  readonly signal?: AbortSignal;
  readonly sizes?: boolean;
}

/** A store whose registry client does not wait long. */
export function openPullStore(settings: Partial<RegistrySettings> = {}): PullStore {
  return wrap(openStore({}, undefined, impatient(settings)));
}

const impatient = (settings: Partial<RegistrySettings>): RegistrySettings => ({
  ...DEFAULT_REGISTRY_SETTINGS,
  firstPauseMs: 1,
  ...settings,
});

function wrap(store: TestStore): PullStore {
  return {
    ...store,
    pull: (ref, options) => pullFrom(store, ref, options),
    reopen: (settings = {}) => wrap(store.reopen(impatient(settings))),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

async function pullFrom({ images }: TestStore, ref: string, words: PullWords = {}): Promise<ProgressLine[]> {
  const { tag = "", platform = "", credentials = {}, sizes = false, signal = new AbortController().signal } = words;
  const asked = { image: ref, tag, platform, sizes, signal, credentials: { ...ANONYMOUS, ...credentials } };
  return Array.fromAsync(images.registries.pull(asked));
}

/** The error that a stream ended with; undefined when it ended well. */
export const errorOf = (lines: readonly ProgressLine[]): string | undefined => lines.find(({ error }) => error)?.error;
