/** What every front end (the HTTP builder, BuildKit's clients, our own command line) asks of the build room. */
import type { Platform } from "../wire/platform.ts";
import type { ExecLimits, Vertex } from "./operation.ts";
import type { ProgressEvent, Report } from "./progress.ts";
import type { Session } from "./session.ts";

/** One build of one client, from its first request to its last. */
export interface Build {
  /** The client's name for the build; unique. */
  readonly ref: string;
  readonly session: Session | undefined;
  /** Sessions by id, for directories that are another session's. Rejects when it does not come. */
  readonly sessionOf: (id: string) => Promise<Session>;
  readonly entitlements: readonly string[];
  readonly report: Report;
  /** Aborted when the client gives up. */
  readonly signal: AbortSignal;
}

/** The build room as its front ends use it. */
export interface Builder {
  /** Reads the Dockerfile and resolves base images; nothing is built yet. Throws DockerfileError with its place. */
  plan(build: Build, options: FrontendOptions): Promise<Plan>;
  /** Builds results without exporting them. */
  evaluate(build: Build, results: readonly PlannedResult[]): Promise<void>;
  /** Builds, exports, and exports the cache. */
  finish(build: Build, results: readonly PlannedResult[], outputs: Outputs): Promise<BuildResult>;
  /** Reads a file of a result, building it when it is not yet. Throws notFound. */
  readFile(build: Build, result: PlannedResult, path: string): Promise<Uint8Array>;
  diskUsage(filters: readonly string[]): Promise<CacheUsage[]>;
  prune(options: CachePrune): AsyncIterable<CacheUsage>;
  /** Unpacks an archive, however it is compressed, into a directory that is a context until the returned call. Throws invalidParameter. */
  receive(
    archive: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly path: string; readonly release: () => Promise<void> }>;
  readonly history: History;
}

export interface Plan {
  /** One for each platform. */
  readonly results: readonly PlannedResult[];
  /** The answer of a subrequest: "result.json", "result.txt", "version"; empty for a build. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The instructions of the first result's stages, in the order of the file. */
  readonly steps: readonly PlannedStep[];
  /** Build arguments of the client that no instruction takes, in the order of their names. */
  readonly unusedArgs: readonly string[];
}

export interface PlannedStep {
  /** As it was written, such as "RUN make". */
  readonly text: string;
  /** Of an instruction that changes files. */
  readonly vertex: Vertex | undefined;
  /** It comes of the base's ONBUILD, and belongs to the FROM before it. */
  readonly isTrigger: boolean;
}

export interface PlannedResult {
  readonly platform: Platform;
  readonly vertex: Vertex;
  /** The image's configuration as JSON, without rootfs and history of what is not built yet. */
  readonly config: string;
  /** SOURCE_DATE_EPOCH of the build, Unix seconds. */
  readonly epoch: number | undefined;
}

export interface Outputs {
  readonly exporters: readonly Exporter[];
  readonly cacheExports: readonly CacheOption[];
  readonly attestations: ReadonlyMap<string, string>;
  /** The client's words for the build, which provenance repeats. */
  readonly request: ReadonlyMap<string, string>;
}

export interface BuildResult {
  /** What clients are told, such as "containerimage.digest" and "image.name". */
  readonly answers: ReadonlyMap<string, string>;
  /** Of the first image, when one was made. */
  readonly imageId: string | undefined;
  readonly attachments: readonly BuildAttachment[];
}

/** What the history keeps of a result: the image's configuration or manifest, and where it comes from. */
export interface BuildAttachment {
  /** "linux/amd64"; "" for the only result. */
  readonly platform: string;
  /** Of the result itself; without one it is a statement about the result. */
  readonly mediaType?: string;
  /** Of a statement. */
  readonly predicateType?: string;
  /** Of the text. */
  readonly digest: string;
  /** JSON; of a statement the predicate. */
  readonly text: string;
}

/** One record of the build cache, as `docker buildx du` shows it. */
export interface CacheUsage {
  readonly id: string;
  readonly parents: readonly string[];
  readonly type: "regular" | "source.local" | "source.git.checkout" | "exec.cachemount" | "internal" | "frontend";
  readonly description: string;
  readonly inUse: boolean;
  readonly shared: boolean;
  readonly mutable: boolean;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  readonly usageCount: number;
}

export interface CachePrune {
  readonly all: boolean;
  /** "key=value", "key!=value", "key~=value" of id, type, description, inuse, shared, private … */
  readonly filters: readonly string[];
  /** Only records that were not used for so long. */
  readonly keepMs: number;
  readonly reservedBytes: number;
  readonly maxUsedBytes: number;
  readonly minFreeBytes: number;
}

/** Builds that run and that ended, with everything they told. */
export interface History {
  /** Records a build that begins; an internal one is never listed. Throws conflict when its ref is taken. */
  begin(build: NewRecord): OpenRecord;
  list(): readonly BuildRecord[];
  /** What is there, then each change, until aborted. */
  watch(signal: AbortSignal): AsyncIterable<BuildRecord>;
  /** Everything the build told and tells. A build that is not known yet is waited for, some seconds; then throws notFound. */
  progress(ref: string, signal: AbortSignal): AsyncIterable<ProgressEvent>;
  /** The text with this digest, when some record has it. */
  attachment(digest: string): string | undefined;
  update(ref: string, change: { readonly pinned?: boolean; readonly delete?: boolean }): Promise<void>;
}

export interface NewRecord {
  readonly ref: string;
  readonly internal: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly exporters: readonly Exporter[];
}

export interface OpenRecord {
  readonly report: Report;
  /** Ends what `progress` yields. Idempotent; the first one counts, and is told true. */
  end(outcome: BuildOutcome): boolean;
}

export type BuildOutcome =
  | { readonly answers: ReadonlyMap<string, string>; readonly attachments: readonly BuildAttachment[] }
  | { readonly error: string };

export interface BuildRecord {
  readonly ref: string;
  readonly state: "running" | "complete" | "deleted";
  readonly createdAt: number;
  readonly completedAt: number | undefined;
  /** The words the client chose, such as "target" and "build-arg:x". */
  readonly attributes: ReadonlyMap<string, string>;
  readonly exporters: readonly Exporter[];
  readonly answers: ReadonlyMap<string, string>;
  readonly error: string | undefined;
  readonly pinned: boolean;
  readonly steps: { readonly total: number; readonly completed: number; readonly cached: number };
  readonly warnings: number;
  readonly attachments: readonly BuildAttachment[];
}

/** The options of the Dockerfile frontend. */
export interface FrontendOptions {
  readonly dockerfile: DockerfileSource;
  readonly context: ContextSource;
  /** By lower-case name. */
  readonly namedContexts: ReadonlyMap<string, ContextSource>;
  readonly target: string;
  /** As people write them, such as "linux/arm64"; none is this machine's. */
  readonly platforms: readonly string[];
  /** Null values take the client's environment, which it has sent along already: they are unset here. */
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** True ignores the cache for all stages, a list for these. */
  readonly noCache: boolean | readonly string[];
  readonly resolve: "default" | "pull" | "local";
  /** "default", "none", "host", or a network by its name. */
  readonly network: string;
  /** "name:address", or "name:host-gateway". */
  readonly extraHosts: readonly string[];
  readonly hostname: string;
  readonly limits: ExecLimits;
  /** "frontend.lint", "frontend.outline", "frontend.targets"; "" builds. */
  readonly subrequest: string;
  /** Of `BUILDKIT_DOCKERFILE_CHECK`, which goes before the file's own directive. */
  readonly check: string;
  readonly cacheMountNamespace: string;
  readonly multiPlatform: boolean;
  readonly cacheImports: readonly CacheOption[];
  /** Imports count when the store has their images; where there are imports and none counts, nothing is taken from any cache. */
  readonly onlyStoredImports: boolean;
}

export type DockerfileSource =
  /** In a directory of the client. */
  | { readonly from: "session"; readonly directory: string; readonly fileName: string }
  /** Inside the context. */
  | { readonly from: "context"; readonly fileName: string }
  | { readonly from: "text"; readonly fileName: string; readonly text: string };

export type ContextSource =
  | { readonly from: "session"; readonly directory: string; readonly session: string }
  /** On the engine's disk already, gone after the build. */
  | { readonly from: "directory"; readonly path: string }
  | { readonly from: "image"; readonly reference: string }
  | { readonly from: "layout"; readonly store: string; readonly reference: string }
  | { readonly from: "git"; readonly url: string }
  /** A file or an archive; with the session's own scheme when the client uploads it. */
  | { readonly from: "http"; readonly url: string }
  /** The result of another build of the same client (linked targets of bake). */
  | { readonly from: "result"; readonly result: PlannedResult }
  /** Nobody can fetch it, such as a bake target that was not built: whoever uses it is told. */
  | { readonly from: "nowhere"; readonly problem: string };

/** What becomes of the result; "image" goes into the store, and to a registry when its attributes ask to push. */
export interface Exporter {
  readonly type: "image" | "local" | "tar" | "oci" | "docker";
  readonly attributes: ReadonlyMap<string, string>;
}

export interface CacheOption {
  /** "inline", "registry", "local". */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}
