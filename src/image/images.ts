/** The image store as the engine and the API see it. */
import type { Database } from "bun:sqlite";
import { invalidParameter } from "../base/errors.ts";
import type { IncomingBody, OutgoingBody } from "../base/lent-socket.ts";
import type { FileThreads } from "../files/threads/threads.ts";
import type { Filters } from "../wire/filters.ts";
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  ProgressLine,
} from "../wire/image.ts";
import { type ArchiveLimits, DEFAULT_LIMITS } from "./archive/limits.ts";
import { type BuiltImages, createBuiltImages } from "./built.ts";
import { Catalog } from "./catalog.ts";
import type { CommitRequest } from "./commit.ts";
import { createImageContent, migrateContent } from "./content.ts";
import type { ImageAction, ImageContext, ImageUser } from "./context.ts";
import type { ImportOptions } from "./import.ts";
import { toHistory, toInspect } from "./inspect.ts";
import { createLayerStore, type LayerStorage } from "./layers/disk-layers.ts";
import { describeForm } from "./layers/support.ts";
import { ArchiveWorkers } from "./layers/workers.ts";
import { migrateLeases, openLeases } from "./leases.ts";
import { type ImageListOptions, listImages } from "./list.ts";
import type { LoadOptions } from "./load.ts";
import { manifestsOf } from "./manifest-summary.ts";
import { type Platform, readPlatform, toOciArchitecture } from "./platform.ts";
import { createPressureCollector, type PressureCollector, type PressureLimits } from "./pressure.ts";
import { createImageRecords, migrateImageRecords } from "./records.ts";
import { type Digest, familiar, parseRepoTag } from "./reference.ts";
import { createRegistries } from "./registries.ts";
import { DEFAULT_REGISTRY_SETTINGS, type RegistrySettings } from "./registry/settings.ts";
import type { RegistryService } from "./registry/types.ts";
import { type RemoveOptions, removeImage } from "./remove.ts";
import { type ImagesUsage, imagesUsage } from "./usage.ts";
import type { VerifyOptions } from "./verify.ts";

export interface ImageStoreDeps {
  /** Made when missing; on the file system of the containers' upper directories. */
  readonly dir: string;
  /** With foreign keys enforced. The tables are made here. */
  readonly db: Database;
  /** Containers made from an image, by image id. */
  readonly usedBy: (imageId: string) => readonly ImageUser[];
  /** Tells an event. A prune is of no image: its id is "". */
  readonly emit: (action: ImageAction | "prune", imageId: string, attributes: Readonly<Record<string, string>>) => void;
  readonly limits?: Partial<ArchiveLimits>;
  readonly files: FileThreads;
  readonly storage?: LayerStorage;
  /** When to delete unused images to make room; never, when left out. */
  readonly pressure?: PressureLimits | undefined;
  readonly registries?: RegistrySettings;
}

/** The layers that containers' roots are mounted from. */
export interface RootLayers {
  /** Of an image, the lowest first. Throws notFound. */
  layersOf(imageId: string): readonly Digest[];
  /** What an overlay mount takes: the topmost first. To be mounted at once; see LayerStore. */
  lowers(layers: readonly Digest[]): string[];
  /** Makes the next `lowers` of these layers quick. */
  warm(layers: readonly Digest[]): Promise<void>;
  /** Keeps layers, even when their image is removed, until the returned call. */
  pin(layers: readonly Digest[]): () => void;
  /** Deletes those that neither an image nor a pin has any more. */
  collect(layers: readonly Digest[]): Promise<void>;
}

export interface InspectOptions {
  /** Throws notFound for an image of another one. */
  readonly platform?: Platform | undefined;
  /** With what is known of its manifests. */
  readonly manifests?: boolean;
}

/** Satisfies the engine's Images and the API's ImageBackend. */
export interface ImageStore {
  inspect(ref: string, options?: InspectOptions): ImageInspect;
  /** In words, as in "linux/arm64". Throws notFound as well when it is of another platform. */
  inspectFor(ref: string, platform: string): ImageInspect;
  has(id: string): boolean;
  count(): number;
  list(options: ImageListOptions): Promise<ImageSummary[]>;
  history(ref: string, platform?: Platform): ImageHistoryItem[];
  remove(ref: string, options: RemoveOptions): Promise<ImageDeleteItem[]>;
  prune(filters: Filters): Promise<ImagePruneReport>;
  usage(): ImagesUsage;
  tag(ref: string, repo: string, tag: string): Promise<void>;
  save(refs: readonly string[], platform?: Platform): Promise<OutgoingBody>;
  load(archive: IncomingBody, options: LoadOptions): AsyncIterable<ProgressLine>;
  import(tarball: IncomingBody, options: ImportOptions): AsyncIterable<ProgressLine>;
  /** The tarball is fetched from a URL. */
  importFrom(url: string, options: ImportOptions, signal: AbortSignal): AsyncIterable<ProgressLine>;
  /** Of a container's changes. The new image's id. */
  commit(request: CommitRequest): Promise<Digest>;
  /** Reads images again, all of them. Unknown ones throw before the first line. */
  verify(options: VerifyOptions): AsyncIterable<ProgressLine>;
  /** How an image differs from another one: the JSON of an ImageDiff. */
  diff(from: string, to: string, signal: AbortSignal): Promise<Uint8Array>;
  readonly registries: RegistryService;
  readonly rootLayers: RootLayers;
  readonly built: BuiltImages;
  /** How layers are mounted here, for people to read. */
  layerForm(): string;
  /** Deletes unused images when the disk is fuller than `pressure` allows; which ones. */
  relieve(): Promise<Digest[]>;
  /** Lets go of the layers it has mounted; containers keep theirs. */
  close(): Promise<void>;
  /** Deletes what a dead engine left. To be called once the roots of containers have pinned their layers. */
  sweep(): Promise<void>;
}

export function createImages({
  dir,
  db,
  usedBy,
  emit,
  limits,
  files,
  registries,
  storage,
  pressure,
}: ImageStoreDeps): ImageStore {
  migrateImageRecords(db);
  migrateContent(db);
  migrateLeases(db);
  const bounds: ArchiveLimits = { ...DEFAULT_LIMITS, ...limits };
  const workers = new ArchiveWorkers();
  const context: ImageContext = {
    catalog: new Catalog(createImageRecords(db)),
    content: createImageContent(db),
    files,
    layers: createLayerStore({ dir, limits: bounds, workers, ...storage }),
    workers,
    limits: bounds,
    architecture: toOciArchitecture(process.arch),
    usedBy,
    // An image that is gone has no labels any more.
    emit: (action, id, name) => emit(action, id, { ...context.catalog.get(id)?.parsed.config.Labels, name }),
    emitPruned: (bytes) => emit("prune", "", { reclaimed: String(bytes) }),
  };
  const { catalog } = context;
  const relief = createPressureCollector(context, dir, pressure);
  const registryService = createRegistries({
    context,
    leases: openLeases(db, context.layers),
    dir,
    settings: registries ?? DEFAULT_REGISTRY_SETTINGS,
  });
  return {
    inspect: (ref, options) => inspect(context, ref, options),
    inspectFor: (ref, words) => inspect(context, ref, { platform: readPlatform(words, context.architecture) }),
    count: () => catalog.all().length,
    has: (id) => catalog.get(id) !== undefined,
    list: async (options) => listImages(context, options),
    history: (ref, platform) => toHistory(context, catalog.resolve(ref, platform)),
    remove: (ref, options) => removeImage(context, ref, options),
    prune: async (filters) => {
      const report = await (await import("./prune.ts")).pruneImages(context, filters);
      return { ...report, SpaceReclaimed: report.SpaceReclaimed + (await registryService.forget()) };
    },
    usage: () => imagesUsage(context),
    save: async (refs, platform) => (await import("./save/save.ts")).saveImages(context, refs, platform),
    tag: async (ref, repo, tag) => tagImage(context, ref, { repo, tag }),
    load: (archive, options) => loadLater(context, archive, options),
    commit: async (request) => (await import("./commit.ts")).commitImage(context, request),
    import: (tarball, options) => importLater(context, tarball, options),
    importFrom: async function* (url, options, signal) {
      const { importRemote } = await import("./import-remote.ts");
      yield* importRemote(context, url, options, signal);
    },
    verify: (options) => verifyLater(context, registryService, options),
    diff: async (from, to, signal) => (await import("./diff/diff.ts")).diffImages(context, from, to, signal),
    registries: registryService,
    rootLayers: createRootLayers(context, relief),
    built: createBuiltImages(context),
    relieve: () => relief.relieve(),
    close: () => context.layers.close(),
    layerForm: () => describeForm(context.layers.form),
    sweep: () => sweep(context),
  };
}

function inspect(
  context: ImageContext,
  ref: string,
  { platform, manifests = false }: InspectOptions = {},
): ImageInspect {
  const image = context.catalog.resolve(ref, platform);
  return manifests ? { ...toInspect(context, image), ...manifestsOf(context, image) } : toInspect(context, image);
}

/** Archives are rare and their code is half of this room: it is read when the first one comes. */
async function* loadLater(
  context: ImageContext,
  archive: IncomingBody,
  options: LoadOptions,
): AsyncIterable<ProgressLine> {
  const { load } = await import("./load.ts");
  yield* load(context, archive, options);
}

async function* verifyLater(
  context: ImageContext,
  registries: RegistryService,
  options: VerifyOptions,
): AsyncIterable<ProgressLine> {
  const { verifyImages } = await import("./verify.ts");
  yield* verifyImages(context, registries, options);
}

async function* importLater(
  context: ImageContext,
  tarball: IncomingBody,
  options: ImportOptions,
): AsyncIterable<ProgressLine> {
  const { importImage } = await import("./import.ts");
  yield* importImage(context, tarball, options);
}

function createRootLayers({ catalog, layers }: ImageContext, relief: PressureCollector): RootLayers {
  return {
    layersOf: (imageId) => {
      relief.used(imageId);
      return catalog.resolve(imageId).parsed.rootfs.diff_ids;
    },
    lowers: (diffIds) => layers.lowers(diffIds),
    warm: (diffIds) => layers.warm(diffIds),
    pin: (diffIds) => layers.pin(diffIds),
    collect: async (diffIds) => {
      const used = catalog.usedLayers();
      if (!diffIds.every((diffId) => used.has(diffId))) await layers.collect(used);
    },
  };
}

function tagImage({ catalog, emit }: ImageContext, ref: string, { repo, tag }: { repo: string; tag: string }): void {
  const name = parseRepoTag(repo, tag);
  const image = catalog.resolve(ref);
  if (name === undefined) throw invalidParameter("repository name must have at least one component");
  catalog.tag(image.id, name);
  emit("tag", image.id, familiar(name));
}

/** Images whose layers did not survive a power cut are gone: their names would only lead to errors. */
async function sweep({ catalog, content, layers }: ImageContext): Promise<void> {
  for (const image of catalog.all()) {
    if (!image.parsed.rootfs.diff_ids.every((diffId) => layers.has(diffId))) catalog.delete(image.id);
  }
  await layers.sweep();
  content.collect(catalog.usedLayers());
  await layers.collect(catalog.usedLayers());
}
