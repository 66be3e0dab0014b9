/** What every front end (the HTTP builder, BuildKit's clients, our own command line) asks of the build room. */
import type { Platform } from "../wire/platform.ts";
import type { ExecLimits } from "./operation.ts";
import type { Report } from "./progress.ts";
import type { Session } from "./session.ts";

export interface BuildRequest {
  /** The client's name for the build; unique. */
  readonly ref: string;
  readonly session: Session | undefined;
  readonly frontend: FrontendOptions;
  readonly exporters: readonly Exporter[];
  readonly cacheExports: readonly CacheOption[];
  readonly cacheImports: readonly CacheOption[];
  readonly entitlements: readonly string[];
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The options of the Dockerfile frontend. */
export interface FrontendOptions {
  readonly dockerfile: DockerfileSource;
  readonly context: ContextSource;
  /** By lower-case name. */
  readonly namedContexts: ReadonlyMap<string, ContextSource>;
  readonly target: string;
  readonly platforms: readonly Platform[];
  /** Null values take the client's environment, which it has sent along already: they are unset here. */
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** True ignores the cache for all stages, a list for these. */
  readonly noCache: boolean | readonly string[];
  readonly resolve: "default" | "pull" | "local";
  readonly network: "default" | "none" | "host";
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
  readonly attestations: ReadonlyMap<string, string>;
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
  | { readonly from: "result"; readonly ref: string; readonly config: string };

/** What becomes of the result: `type` is "image" (into the store), "local", "tar", "oci", "docker" or "registry". */
export interface Exporter {
  readonly type: "image" | "local" | "tar" | "oci" | "docker";
  readonly attributes: ReadonlyMap<string, string>;
}

export interface CacheOption {
  /** "inline", "registry", "local". */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface BuildResult {
  /** What clients are told, such as "containerimage.digest" and "image.name". */
  readonly answers: ReadonlyMap<string, string>;
  /** Of the first image, when one was made. */
  readonly imageId: string | undefined;
  /** The answer of a subrequest: "result.json", "result.txt", "version". */
  readonly metadata: ReadonlyMap<string, string>;
}
