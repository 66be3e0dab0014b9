/** What the HTTP edge needs of the engine. The engine satisfies these shapes structurally; `daemon/` wires them. */
import type { Duplex } from "../base/duplex.ts";
import type { IncomingBody, OutgoingBody } from "../base/lent-socket.ts";
import type { Builder } from "../build/builder.ts";
import type { AttachOptions } from "../engine/container/attach.ts";
import type { CommitOptions } from "../engine/container/commit.ts";
import type { ListOptions } from "../engine/container/list.ts";
import type { LogsOptions } from "../engine/container/logs.ts";
import type { StatsOptions } from "../engine/container/stats.ts";
import type { WaitCondition } from "../engine/container/wait.ts";
import type { ExportRequest, ImportRequest, VolumeExport } from "../engine/volume/copies.ts";
import type { FilesystemChange, PathStat } from "../wire/archive.ts";
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerSummary,
  ContainerUpdateRequest,
  TopResponse,
  WaitResponse,
} from "../wire/container.ts";
import type { DiskUsage, DiskUsageType } from "../wire/disk-usage.ts";
import type { EventMessage } from "../wire/event.ts";
import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from "../wire/exec.ts";
import type { Filters } from "../wire/filters.ts";
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  ProgressLine,
} from "../wire/image.ts";
import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkInspect,
} from "../wire/network.ts";
import type { Platform } from "../wire/platform.ts";
import type { DistributionInspect, LoginResult, ManifestPush, RemoteManifest, SearchResult } from "../wire/registry.ts";
import type { Credentials } from "../wire/registry-auth.ts";
import type { ContainerStats } from "../wire/stats.ts";
import type { Volume, VolumeCreateRequest, VolumePruneReport, VolumeSnapshot } from "../wire/volume.ts";

export type { AttachOptions, ListOptions, LogsOptions, WaitCondition };

/** `ref` is a full id, a unique id prefix, or a name with or without its slash; notFound("No such container: …") otherwise. */
export interface ContainerBackend {
  create(name: string | undefined, request: ContainerCreateRequest): Promise<ContainerCreateResponse>;
  list(options: ListOptions): Promise<ContainerSummary[]>;
  inspect(ref: string, size: boolean): Promise<ContainerInspect>;
  start(ref: string): Promise<void>;
  /** `timeoutSec` undefined is the container's own; -1 waits for ever. Throws notModified when already stopped. */
  stop(ref: string, options: { signal: string | undefined; timeoutSec: number | undefined }): Promise<void>;
  restart(ref: string, options: { signal: string | undefined; timeoutSec: number | undefined }): Promise<void>;
  /** "" is KILL. */
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  remove(ref: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void>;
  /** Resolves the reference at once (throws notFound), the returned promise later. */
  wait(ref: string, condition: WaitCondition, signal: AbortSignal): Promise<WaitResponse>;
  update(ref: string, request: ContainerUpdateRequest): Promise<{ Warnings: string[] | null }>;
  resize(ref: string, height: number, width: number): Promise<void>;
  top(ref: string, psArgs: string): Promise<TopResponse>;
  /** Resolves the reference at once (throws notFound). */
  stats(ref: string, options: StatsOptions, signal: AbortSignal): AsyncIterable<ContainerStats>;
  /** Makes an image of it. */
  commit(ref: string, options: CommitOptions): Promise<{ Id: string }>;
  prune(filters: Filters): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }>;
  /** Checks state and returns whether the container has a terminal (raw stream) or not (multiplexed). */
  attachInfo(ref: string): { tty: boolean };
  /** Serves one client until it detaches, or the container ends. */
  attach(ref: string, options: AttachOptions, peer: Duplex): Promise<void>;
  /** `bytes` is already multiplexed unless `tty`. Ends when `signal` aborts or there is no more. */
  logs(ref: string, options: LogsOptions, signal: AbortSignal): { tty: boolean; bytes: AsyncIterable<Uint8Array> };
}

/** Files of containers. `path` is as the client wrote it; throws notFound("Could not find the file …"). */
export interface ArchiveBackend {
  stat(ref: string, path: string): Promise<PathStat>;
  /** Throws before the first byte. The tar has to be read to its end or returned. */
  read(ref: string, path: string): Promise<{ stat: PathStat; tar: OutgoingBody }>;
  extract(
    ref: string,
    path: string,
    options: { archive: IncomingBody; keepKinds: boolean; ownedByUser: boolean },
  ): Promise<void>;
  changes(ref: string): Promise<FilesystemChange[]>;
  /** As `read`. */
  export(ref: string): Promise<OutgoingBody>;
}

export interface ExecBackend {
  create(containerRef: string, request: ExecCreateRequest): Promise<{ Id: string }>;
  /** Throws before anything is sent when the session cannot start. */
  inspect(id: string): ExecInspect;
  startDetached(id: string, request: ExecStartRequest): Promise<void>;
  /** Checks that the session may start; the stream's kind for the response header. */
  startInfo(id: string, request: ExecStartRequest): { tty: boolean };
  /** Starts and serves until the process ends or the client detaches. `peer` is asked for once the process runs, so that a failed start can still be an HTTP error. */
  startAttached(id: string, request: ExecStartRequest, hijack: () => Promise<Duplex>): Promise<void>;
  resize(id: string, height: number, width: number): Promise<void>;
}

export interface ImageBackend extends ImageChecks {
  list(options: { all: boolean; filters: Filters; sharedSize: boolean; manifests: boolean }): Promise<ImageSummary[]>;
  /** With `platform`, throws notFound for an image of another one. */
  inspect(ref: string, options?: { platform: Platform | undefined; manifests: boolean }): ImageInspect;
  history(ref: string, platform: Platform | undefined): ImageHistoryItem[];
  remove(
    ref: string,
    options: { force: boolean; noprune: boolean; platform: Platform | undefined },
  ): Promise<ImageDeleteItem[]>;
  prune(filters: Filters): Promise<ImagePruneReport>;
  tag(ref: string, repo: string, tag: string): Promise<void>;
  /** A tar of images: a docker-archive and an OCI layout in one. */
  save(refs: readonly string[], platform: Platform | undefined): Promise<OutgoingBody>;
  /** A docker-archive or OCI-archive, plain or compressed. Yields progress; throws before the first line or yields an error line. */
  load(archive: IncomingBody, options: { quiet: boolean; platform: Platform | undefined }): AsyncIterable<ProgressLine>;
  import(tarball: IncomingBody, options: ImportOptions): AsyncIterable<ProgressLine>;
  /** The engine fetches the tarball from a URL. */
  importFrom(url: string, options: ImportOptions, signal: AbortSignal): AsyncIterable<ProgressLine>;
}

interface ImportOptions {
  readonly repo: string;
  readonly tag: string;
  readonly message: string;
  readonly changes: readonly string[];
  readonly platform: string;
}

/** tare's own, beside the images' other endpoints. */
interface ImageChecks {
  /** No refs are all images. Throws notFound before the first line; ends with an error line when damage is left. */
  verify(options: { refs: readonly string[]; repair: boolean; keyring: Keyring }): AsyncIterable<ProgressLine>;
  /** The JSON of an ImageDiff. */
  diff(from: string, to: string, signal: AbortSignal): Promise<Uint8Array>;
}

/** Who a client is to registries: by registry, as clients call them. */
export type Keyring = ReadonlyMap<string, Credentials>;

interface Remote {
  readonly image: string;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

/** Other machines' images. Messages of refusals are the registries' own. */
export interface RegistryBackend {
  /** `tag` may be a digest; "" with an image that has neither is all tags. Throws before the first line or yields an error line. */
  pull(options: Remote & { tag: string; platform: string; sizes: boolean }): AsyncIterable<ProgressLine>;
  /** `tag` "" is all tags. Every failure is an error line. */
  push(options: Remote & { tag: string; platform: Platform | undefined }): AsyncIterable<ProgressLine>;
  /** Between registries, without anything being stored here; `platform` "" copies all. */
  copy(options: {
    from: string;
    to: string;
    platform: string;
    keyring: Keyring;
    signal: AbortSignal;
  }): AsyncIterable<ProgressLine>;
  login(credentials: Credentials, signal: AbortSignal): Promise<LoginResult>;
  search(options: {
    term: string;
    limit: number;
    filters: Filters;
    credentials: Credentials;
    signal: AbortSignal;
  }): Promise<SearchResult[]>;
  distribution(options: Remote): Promise<DistributionInspect>;
  manifest(options: Remote & { insecure: boolean }): Promise<RemoteManifest>;
  /** Resolves to the digest of what was put. */
  pushManifest(options: {
    image: string;
    list: ManifestPush;
    keyring: Keyring;
    insecure: boolean;
    signal: AbortSignal;
  }): Promise<string>;
}

export interface SystemBackend {
  /** The body of GET /version. */
  version(): Record<string, unknown>;
  /** The body of GET /info. */
  info(): Promise<Record<string, unknown>>;
  /** What objects of these types take on the disk. */
  diskUsage(types: ReadonlySet<DiskUsageType>): Promise<DiskUsage>;
  /** Past events from `since`, then live ones, until `until` or abort. Times in Unix nanoseconds. */
  events(options: {
    since: bigint | undefined;
    until: bigint | undefined;
    filters: Filters;
    signal: AbortSignal;
  }): AsyncIterable<EventMessage>;
}

/** `ref` is a name, an id or an unambiguous id prefix; notFound("network … not found") otherwise. */
export interface NetworkBackend {
  list(filters: Filters): NetworkInspect[];
  /** `scope` is "" or where to look; there is nothing but "local". */
  inspect(ref: string, scope: string): NetworkInspect;
  create(request: NetworkCreateRequest): Promise<NetworkCreateResponse>;
  remove(ref: string): Promise<void>;
  prune(filters: Filters): Promise<{ NetworksDeleted: string[] | null }>;
  connect(ref: string, request: NetworkConnectRequest): Promise<void>;
  disconnect(ref: string, request: NetworkDisconnectRequest): Promise<void>;
}

/** Throws notFound("get …: no such volume") for a name that there is not. */
export interface VolumeBackend {
  /** The one of that name, made when missing. */
  create(request: VolumeCreateRequest): Volume;
  list(filters: Filters): Volume[];
  inspect(name: string): Volume;
  /** Throws a conflict while a container has it. `force` overlooks that there is none. */
  remove(name: string, force: boolean): Promise<void>;
  prune(filters: Filters): Promise<VolumePruneReport>;
  /** Tare's own from here on. The last line of progress is the name of what was made. */
  clone(source: string, request: VolumeCreateRequest, signal: AbortSignal): AsyncIterable<ProgressLine>;
  snapshot(name: string, snapshot: string, signal: AbortSignal): AsyncIterable<ProgressLine>;
  /** The oldest first. */
  snapshots(name: string): Promise<VolumeSnapshot[]>;
  removeSnapshot(name: string, snapshot: string): Promise<void>;
  restore(name: string, snapshot: string, signal: AbortSignal): AsyncIterable<ProgressLine>;
  export(name: string, request: ExportRequest): Promise<VolumeExport>;
  import(request: VolumeCreateRequest, options: ImportRequest): AsyncIterable<ProgressLine>;
}

export interface BuildBackend {
  /** Made when the first build comes, and the same from then on. */
  readonly open: () => Promise<Builder>;
  /** False while nothing has ever been built: then there is nothing to ask about. */
  readonly exists: () => boolean;
  readonly worker: WorkerFacts;
}

/** What BuildKit's clients are told about this engine. */
export interface WorkerFacts {
  readonly id: string;
  /** "linux/amd64" and what else runs here. */
  readonly platforms: readonly Platform[];
  /** The host as containers of a build reach it. */
  readonly hostGateway: () => string;
  readonly hostname: string;
}

export interface Backend {
  readonly containers: ContainerBackend;
  readonly archives: ArchiveBackend;
  readonly execs: ExecBackend;
  readonly images: ImageBackend;
  readonly registries: RegistryBackend;
  readonly system: SystemBackend;
  readonly volumes: VolumeBackend;
  readonly builds: BuildBackend;
  /** Absent: the networks' endpoints answer 501. */
  readonly networks?: NetworkBackend;
}
