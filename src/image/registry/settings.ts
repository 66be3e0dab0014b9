/** How registries are reached, as the engine's configuration says it. */

/** What holds for one registry, named as in image references ("docker.io", "ghcr.io", "registry.local:5000"). */
export interface RegistryRule {
  /** Asked first, in this order; a path is put before the repository's name. */
  readonly mirrors: readonly string[];
  /** Certificates are not verified, and plain HTTP is tried where there is no TLS. */
  readonly insecure: boolean;
  /** Hosts besides the registry's own site that may be given its credentials, when it names them for its tokens. */
  readonly authHosts: readonly string[];
  /** Ask the mirrors only: the registry itself is never contacted for a pull. */
  readonly mirrorsOnly: boolean;
}

export interface ProxySettings {
  /** For http:// and https:// addresses; "" is none. */
  readonly http: string;
  readonly https: string;
  /** Hosts to reach directly, separated by commas: names, ".suffixes", addresses, CIDRs, "*". */
  readonly none: string;
}

export interface RegistrySettings {
  /** Of Docker Hub. */
  readonly mirrors: readonly string[];
  /** Hosts, host:port or CIDRs. Loopback always is. */
  readonly insecure: readonly string[];
  readonly registries: Readonly<Record<string, RegistryRule>>;
  /** Directories of `<host:port>/*.crt, *.cert, *.key`; the first that has the host counts. */
  readonly certificateDirs: readonly string[];
  /** The host's bundle of certificate authorities; the first that exists is trusted, the built-in ones where none does. */
  readonly authorities: readonly string[];
  readonly proxies: ProxySettings;
  /** Layers on their way at once, over all pulls. */
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
  /** Tries without any progress before a download fails. */
  readonly maxDownloadAttempts: number;
  /** Before what failed is tried again for the first time; doubled each time. */
  readonly firstPauseMs: number;
  /** Larger layers are fetched over several connections, so much by each in turn. */
  readonly downloadSegmentBytes: number;
  /** Larger layers are sent in several requests of so much. */
  readonly uploadChunkBytes: number;
}

export const DEFAULT_REGISTRY_SETTINGS: RegistrySettings = {
  mirrors: [],
  insecure: [],
  registries: {},
  certificateDirs: [],
  authorities: [],
  proxies: { http: "", https: "", none: "" },
  maxConcurrentDownloads: 3,
  maxConcurrentUploads: 5,
  maxDownloadAttempts: 5,
  firstPauseMs: 500,
  downloadSegmentBytes: 32 * 1024 * 1024,
  uploadChunkBytes: 32 * 1024 * 1024,
};
