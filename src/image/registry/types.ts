/** What the engine can do with registries, as those who ask for it see it. */
import type { Filters } from "../../wire/filters.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { Platform } from "../../wire/platform.ts";
import type {
  DistributionInspect,
  LoginResult,
  ManifestPush,
  RemoteManifest,
  SearchResult,
} from "../../wire/registry.ts";
import type { Credentials } from "../../wire/registry-auth.ts";
import type { ImageContext } from "../context.ts";
import type { LayerLeases } from "../leases.ts";
import type { Reference } from "../reference.ts";
import type { Publication } from "./publish.ts";
import type { RemoteContent } from "./remote-content.ts";
import type { RegistrySettings } from "./settings.ts";

export interface RegistriesDeps {
  readonly context: ImageContext;
  readonly leases: LayerLeases;
  /** For what is half downloaded or half uploaded; made when missing. */
  readonly dir: string;
  readonly settings: RegistrySettings;
}

export interface PullOptions {
  /** As in `fromImage`: a name, perhaps with tag or digest. */
  readonly image: string;
  /** A tag or a digest; "" with an image that has neither is all tags. */
  readonly tag: string;
  /** "" is this machine's. */
  readonly platform: string;
  readonly credentials: Credentials;
  /** Tells the sizes of the layers that are missing, in a line for programs. */
  readonly sizes: boolean;
  readonly signal: AbortSignal;
}

export interface PushOptions {
  readonly image: string;
  /** "" is all tags of the repository. */
  readonly tag: string;
  readonly platform: Platform | undefined;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

export interface SearchOptions {
  readonly term: string;
  readonly limit: number;
  readonly filters: Filters;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

export interface RemoteOptions {
  readonly image: string;
  readonly credentials: Credentials;
  /** Treats the registry as insecure, this once. */
  readonly insecure?: boolean;
  readonly signal: AbortSignal;
}

export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  /** "" copies all. */
  readonly platform: string;
  /** By registry, as clients call them. */
  readonly keyring: ReadonlyMap<string, Credentials>;
  readonly signal: AbortSignal;
}

export interface ManifestPushOptions {
  readonly image: string;
  readonly list: ManifestPush;
  readonly keyring: ReadonlyMap<string, Credentials>;
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface PublishOptions {
  /** Its tag does not count. */
  readonly image: Reference;
  readonly credentials: Credentials;
  /** Treats the registry as insecure, this once. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface RegistryService {
  /** What cannot be found throws before the first line; the stream ends with an error line when something fails later. */
  readonly pull: (options: PullOptions) => AsyncIterable<ProgressLine>;
  /** The stream ends with an error line when something fails. */
  readonly push: (options: PushOptions) => AsyncIterable<ProgressLine>;
  readonly copy: (options: CopyOptions) => AsyncIterable<ProgressLine>;
  readonly login: (credentials: Credentials, signal: AbortSignal) => Promise<LoginResult>;
  readonly search: (options: SearchOptions) => Promise<SearchResult[]>;
  readonly distribution: (options: RemoteOptions) => Promise<DistributionInspect>;
  readonly manifest: (options: RemoteOptions) => Promise<RemoteManifest>;
  /** A repository to publish an image in, part by part. */
  readonly publish: (options: PublishOptions) => Promise<Publication>;
  /** A repository to read parts of images from. */
  readonly read: (options: PublishOptions) => Promise<RemoteContent>;
  /** Deletes what cut pulls have left, and what waits to be pushed again. How many bytes that were. */
  readonly forget: () => Promise<number>;
  /** The digest of what was put. */
  readonly pushManifest: (options: ManifestPushOptions) => Promise<string>;
}
